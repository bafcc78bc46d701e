"""Training: an engine that knows no spectra, and phases that do."""
