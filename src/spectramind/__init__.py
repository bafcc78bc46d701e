"""SpectraMind V50: raw Ariel telemetry in, a transmission spectrum with an honest sigma out.

For a notebook: ``open`` and ``Run`` of ``spectramind.api``, loaded when they are asked for.
"""

from importlib import import_module
from typing import Any

from spectramind.run.compiled_cache import settle

__version__ = "0.1.0"
_API = ("Run", "open")

settle()


def __getattr__(name: str) -> Any:
    """``spectramind.api`` by its names: not an import, or every module would depend on it."""
    if name in _API:
        return getattr(import_module("spectramind.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
