"""What all bins of a visit share, drift and geometry, from the normal equations they sum up to."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag

from spectramind.config.fit import FitConfig
from spectramind.features.drift import learn_drift, linear_drift

Array = NDArray[np.float64]


@dataclass(frozen=True)
class GeometryPrior:
    """Gaussian prior of the geometry: centre (G,) and precision (G, G), 0: nothing is known."""

    centre: Array
    precision: Array


@dataclass(frozen=True)
class Shared:
    """Posterior of the shared coefficients: the drift's, then the geometry's offset.

    Attributes:
        mean: (C,).
        root: (C, X), its product with its own transpose is the covariance.
        geometry: (G,) offset of the geometry.
        drift_variance: prior variances of the drift that the light curves spoke for.
    """

    mean: Array
    root: Array
    geometry: Array
    drift_variance: Array


def solve_shared(
    normal: Array,
    right: Array,
    geometry: Array,
    prior: GeometryPrior,
    drift_variance: Array | None,
    config: FitConfig,
) -> Shared:
    """Solve for drift and geometry together.

    Args:
        normal: (C, C) normal matrix in units of the noise, the G geometry rows last.
        right: (C,) its right side.
        geometry: (G,) where the geometry is linearised.
        prior: of the geometry.
        drift_variance: of an earlier solution; None: learn it.
        config: the drift's order and scales.
    """
    size = len(geometry)
    drift, rest = slice(0, len(right) - size), slice(len(right) - size, None)
    pull = prior.precision @ (prior.centre - geometry)
    # The drift's prior and course are found whatever the geometry: it is eliminated first.
    across = normal[drift, rest] @ np.linalg.inv(normal[rest, rest] + prior.precision)
    own_normal = normal[drift, drift] - across @ normal[rest, drift]
    own_right = right[drift] - across @ (right[rest] + pull)
    if drift_variance is None:
        drift_variance = learn_drift(own_normal, own_right, config)
    centre, slopes = linear_drift(own_normal, own_right, drift_variance, config)
    centre = np.append(centre, np.zeros(size))
    slopes = block_diag(slopes, np.eye(size))
    precision = block_diag(np.diag(1 / drift_variance), prior.precision)
    covariance = np.linalg.inv(slopes.T @ normal @ slopes + precision)
    target = slopes.T @ (right - normal @ centre)
    target[rest.start - len(right) :] += pull
    mean = centre + slopes @ (covariance @ target)
    root = slopes @ np.linalg.cholesky(covariance)
    return Shared(mean, root, mean[rest], drift_variance)
