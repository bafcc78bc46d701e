"""What all bins of a visit share, drift, noise with memory and geometry, from the normal equations
they sum up to.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag, solve_triangular

from spectramind.config.fit import FitConfig
from spectramind.features.drift import learn_drift, linear_drift
from spectramind.features.memory_noise import choices, weigh

Array = NDArray[np.float64]
_LEVEL = 1  # loading of the AIRS level
_SWEEPS = 2  # drift and noise with memory are learnt in turn


@dataclass(frozen=True)
class SharedColumns:
    """Which function of time, and which loading over the bins, shared coefficients belong to.

    The drift's come first, function by function, then cosines (memory_noise.py) of one source of
    noise after another. Loadings: FGS1 alone, level, slope, ... of AIRS, last what AIRS's motion
    does.

    Attributes:
        function: (C,) polynomials and ramp of the drift, then cosines.
        loading: (C,).
        drift: how many coefficients are the drift's.
        sources: which coefficients each loading's cosines have.
        waves: how many cosines there are.
        span_h: length of the light curves [h].
    """

    function: NDArray[np.intp]
    loading: NDArray[np.intp]
    drift: int
    sources: tuple[slice, ...]
    waves: int
    span_h: float

    @classmethod
    def of(cls, config: FitConfig, time_h: Array) -> "SharedColumns":
        """Columns for light curves (T,); no more cosines than samples tell apart."""
        samples, span_h = len(time_h), float(np.ptp(time_h))
        sets, functions = config.drift_wavelength_order + 2, config.drift_order + 1
        coarse, fine = min(config.red_terms, samples // 4), min(config.fine_terms, samples - 1)
        terms = np.full(sets + 1, coarse)
        terms[[_LEVEL, -1]] = fine
        function = [np.repeat(np.arange(functions), sets)]
        function += [functions + np.arange(count) for count in terms]
        loading = [np.tile(np.arange(sets), functions), np.repeat(np.arange(sets + 1), terms)]
        ends = functions * sets + np.append(0, np.cumsum(terms))
        sources = tuple(slice(*ends[i : i + 2].tolist()) for i in range(sets + 1))
        return cls(
            np.concatenate(function),
            np.concatenate(loading),
            functions * sets,
            sources,
            fine,
            span_h,
        )


@dataclass(frozen=True)
class GeometryPrior:
    """Gaussian prior of the geometry: centre (G,) and precision (G, G), 0: nothing is known."""

    centre: Array
    precision: Array


@dataclass(frozen=True)
class Variances:
    """Prior variances that the light curves spoke for: of the drift, and of noise with memory.

    Attributes:
        drift: (X,); red: of the cosines' coefficients.
        shares: posterior ones of what was tried, see ``Population``.
    """

    drift: Array
    red: Array
    shares: tuple[Array, ...]


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
    columns: SharedColumns,
    shares: Sequence[Array],
) -> Shared:
    """Solve for drift, noise with memory and geometry together.

    Args:
        normal: (C, C) normal matrix in units of the noise, the G geometry rows last.
        right: (C,) its right side.
        geometry: (G,) where the geometry is linearised.
        prior: of the geometry.
        variances: of an earlier solution; None: learn them.
        config: the drift's order and scales, what is tried for noise with memory.
        columns: what the coefficients are.
        shares: of what is tried for noise and drift, beforehand, see ``Population``.
    """
    size, count = len(geometry), columns.drift
    pull = prior.precision @ (prior.centre - geometry)
    # Drift and red noise are found whatever the geometry: it is eliminated first.
    own = _without(normal, right, slice(-size, None), prior.precision, pull)
    if variances is None:
        variances = _learn(*own, config, columns, shares)
    left = _without(*own, slice(count, None), np.diag(1 / variances.red))
    centre, slopes = linear_drift(*left, variances.drift, config)
    linear, pulled = _around(normal, right, centre, slopes)
    pulled[-size:] += pull
    precision = block_diag(
        np.diag(1 / variances.drift), np.diag(1 / variances.red), prior.precision
    )
    lower = np.linalg.cholesky(linear + precision)
    root = solve_triangular(lower, np.eye(len(lower)), lower=True).T
    mean = root @ (root.T @ pulled)
    found = slopes.shape[1]
    mean = np.concatenate([centre + slopes @ mean[:found], mean[found:]])
    root = np.concatenate([slopes @ root[:found], root[found:]])
    return Shared(mean, root, mean[-size:], mean[columns.sources[-1]], variances)


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
    taken = across @ solved
    return normal[np.ix_(rest, rest)] - taken[:, :-1], right[rest] - taken[:, -1]


def _around(normal: Array, right: Array, centre: Array, slopes: Array) -> tuple[Array, Array]:
    """Normal equations of x where the first coefficients are centre + slopes @ x."""
    count = len(centre)
    across = slopes.T @ normal[:count, count:]
    linear = np.block(
        [[slopes.T @ normal[:count, :count] @ slopes, across], [across.T, normal[count:, count:]]]
    )
    off = right - normal[:, :count] @ centre
    return linear, np.concatenate([slopes.T @ off[:count], off[count:]])


def _learn(
    normal: Array,
    right: Array,
    config: FitConfig,
    columns: SharedColumns,
    shares: Sequence[Array],
) -> Variances:
    """Both kinds of variances, in turn; red noise is learnt loading by loading."""
    count = columns.drift
    ppm = [1e-6 * deviation for deviation in config.red_ppm]
    tried = [ppm] * (len(columns.sources) - 1) + [config.motion_px]
    which = [np.arange(len(right))[source] - count for source in columns.sources]
    possible = [
        choices(columns.span_h, len(mine), deviations, config.memory_h)
        for mine, deviations in zip(which, tried, strict=True)
    ]
    weights = list(shares)
    red = np.concatenate([some[0] for some in possible])
    drift = np.zeros(0)
    for _ in range(_SWEEPS):
        left = _without(normal, right, slice(count, None), np.diag(1 / red))
        drift, weights[-2:] = learn_drift(*left, config, (shares[-2], shares[-1]))
        around = _around(normal, right, *linear_drift(*left, drift, config))
        rest = _without(*around, slice(0, len(drift)), np.diag(1 / drift))
        # Motion comes first: smooth loadings would take a part of it, too little left to be seen.
        for source in reversed(range(len(which))):
            mine = which[source]
            others = np.setdiff1d(np.arange(red.size), mine)
            order = np.concatenate([mine, others])
            alone = _without(
                rest[0][np.ix_(order, order)],
                rest[1][order],
                slice(len(mine), None),
                np.diag(1 / red[others]),
            )
            weights[source] = weigh(*alone, possible[source], shares[source])
            red[mine] = weights[source] @ possible[source]
    return Variances(drift, red, tuple(weights))
