"""Count, mean and covariance of a sample, and how two samples are pooled."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """Moments of ``count`` rows of D numbers; ``count`` may be a weight.

    Attributes:
        count: 0 when nothing is known; mean and covariance are 0 then.
        mean: (D,)
        covariance: (D, D), divided by ``count``.
    """

    count: float
    mean: Array
    covariance: Array

    def counting(self, count: float) -> "Moments":
        """The same moments as if of ``count`` rows; those of no rows stay so."""
        return Moments(count if self.count else 0.0, self.mean, self.covariance)


def moments(rows: Array) -> Moments:
    """Moments of (n, D) rows, n = 0 allowed."""
    count, size = rows.shape
    if count == 0:
        return Moments(0.0, np.zeros(size), np.zeros((size, size)))
    mean = rows.mean(axis=0)
    return Moments(float(count), mean, (rows - mean).T @ (rows - mean) / count)


def blend(a: Moments, b: Moments) -> Moments:
    """Moments of both samples together."""
    count = a.count + b.count
    if count == 0:
        return a
    share = b.count / count
    step = b.mean - a.mean
    within = (1 - share) * a.covariance + share * b.covariance
    return Moments(
        count, a.mean + share * step, within + share * (1 - share) * np.outer(step, step)
    )
