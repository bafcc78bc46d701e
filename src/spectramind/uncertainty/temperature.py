"""Temperature: one factor tau that puts all sigmas right on average."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from spectramind.errors import SchemaError
from spectramind.evaluation.official import bin_weights
from spectramind.instrument.grid import N_BINS


def check_z(z: NDArray[np.float64]) -> None:
    """Refuse z-scores that nothing can be fitted to.

    Raises:
        SchemaError: not (n, 283) with n > 0, or NaN or infinity among them.
    """
    if z.ndim != 2 or z.shape[1] != N_BINS or len(z) == 0:
        raise SchemaError(f"calibration z-scores have shape {z.shape}, expected (n > 0, {N_BINS})")
    if not np.isfinite(z).all():
        raise SchemaError("calibration z-scores hold NaN or infinity: check truth, mu and sigma")


@dataclass(frozen=True)
class Temperature:
    """A fitted temperature: ``fit`` is the only way to one, so none is applied unfitted.

    Attributes:
        tau: sigma* = tau sigma.
        n_planets: planets it was fitted on.
    """

    tau: float
    n_planets: int

    @classmethod
    def fit(cls, z: NDArray[np.float64], prior_planets: float) -> Self:
        """Minimise the Gaussian negative log-likelihood over tau.

        With weights w summing to 1 (those of the official metric) it is
        ln(tau) + sum(w z^2) / (2 tau^2) + const, least at tau^2 = m, the mean of sum(w z^2)
        over the n planets. One bad planet among few moves m far: tau^2 = (n m + n0) / (n + n0),
        as if n0 planets more were what sigma says (ADR 0017).

        Args:
            z: (n, 283), (y - mu) / sigma on planets that were not trained on.
            prior_planets: n0; 0 where sigma says nothing to hold on to.

        Raises:
            SchemaError: z is malformed, or zero throughout.
        """
        check_z(z)
        mean_square = float(np.average(z * z, axis=1, weights=bin_weights()).mean())
        if mean_square == 0:
            raise SchemaError("calibration z-scores are all 0: truth and prediction are the same")
        planets = len(z)
        tau2 = (planets * mean_square + prior_planets) / (planets + prior_planets)
        return cls(float(np.sqrt(tau2)), planets)

    def apply(self, sigma: NDArray[np.float64]) -> NDArray[np.float64]:
        """sigma* = tau sigma."""
        return self.tau * sigma
