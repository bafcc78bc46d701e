"""SpectraMind V50: raw Ariel telemetry in, a transmission spectrum with an honest sigma out."""

from typing import TYPE_CHECKING, Any

from spectramind.run.compiled_cache import settle

if TYPE_CHECKING:
    from spectramind.api import Run, open

__version__ = "0.1.0"
__all__ = ["Run", "open"]

settle()


def __getattr__(name: str) -> Any:
    """``spectramind.api`` is loaded when it is asked for: the command line starts without it."""
    if name in __all__:
        from spectramind import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
