"""SpectraMind V50: raw Ariel telemetry in, a transmission spectrum with an honest sigma out."""

from spectramind.run.compiled_cache import settle

__version__ = "0.1.0"

settle()
