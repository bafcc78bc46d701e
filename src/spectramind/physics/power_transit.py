"""Transit light curves of an opaque disc before a star of any brightness sum_k w_k mu^p_k.

The same integral over annuli as in transit.py, with that module's symbols. mu^p with p below 1
rises infinitely steeply at the limb; the angle there starts as phi^4, which tames it, and
Gauss-Legendre converges again. Whole annuli are closed forms: int_0^r 2 pi r mu^p dr =
2 pi (1 - mu^(p + 2)) / (p + 2).
"""

from math import acos, pi, sqrt

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from spectramind.errors import ConfigError
from spectramind.physics.transit import check_discs

Array = NDArray[np.float64]
_NODES = 20


def _steep_rule(count: int) -> tuple[Array, Array]:
    """cos(phi), and weight times sin(phi), for phi over 0..pi, dense towards pi.

    pi - phi = pi s^2 (where s goes over 0..1): near the limb mu is s^2 and mu^(1/2) is smooth.
    """
    x, weight = np.polynomial.legendre.leggauss(count)
    s = (x + 1) / 2
    phi = np.pi * (1 - s**2)
    return np.cos(phi), weight / 2 * 2 * np.pi * s * np.sin(phi)


_COS_PHI, _WEIGHT = _steep_rule(_NODES)


@numba.njit(cache=True)
def _within(radius: float, weights: Array, powers: Array) -> float:
    """Light within ``radius`` of the star's centre; ``radius`` 1 gives the whole star."""
    mu = sqrt(max(0.0, 1.0 - radius * radius))
    total = 0.0
    for k in range(weights.size):
        total += weights[k] * (1.0 - mu ** (powers[k] + 2.0)) / (powers[k] + 2.0)
    return 2.0 * pi * total


@numba.njit(cache=True)
def _brightness(mu: float, weights: Array, powers: Array) -> float:
    total = 0.0
    for k in range(weights.size):
        p = powers[k]
        if p == 0.0:
            total += weights[k]
        elif p == 0.5:
            total += weights[k] * sqrt(mu)
        elif p == 1.0:
            total += weights[k] * mu
        elif p == 1.5:
            total += weights[k] * mu * sqrt(mu)
        elif p == 2.0:
            total += weights[k] * mu * mu
        else:
            total += weights[k] * mu**p
    return total


@numba.njit(cache=True)
def _behind(
    d: float, k: float, weights: Array, powers: Array, cos_phi: Array, rule: Array
) -> float:
    """Light behind the planet, for 0 <= d < 1 + k."""
    low = abs(d - k)
    high = min(1.0, d + k)
    full = _within(min(1.0, k - d), weights, powers) if d < k else 0.0
    if low >= high:
        return full
    half = 0.5 * (high - low)
    middle = 0.5 * (high + low)
    total = 0.0
    for node in range(cos_phi.size):
        r = middle - half * cos_phi[node]
        mu = sqrt(max(0.0, 1.0 - r * r))
        cosine = (r * r + d * d - k * k) / (2.0 * r * d)
        theta = acos(min(1.0, max(-1.0, cosine)))
        total += rule[node] * r * theta * _brightness(mu, weights, powers)
    return full + 2.0 * half * total


@numba.njit(cache=True)
def _fill(
    separation: Array,
    ratio: Array,
    weights: Array,
    powers: Array,
    cos_phi: Array,
    rule: Array,
    flux: Array,
) -> None:
    for n in range(ratio.size):
        star = _within(1.0, weights[n], powers[n])
        for t in range(separation.size):
            if separation[t] < 1.0 + ratio[n]:
                d = separation[t]
                hidden = _behind(d, ratio[n], weights[n], powers[n], cos_phi, rule)
                flux[n, t] = 1.0 - hidden / star


def disc_light(weights: Array, powers: Array) -> Array:
    """Light of the whole disc, (N,): 2 pi sum_k w_k / (p_k + 2); pi for a uniform one."""
    return np.asarray(2 * np.pi * (weights / (powers + 2)).sum(axis=1))


def power_transit_flux(
    separation: ArrayLike, radius_ratio: ArrayLike, weights: ArrayLike, powers: ArrayLike
) -> Array:
    """Flux relative to the unocculted star.

    Args:
        separation: (T,) centre distance [stellar radii]; +inf means no transit.
        radius_ratio: (N,) planet radius over stellar radius, one a bin.
        weights, powers: (N, K) terms of the brightness; powers 0 or more.

    Returns:
        (N, T) relative flux, 1 outside the transit, right to 1e-8.

    Raises:
        ConfigError: shapes that do not fit, a negative or non-finite radius ratio, a separation
            that is negative or NaN, a power below 0, a star without light.
    """
    d = np.ascontiguousarray(separation, dtype=np.float64)
    k = np.ascontiguousarray(radius_ratio, dtype=np.float64)
    w, p = (np.ascontiguousarray(values, dtype=np.float64) for values in (weights, powers))
    if d.ndim != 1 or k.ndim != 1 or w.ndim != 2 or len(w) != k.size or w.shape != p.shape:
        raise ConfigError(
            f"shapes {d.shape}, {k.shape}, {w.shape}, {p.shape} are not (T,), (N,), (N, K), "
            "(N, K): separation, radius ratio and brightness must fit together"
        )
    check_discs(d, k)
    if not (np.all(p >= 0) and np.all(disc_light(w, p) > 0)):
        raise ConfigError("the star has no light, or a power of mu is below 0")
    flux = np.ones((k.size, d.size))
    _fill(d, k, w, p, _COS_PHI, _WEIGHT, flux)
    return flux
