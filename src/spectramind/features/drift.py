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
    functions = config.drift_order + 1
    sets = len(right) // functions
    scales = np.array(list(product(_grid(config.drift_ppm), _grid(config.ramp_ppm))))
    widths = np.column_stack([*[scales[:, 0]] * config.drift_order, scales[:, 1]])
    log_p = np.array([_evidence(normal, right, np.repeat(w, sets)) for w in widths])
    weight = np.exp(log_p - log_p.max())
    return np.sqrt(np.average(widths**2, axis=0, weights=weight))


def _grid(range_ppm: tuple[float, float]) -> Array:
    return 1e-6 * np.geomspace(*range_ppm, _STEPS)


def _evidence(normal: Array, right: Array, width: Array) -> float:
    inner = np.eye(len(width)) + width[:, None] * normal * width
    root = np.linalg.cholesky(inner)
    whitened = np.linalg.solve(root, width * right)
    return float(0.5 * whitened @ whitened - np.log(np.diag(root)).sum())
