"""Predictions that need nothing but spectra: what every estimator must beat."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spectramind.contracts.spectra import Spectra
from spectramind.evaluation.official import naive_moments
from spectramind.instrument.grid import N_BINS


def constant_reference(train: NDArray[np.float64], planet_ids: Sequence[str]) -> Spectra:
    """The metric's own naive prediction: its score is 0 by definition.

    Args:
        train: train labels, (n_train, 283).
        planet_ids: planets to predict.
    """
    mean, sigma = naive_moments(train)
    shape = (len(planet_ids), N_BINS)
    return Spectra(tuple(planet_ids), np.full(shape, mean), np.full(shape, sigma))


def with_factor(spectra: Spectra, factor: float) -> Spectra:
    """The same depths, every sigma times a factor, and negative depths, which are none, at zero."""
    return Spectra(spectra.planet_ids, np.maximum(spectra.mu, 0.0), factor * spectra.sigma)
