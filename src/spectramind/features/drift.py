"""The drift's functions of time, and how large a visit's own drift is.

Drift coefficients c have priors of zero mean; how wide, each visit says itself. With everything
else eliminated the light curves give c by its normal matrix N and right side r (in units of the
noise), and the evidence of prior variances S is, up to a constant,

    ln p = -1/2 ln det(1 + S N) + 1/2 r' (N + 1/S)^-1 r

(MacKay 1992, Neural Computation 4, 415). The scales are averaged over their grid with it, not
maximised: a few coefficients cannot tell a scale well, and one that is too small claims too much.
"""

from itertools import product

import numpy as np
from numpy.typing import NDArray

from spectramind.config.fit import FitConfig

Array = NDArray[np.float64]
_STEPS = 6  # of each scale's grid
SLOPE = 2  # the set of coefficients that belongs to the slope over AIRS


def legendre(time_h: Array, order: int) -> Array:
    """Legendre polynomials of orders 0..order on the span of ``time_h``, shape (T, order + 1)."""
    low, high = time_h.min(), time_h.max()
    x = 2 * (time_h - low) / max(high - low, 1e-12) - 1
    return np.polynomial.legendre.legvander(x, order)


def drift_basis(time_h: Array, config: FitConfig) -> Array:
    """What a drift is made of beside its level, (T, N): polynomials, and last the ramp."""
    ramp = np.exp(-(time_h - time_h.min()) / config.ramp_h)
    return np.column_stack([legendre(time_h, config.drift_order)[:, 1:], ramp])


def widest(config: FitConfig) -> Array:
    """(N,) largest prior standard deviation of each function's coefficient, relative."""
    return 1e-6 * np.array([*[config.drift_ppm[1]] * config.drift_order, config.ramp_ppm[1]])


def learn_widths(normal: Array, right: Array, config: FitConfig) -> Array:
    """Prior standard deviations of the functions' coefficients, (N,), as the light curves say.

    Args:
        normal: (N * L, N * L) normal matrix of L sets of coefficients, function by function.
        right: (N * L,) its right side.
        config: the ranges of the scales.
    """
    sets = len(right) // (config.drift_order + 1)
    own = _averaged(normal, right, config, np.zeros(config.drift_order), (0.0,))
    return np.sqrt(np.diag(own)[::sets])


def learn_covariance(normal: Array, right: Array, config: FitConfig) -> Array:
    """Prior covariance of the coefficients, (N * L, N * L), as the light curves say.

    A drift 1 + f(t) g(lambda) has one course f for all wavelengths. The slope over AIRS, which no
    transit has, shows f best; how far the other sets follow it is one more thing to learn.

    Args:
        normal, right: see ``learn_widths``; of the L sets, number ``SLOPE`` is AIRS's slope.
        config: the ranges of the scales, and the shares of the variance along the common course.
    """
    functions, order = config.drift_order + 1, config.drift_order
    sets = len(right) // functions
    wide = np.repeat(widest(config), sets)
    free: Array = np.linalg.solve(normal + np.diag(1 / wide**2), right).astype(np.float64)
    free = free.reshape(functions, sets)
    course: Array = free[:order, SLOPE] if sets > SLOPE else np.zeros(order)
    size = float(np.linalg.norm(course))
    shares = config.drift_shares if size > 0 else (0.0,)
    return _averaged(normal, right, config, course / (size or 1.0), shares)


def _averaged(
    normal: Array, right: Array, config: FitConfig, course: Array, shares: tuple[float, ...]
) -> Array:
    """Mean prior covariance over the grid of scales and shares, weighted by its evidence."""
    sets = len(right) // (len(course) + 1)
    grid = product(_grid(config.drift_ppm), _grid(config.ramp_ppm), shares)
    factors = [_factor(scale, ramp, share, course, sets) for scale, ramp, share in grid]
    log_p = np.array([_evidence(normal, right, factor) for factor in factors])
    weight = np.exp(log_p - log_p.max())
    covariances = np.array([factor @ factor.T for factor in factors])
    return np.average(covariances, axis=0, weights=weight)


def _factor(scale: float, ramp: float, share: float, course: Array, sets: int) -> Array:
    """B with B B' the prior covariance: ``share`` of the variance along the common course."""
    order = len(course)
    along = scale * np.sqrt(share * order) * course
    inner = np.zeros((order + 1, order + 2))
    inner[:order, 0] = along
    inner[:order, 1:-1] = scale * np.sqrt(1 - share) * np.eye(order)
    inner[-1, -1] = ramp
    return np.asarray(np.kron(inner, np.eye(sets)), dtype=np.float64)


def _grid(range_ppm: tuple[float, float]) -> Array:
    return 1e-6 * np.geomspace(*range_ppm, _STEPS)


def _evidence(normal: Array, right: Array, factor: Array) -> float:
    inner = np.eye(factor.shape[1]) + factor.T @ normal @ factor
    root = np.linalg.cholesky(inner)
    whitened = np.linalg.solve(root, factor.T @ right)
    return float(0.5 * whitened @ whitened - np.log(np.diag(root)).sum())
