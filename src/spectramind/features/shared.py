"""What all bins of a visit share, drift, noise with memory and geometry, from the normal equations
they sum up to.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag

from spectramind.config.fit import FitConfig
from spectramind.features.drift import learn_drift, linear_drift
from spectramind.features.memory_noise import choices, weigh

Array = NDArray[np.float64]
_SWEEPS = 2  # drift and noise with memory are learnt in turn


@dataclass(frozen=True)
class GeometryPrior:
    """Gaussian prior of the geometry: centre (G,) and precision (G, G), 0: nothing is known."""

    centre: Array
    precision: Array


@dataclass(frozen=True)
class Variances:
    """Prior variances that the light curves spoke for: of the drift, and of noise with memory."""

    drift: Array
    red: Array


@dataclass(frozen=True)
class Shared:
    """Posterior of the shared coefficients: the drift's, the red noise's, the geometry's offset.

    Attributes:
        mean: (C,).
        root: (C, X), its product with its own transpose is the covariance.
        geometry: (G,) offset of the geometry.
        motion: (K,) cosines' coefficients of AIRS's own motion [px].
        variances: of the priors.
    """

    mean: Array
    root: Array
    geometry: Array
    motion: Array
    variances: Variances


def solve_shared(
    normal: Array,
    right: Array,
    geometry: Array,
    prior: GeometryPrior,
    variances: Variances | None,
    config: FitConfig,
    span_h: float,
) -> Shared:
    """Solve for drift, noise with memory and geometry together.

    Args:
        normal: (C, C) normal matrix in units of the noise, the G geometry rows last.
        right: (C,) its right side.
        geometry: (G,) where the geometry is linearised.
        prior: of the geometry.
        variances: of an earlier solution; None: learn them.
        config: the drift's order and scales, what is tried for noise with memory.
        span_h: length of the light curves [h].
    """
    size = len(geometry)
    pull = prior.precision @ (prior.centre - geometry)
    # Drift and red noise are found whatever the geometry: it is eliminated first.
    own = _without(normal, right, slice(-size, None), prior.precision, pull)
    sets = config.drift_wavelength_order + 2
    count = sets * (config.drift_order + 1)
    red = slice(count, None)
    if variances is None:
        variances = _learn(*own, sets, count, config, span_h)
    left = _without(*own, red, np.diag(1 / variances.red))
    centre, slopes = linear_drift(*left, variances.drift, config)
    others = len(right) - count
    centre = np.append(centre, np.zeros(others))
    slopes = block_diag(slopes, np.eye(others))
    precision = block_diag(
        np.diag(1 / variances.drift), np.diag(1 / variances.red), prior.precision
    )
    covariance = np.linalg.inv(slopes.T @ normal @ slopes + precision)
    target = slopes.T @ (right - normal @ centre)
    target[-size:] += pull
    mean = centre + slopes @ (covariance @ target)
    root = slopes @ np.linalg.cholesky(covariance)
    motion = mean[count:-size].reshape(config.red_terms, -1)[:, 0]
    return Shared(mean, root, mean[-size:], motion, variances)


def _without(
    normal: Array, right: Array, gone: slice, precision: Array, pull: Array | float = 0.0
) -> tuple[Array, Array]:
    """Normal equations with some coefficients, of this prior, eliminated."""
    some = np.arange(len(right))[gone]
    rest = np.setdiff1d(np.arange(len(right)), some)
    across = normal[np.ix_(rest, some)]
    solved = np.linalg.solve(
        normal[np.ix_(some, some)] + precision,
        np.column_stack([across.T, right[some] + pull]),
    )
    return normal[np.ix_(rest, rest)] - across @ solved[:, :-1], right[rest] - across @ solved[
        :, -1
    ]


def _learn(
    normal: Array, right: Array, sets: int, count: int, config: FitConfig, span_h: float
) -> Variances:
    """Both kinds of variances, in turn; red noise is learnt loading by loading."""
    ppm = [1e-6 * deviation for deviation in config.red_ppm]
    memory = choices(span_h, config.red_terms, ppm, config.memory_h)
    motion = choices(span_h, config.red_terms, config.motion_px, config.memory_h)
    # Motion comes first: smooth loadings would take a part of it and leave too little to be seen.
    tried = [motion, *[memory] * sets]
    red = np.stack([possible[0] for possible, _ in tried], axis=1)
    drift = np.zeros(0)
    for _ in range(_SWEEPS):
        left = _without(normal, right, slice(count, None), np.diag(1 / red.ravel()))
        drift = learn_drift(*left, config)
        centre, slopes = linear_drift(*left, drift, config)
        few = block_diag(slopes, np.eye(red.size))
        right_few = few.T @ (right - normal[:, :count] @ centre)
        rest = _without(few.T @ normal @ few, right_few, slice(0, len(drift)), np.diag(1 / drift))
        for which, (possible, share) in enumerate(tried):
            mine = np.arange(which, red.size, len(tried))
            others = np.setdiff1d(np.arange(red.size), mine)
            order = np.concatenate([mine, others])
            alone = _without(
                rest[0][np.ix_(order, order)],
                rest[1][order],
                slice(len(mine), None),
                np.diag(1 / red.ravel()[others]),
            )
            red[:, which] = weigh(*alone, possible, share) @ possible
    return Variances(drift, red.ravel())
