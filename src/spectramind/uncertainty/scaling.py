"""Fits the temperature's factors by likelihood or by score, in closed form and by descent.

With r the factor of an element's sigma and w its weight, what is to be least is

    L = mean over planets of sum over bins of w (ln r + z^2 / (2 r^2)).

w is the metric's weight of the bin (likelihood), or what a nat in that element adds to the score
(``evaluation.official.score_weights``): the score is a weighted likelihood. n0 prior planets that
need no correction turn z^2 into (n z^2 + n0) / (n + n0). One factor for a set of bins is then the
root of their weighted mean square. The two parts of AIRS, r^2 = own^2 + (shared^2 - own^2) a with a
the shared part of the variance, have no closed form and are found by L-BFGS in their logarithms.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from spectramind.contracts.predictive import Predictive
from spectramind.evaluation.coverage import z_scores
from spectramind.evaluation.official import bin_weights, naive_moments, score_weights
from spectramind.instrument.grid import AIRS_BINS, FGS1_BIN
from spectramind.uncertainty.temperature import (
    Channels,
    ScalingKind,
    Temperature,
    channel_factors,
    check_z,
    held_rms,
    shared_part,
)

Array = NDArray[np.float64]
# Which of a kind's free factors each channel takes.
_FREE: dict[ScalingKind, tuple[int, int, int]] = {
    "global": (0, 0, 0),
    "detectors": (0, 1, 1),
    "channels": (0, 1, 2),
}
_WIDEST = float(np.log(1e6))  # of a factor, far beyond what any estimate is off by


@dataclass(frozen=True, eq=False)
class JudgedSigmas:
    """Squared z-scores of planets, and what else their factors hang on.

    Attributes:
        z2: (n, 283) squares of (y - mu) / sigma.
        weights: (n, 283) of the objective.
        shared: (n, 282) shared part of AIRS's variance.
    """

    z2: Array
    weights: Array
    shared: Array

    @classmethod
    def of(cls, answer: Predictive, truth: Array, objective: str) -> "JudgedSigmas":
        """From what an estimator says of planets it had not seen.

        Args:
            answer: sigma as it believes it. truth: (n, 283).
            objective: ``likelihood`` or ``score``, whose naive moments are those of ``truth``.

        Raises:
            SchemaError: nothing can be fitted to these planets.
        """
        z = z_scores(truth, answer.spectra.mu, answer.spectra.sigma)
        check_z(z)
        if objective == "score":
            weights = score_weights(truth, *naive_moments(truth))
        else:
            weights = np.broadcast_to(bin_weights() / bin_weights().sum(), z.shape)
        return cls(z * z, weights, shared_part(answer.spectra.sigma))

    def __len__(self) -> int:
        return len(self.z2)

    def some(self, rows: NDArray[np.bool_]) -> "JudgedSigmas":
        """The planets that are marked."""
        return JudgedSigmas(self.z2[rows], self.weights[rows], self.shared[rows])

    def gains(self, found: Temperature) -> Array:
        """What a temperature adds to each planet's objective against none, (n,)."""
        channels = found.channels or (found.tau,) * 3
        factors = channel_factors(channels, self.shared)
        gained = 0.5 * self.z2 * (1 - factors**-2) - np.log(factors)
        total: Array = (self.weights * gained).sum(axis=1)
        return total


def fit_scaling(kind: ScalingKind, data: JudgedSigmas, prior_planets: float) -> Temperature:
    """The factors of a kind.

    Raises:
        SchemaError: all z-scores are 0.
    """
    n, every = len(data), slice(None)

    def rms(bins: slice) -> float:
        return held_rms(data.z2[:, bins], data.weights[:, bins], prior_planets)

    if kind == "none":
        return Temperature.of(kind, (1.0, 1.0, 1.0), n)
    if kind == "global":
        return Temperature.of(kind, (rms(every),) * 3, n)
    fgs1, airs = rms(slice(FGS1_BIN, FGS1_BIN + 1)), rms(AIRS_BINS)
    start = (fgs1, airs, airs)
    if kind == "detectors":
        return Temperature.of(kind, start, n)
    return Temperature.of(kind, descend(kind, data, prior_planets, start), n)


def descend(
    kind: ScalingKind, data: JudgedSigmas, prior_planets: float, start: Channels = (1.0, 1.0, 1.0)
) -> Channels:
    """The same factors by L-BFGS in their logarithms, for any kind but ``none``."""
    n, which = len(data), np.array(_FREE[kind])
    z2 = (n * data.z2 + prior_planets) / (n + prior_planets)
    free = which.max() + 1
    first = np.array([np.log(start)[which == one].mean() for one in range(free)])

    def loss(logs: Array) -> tuple[float, Array]:
        channels = np.exp(logs)[which]
        r2 = channel_factors(tuple(channels), data.shared) ** 2
        value = (data.weights * (np.log(r2) + z2 / r2)).sum() / (2 * n)
        by_r2 = data.weights * (1 - z2 / r2) / (2 * n * r2)
        airs = by_r2[:, AIRS_BINS]
        shared = (airs * data.shared).sum()
        each = 2 * channels**2 * [by_r2[:, FGS1_BIN].sum(), shared, airs.sum() - shared]
        slope: Array = np.bincount(which, weights=each, minlength=free).astype(np.float64)
        return float(value), slope

    found = minimize(
        loss,
        first,
        jac=True,
        method="L-BFGS-B",
        bounds=[(-_WIDEST, _WIDEST)] * free,
        options={"ftol": 1e-14, "gtol": 1e-10},
    )
    fgs1, common, own = np.exp(found.x)[which].tolist()
    return fgs1, common, own
