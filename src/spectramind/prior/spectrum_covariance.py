"""How the errors of a planet's bins hang together, as the physics estimate knows it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spectramind.prior.conditioning import condensed, condition, covariance
from spectramind.prior.error_model import Visits
from spectramind.prior.spectral_prior import SpectralPrior

Array = NDArray[np.float64]


def spectrum_covariances(prior: SpectralPrior, planets: Sequence[Visits]) -> list[Array]:
    """Posterior covariance of every planet's spectrum, (283, 283); the diagonal is the square of
    the sigma of ``SpectralPrior.posteriors``.

    Args:
        prior: what the spectra were conditioned on.
        planets: the visits of each, a whole set at once: its stars tell each other's spots.
    """
    if not planets:
        return []
    chances = prior.patchy_chances(planets).tolist()
    return [_of(prior, visits, chance) for visits, chance in zip(planets, chances, strict=True)]


def _of(prior: SpectralPrior, visits: Visits, spotted: float) -> Array:
    """Covariance of the blend of a quiet and a spotted star."""
    quiet = condensed(prior.errors.combined(visits))
    true, _ = prior.patchy.if_spotted(quiet)
    both = [condition(one, prior.gaussians).mean for one in (quiet, true)]
    apart = both[1] - both[0]
    inner = [covariance(one, prior.gaussians) for one in (quiet, true)]
    blend: Array = (1 - spotted) * inner[0] + spotted * inner[1]
    return blend + spotted * (1 - spotted) * np.outer(apart, apart)
