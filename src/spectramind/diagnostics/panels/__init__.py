"""The panels of the report, one file each; a new file is found by itself and comes last.

A place of its own in the page is one line more, in ``ORDER``.
"""

from collections.abc import Iterable
from importlib import import_module
from pkgutil import iter_modules

from spectramind.diagnostics.panel import Panel

ORDER = (
    "estimator_scores",
    "planet_spectra",
    "white_light",
    "errors_and_coverage",
    "worst_planets",
    "loss_curves",
    "conformal_bins",
    "kill_chain",
    "run_record",
)


def report_panels(folder: Iterable[str] = tuple(__path__)) -> list[Panel]:
    """The panels of a folder in the page's order.

    Raises:
        TypeError: a file there holds no ``PANEL``.
    """
    there = sorted(module.name for module in iter_modules(folder))
    names = [name for name in ORDER if name in there]
    names += [name for name in there if name not in ORDER]
    return [_panel(name) for name in names]


def _panel(name: str) -> Panel:
    found = getattr(import_module(f"{__name__}.{name}"), "PANEL", None)
    if not isinstance(found, Panel):
        raise TypeError(f"{__name__}.{name} defines no PANEL, a diagnostics.panel.Panel")
    return found
