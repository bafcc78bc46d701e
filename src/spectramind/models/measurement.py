"""Depths of the 283 bins as a Gaussian measurement: value, independent variance, common modes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Measurement:
    """Depths of one visit.

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


def combine(depths: Sequence[Array], covariances: Sequence[Array]) -> tuple[Array, Array]:
    """Inverse-covariance mean of independent measurements, and its covariance."""
    if len(depths) == 1:
        return depths[0], covariances[0]
    precisions = [np.linalg.inv(covariance) for covariance in covariances]
    total = np.linalg.inv(np.sum(precisions, axis=0))
    weighted = [p @ d for p, d in zip(precisions, depths, strict=True)]
    return total @ np.sum(weighted, axis=0), total
