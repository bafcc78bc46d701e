"""Depths in, spectra with sigma out: every estimator behind one protocol."""
