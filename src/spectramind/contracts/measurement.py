"""Depths of the 283 bins as a Gaussian measurement: value, independent variance, common modes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_UNSEEN = 1e-4  # power of a mode, in units of the independent variance


@dataclass(frozen=True)
class Measurement:
    """Depths of one visit, or of several combined.

    Attributes:
        depth: (283,) transit depth (Rp/Rs)^2.
        variance: (283,) independent part of the variance.
        modes: (283, R); the covariance is diag(variance) + modes modes^T.
    """

    depth: Array
    variance: Array
    modes: Array

    @property
    def covariance(self) -> Array:
        """Dense covariance, (283, 283)."""
        return np.diag(self.variance) + self.modes @ self.modes.T

    @property
    def total_variance(self) -> Array:
        """Diagonal of the covariance, (283,)."""
        return self.variance + (self.modes**2).sum(axis=1)

    def in_few_modes(self) -> "Measurement":
        """The same in the fewest modes that tell it.

        What is left out is in no direction more than 1e-4 of the independent variance.
        """
        scale = np.sqrt(self.variance)[:, None]
        scaled = self.modes / scale
        power, direction = np.linalg.eigh(scaled @ scaled.T)
        seen = power > _UNSEEN
        return replace(self, modes=scale * direction[:, seen] * np.sqrt(power[seen]))


def inverse(variance: Array, modes: Array) -> tuple[Array, float]:
    """Inverse of diag(variance) + modes modes^T, by Woodbury's identity.

    Returns:
        q (283, R) with inverse = diag(1 / variance) - q q^T, and the logarithm of the determinant.
    """
    scaled = modes / variance[:, None]
    root = np.linalg.cholesky(np.eye(modes.shape[1]) + modes.T @ scaled)
    log_determinant = np.log(variance).sum() + 2 * np.log(np.diag(root)).sum()
    return np.linalg.solve(root, scaled.T).T, float(log_determinant)


def combine(visits: Sequence[Measurement]) -> Measurement:
    """Inverse-covariance mean of independent measurements.

    Precisions "diagonal - low rank" add up to one of the same kind, whose inverse is "diagonal +
    low rank" again.
    """
    if len(visits) == 1:
        return visits[0]
    parts = [inverse(visit.variance, visit.modes)[0] for visit in visits]
    weighted = sum(
        visit.depth / visit.variance - q @ (q.T @ visit.depth)
        for visit, q in zip(visits, parts, strict=True)
    )
    variance = 1 / np.sum([1 / visit.variance for visit in visits], axis=0)
    q = np.concatenate(parts, axis=1)
    scaled = variance[:, None] * q
    root = np.linalg.cholesky(np.eye(q.shape[1]) - q.T @ scaled)
    modes = np.linalg.solve(root, scaled.T).T
    return Measurement(variance * weighted + modes @ (modes.T @ weighted), variance, modes)
