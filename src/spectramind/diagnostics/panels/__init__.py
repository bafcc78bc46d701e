"""The panels of the report, one file each; a new file is found by itself and comes last.

A place of its own in the page is one line more, in ``ORDER``.
"""

from importlib import import_module
from pkgutil import iter_modules

from spectramind.diagnostics.panel import Panel

ORDER = (
    "estimator_scores",
    "planet_spectra",
    "white_light",
    "errors_and_coverage",
    "pit_histogram",
    "sigma_by_group",
    "coverage_regions",
    "visit_repeats",
    "sharpness_beside_coverage",
    "worst_planets",
    "loss_curves",
    "conformal_bins",
    "kill_chain",
    "run_record",
)


def report_panels() -> list[Panel]:
    """All panels in the page's order.

    Raises:
        TypeError: a file there holds no ``PANEL``.
    """
    there = sorted(module.name for module in iter_modules(__path__))
    names = [name for name in ORDER if name in there]
    names += [name for name in there if name not in ORDER]
    return [_panel(name) for name in names]


def _panel(name: str) -> Panel:
    found = getattr(import_module(f"{__name__}.{name}"), "PANEL", None)
    if not isinstance(found, Panel):
        raise TypeError(f"{__name__}.{name} defines no PANEL, a diagnostics.panel.Panel")
    return found
