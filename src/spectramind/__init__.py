"""SpectraMind V50: raw Ariel telemetry in, a transmission spectrum with an honest sigma out."""

__version__ = "0.1.0"
