"""The likelihood of a measured spectrum: Gaussian, its covariance a diagonal and common modes."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spectramind.contracts.measurement import Measurement, inverse

Array = NDArray[np.float64]


class GaussianLikelihood:
    """ln L(d) = -(chi2(d) + ln det C + N ln 2 pi) / 2, chi2 by Woodbury's identity.

    Args:
        measured: depth, variance and modes, N bins.
    """

    def __init__(self, measured: Measurement) -> None:
        self.measured = measured
        self._q, log_determinant = inverse(measured.variance, measured.modes)
        self._constant = -(log_determinant + len(measured.depth) * np.log(2 * np.pi)) / 2

    def chi2(self, depth: ArrayLike) -> Array:
        """(B, N) depths -> (B,); infinite where they are not finite."""
        off = np.asarray(depth, dtype=np.float64) - self.measured.depth
        common = off @ self._q
        value = (off**2 / self.measured.variance).sum(-1) - (common**2).sum(-1)
        return np.where(np.isfinite(value), value, np.inf)

    def log(self, depth: ArrayLike) -> Array:
        """ln L of (B, N) depths, (B,); -inf where they are not finite."""
        return np.asarray(self._constant - self.chi2(depth) / 2)

    def draw(self, depth: ArrayLike, rng: np.random.Generator) -> Array:
        """Spectra as they would be measured of these depths, (B, N)."""
        centre = np.asarray(depth, dtype=np.float64)
        own = rng.standard_normal(centre.shape) * np.sqrt(self.measured.variance)
        common = rng.standard_normal((len(centre), self.measured.modes.shape[1]))
        return np.asarray(centre + own + common @ self.measured.modes.T)
