"""What the official score loses, element by element: to a wide sigma, and to errors.

An element's score is s = (L - L_naive) / (L_ideal - L_naive), L its log-likelihood. The ideal
prediction errs nowhere and has sigma_true, so what is lost is

    1 - s = (ln(sigma / sigma_true) + z^2 / 2) / (L_ideal - L_naive),    z = (y - mu) / sigma

The official score is a weighted mean of s, so one minus it is the sum of these losses over planets
and bins, each times its weight: exact, and additive over bins, planets and both terms. Only the
clip at 0 is left out: a score below it is told as 0.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectramind.evaluation.official import (
    SMALLEST_SIGMA,
    bin_weights,
    check_scored,
    ideal_sigma,
    score_weights,
)

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ScoreLoss:
    """Losses in points of the official score, (n, 283); their sum is one minus the score.

    Attributes:
        width: to a sigma wider than the ideal one; negative where it is narrower.
        error: to errors, z^2 / 2; an honest sigma loses ``nat`` / 2 here on average.
        nat: what one nat costs in an element.
    """

    width: Array
    error: Array
    nat: Array

    @property
    def total(self) -> Array:
        """Both together."""
        return self.width + self.error

    @property
    def score(self) -> float:
        """The score before it is clipped."""
        return float(1 - self.total.sum())

    @property
    def by_planet(self) -> Array:
        """Each planet's own loss, one minus its score, (n,)."""
        return self.total.sum(axis=1) * len(self.total)

    @property
    def by_bin(self) -> Array:
        """Mean loss in a bin whatever it weighs, one minus its mean score, (283,)."""
        return self.of_bin(self.total)

    def of_bin(self, losses: Array) -> Array:
        """Losses (n, 283) as shares of what their bins weigh, (283,)."""
        weights = bin_weights()
        return np.asarray(losses.sum(axis=0) / (weights / weights.sum()))

    @property
    def best_factor(self) -> float:
        """The factor on every sigma that would have scored best, by hindsight."""
        return float(np.sqrt(2 * self.error.sum() / self.nat.sum()))

    @property
    def gain_of_factor(self) -> float:
        """Points of score that it would have gained; infinite losses aside never negative."""
        weight, error = self.nat.sum(), self.error.sum()
        if error <= 0:
            return 0.0
        return float(error - weight / 2 - weight * np.log(self.best_factor))


def score_loss(
    truth: Array, mu: Array, sigma: Array, naive_mean: float, naive_sigma: float
) -> ScoreLoss:
    """Losses of every element.

    Args:
        truth, mu, sigma: (n, 283), depths.
        naive_mean, naive_sigma: m0, s0 of the train labels.

    Raises:
        SchemaError: wrong shapes, a value that is not finite, a negative mu or sigma.
    """
    check_scored(truth, mu, sigma)
    nat = score_weights(truth, naive_mean, naive_sigma) / len(truth)
    own = np.maximum(sigma, SMALLEST_SIGMA)
    z = (truth - mu) / own
    return ScoreLoss(nat * np.log(own / ideal_sigma()), nat * z * z / 2, nat)
