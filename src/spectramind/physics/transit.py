"""Transit light curves of an opaque disc before a star with quadratic limb darkening.

The light the planet hides is an integral over annuli of the star around its centre,

    hidden = int 2 r I(r) theta(r) dr,   cos theta = (r^2 + d^2 - k^2) / (2 r d),

where theta is the half angle of the annulus that lies under the planet. theta and I have square
root ends; r = middle - half cos(phi) makes the integrand smooth in phi, and Gauss-Legendre in phi
converges at once. Symbols: d separation, k radius ratio, both in stellar radii; mu = sqrt(1 - r^2);
I = (1 - u1 - u2) + (u1 + 2 u2) mu - u2 mu^2.
"""

from math import acos, pi, sqrt

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from spectramind.errors import ConfigError

_NODES = 20


def _angular_rule(count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """cos(phi), and weight times sin(phi), for phi over 0..pi."""
    x, weight = np.polynomial.legendre.leggauss(count)
    phi = (x + 1) * np.pi / 2
    return np.cos(phi), weight * np.sin(phi) * np.pi / 2


_COS_PHI, _WEIGHT = _angular_rule(_NODES)


@numba.njit(cache=True)
def _inside(radius: float, flat: float, linear: float, square: float) -> float:
    """Light within ``radius`` of the star's centre; ``radius`` 1 gives the whole star."""
    mu2 = max(0.0, 1.0 - radius * radius)
    mu = sqrt(mu2)
    return pi * (
        flat * radius * radius
        + linear * (2.0 / 3.0) * (1.0 - mu2 * mu)
        + square * 0.5 * (1.0 - mu2 * mu2)
    )


@numba.njit(cache=True)
def _hidden(
    d: float,
    k: float,
    flat: float,
    linear: float,
    square: float,
    cos_phi: NDArray[np.float64],
    weight: NDArray[np.float64],
) -> float:
    """Light behind the planet, for 0 <= d < 1 + k."""
    low = abs(d - k)
    high = min(1.0, d + k)
    full = _inside(min(1.0, k - d), flat, linear, square) if d < k else 0.0
    if low >= high:
        return full
    half = 0.5 * (high - low)
    middle = 0.5 * (high + low)
    total = 0.0
    for node in range(cos_phi.size):
        r = middle - half * cos_phi[node]
        mu2 = max(0.0, 1.0 - r * r)
        cosine = (r * r + d * d - k * k) / (2.0 * r * d)
        theta = acos(min(1.0, max(-1.0, cosine)))
        total += weight[node] * r * theta * (flat + linear * sqrt(mu2) + square * mu2)
    return full + 2.0 * half * total


@numba.njit(cache=True)
def _fill_flux(
    separation: NDArray[np.float64],
    radius_ratio: NDArray[np.float64],
    limb_darkening: NDArray[np.float64],
    cos_phi: NDArray[np.float64],
    weight: NDArray[np.float64],
    flux: NDArray[np.float64],
) -> None:
    for n in range(radius_ratio.size):
        k = radius_ratio[n]
        u1, u2 = limb_darkening[n, 0], limb_darkening[n, 1]
        flat, linear, square = 1.0 - u1 - u2, u1 + 2.0 * u2, -u2
        star = _inside(1.0, flat, linear, square)
        for t in range(separation.size):
            d = separation[t]
            if d < 1.0 + k:
                hidden = _hidden(d, k, flat, linear, square, cos_phi, weight)
                flux[n, t] = 1.0 - hidden / star


def check_discs(separation: NDArray[np.float64], radius_ratio: NDArray[np.float64]) -> None:
    """Refuse what no two discs can be.

    Raises:
        ConfigError: a separation that is negative or NaN, a negative or non-finite radius ratio.
    """
    if not np.all(separation >= 0):
        raise ConfigError("a separation is negative or NaN: it must lie in 0..inf stellar radii")
    if not np.all(np.isfinite(radius_ratio) & (radius_ratio >= 0)):
        raise ConfigError("a radius ratio is negative or not finite: it must be 0 or more")


def transit_flux(
    separation: ArrayLike, radius_ratio: ArrayLike, limb_darkening: ArrayLike
) -> NDArray[np.float64]:
    """Flux relative to the unocculted star.

    Args:
        separation: (T,) centre distance [stellar radii], as ``projected_separation`` gives it;
            +inf means no transit.
        radius_ratio: (N,) planet radius over stellar radius, one a bin.
        limb_darkening: (N, 2) quadratic coefficients u1, u2.

    Returns:
        (N, T) relative flux, 1 outside the transit.

    Raises:
        ConfigError: shapes that do not fit, a negative or non-finite radius ratio, a separation
            that is negative or NaN, coefficients that leave the star without light.
    """
    d = np.ascontiguousarray(separation, dtype=np.float64)
    k = np.ascontiguousarray(radius_ratio, dtype=np.float64)
    u = np.ascontiguousarray(limb_darkening, dtype=np.float64)
    if d.ndim != 1 or k.ndim != 1 or u.shape != (k.size, 2):
        raise ConfigError(
            f"shapes {d.shape}, {k.shape}, {u.shape} are not (T,), (N,), (N, 2): "
            "separation, radius ratio and limb darkening must fit together"
        )
    check_discs(d, k)
    if not np.all(6 - 2 * u[:, 0] - u[:, 1] > 0):
        raise ConfigError("limb darkening leaves no light: 1 - u1/3 - u2/6 must be positive")
    flux = np.ones((k.size, d.size))
    _fill_flux(d, k, u, _COS_PHI, _WEIGHT, flux)
    return flux
