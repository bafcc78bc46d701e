"""Quadratic limb darkening from a grey atmosphere: no tables, right in trend.

Eddington's grey atmosphere, T(tau)^4 = 3/4 Teff^4 (tau + 2/3), with a Planck source (Mihalas,
"Stellar Atmospheres", ch. 3). The emergent intensity at mu is

    I(mu) = int_0^inf B(T(tau)) exp(-tau/mu) dtau/mu = int_0^inf B(T(mu x)) exp(-x) dx,

a Gauss-Laguerre sum. For the Sun at 0.7 um, u1 + u2 comes out about 0.1 low.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spectramind.errors import ConfigError
from spectramind.physics.planck import RADIATION_UM_K

TEFF_RANGE_K = (2500.0, 12000.0)
WAVELENGTH_RANGE_UM = (0.3, 30.0)

_DEPTH, _DEPTH_WEIGHT = np.polynomial.laguerre.laggauss(24)
_LEGENDRE, _LEGENDRE_WEIGHT = np.polynomial.legendre.leggauss(20)
_MU, _MU_WEIGHT = (_LEGENDRE + 1) / 2, _LEGENDRE_WEIGHT / 2


def _fit_matrix() -> NDArray[np.float64]:
    """Least-squares solver (2, mu): from 1 - I(mu)/I(1) to u1, u2, uniform in mu."""
    root = np.sqrt(_MU_WEIGHT)
    law = np.stack([1 - _MU, (1 - _MU) ** 2], axis=1)
    return np.asarray(np.linalg.pinv(law * root[:, None]) * root, dtype=np.float64)


_FIT = _fit_matrix()


def grey_intensity(teff_K: float, wavelength_um: ArrayLike, mu: ArrayLike) -> NDArray[np.float64]:
    """Intensity relative to the disc centre, shape (N, M).

    Args:
        teff_K: effective temperature [K].
        wavelength_um: (N,) wavelengths [um].
        mu: (M,) cosine of the angle to the surface normal, 0..1.
    """
    wavelength = np.asarray(wavelength_um, dtype=np.float64)[:, None, None]
    angle = np.append(np.asarray(mu, dtype=np.float64), 1.0)
    tau = angle[:, None] * _DEPTH
    temperature = teff_K * (0.75 * (tau + 2 / 3)) ** 0.25
    source = 1 / np.expm1(RADIATION_UM_K / (wavelength * temperature))
    intensity = source @ _DEPTH_WEIGHT
    return intensity[:, :-1] / intensity[:, -1:]


def quadratic_coefficients(teff_K: float, wavelength_um: ArrayLike) -> NDArray[np.float64]:
    """Coefficients of I(mu)/I(1) = 1 - u1 (1 - mu) - u2 (1 - mu)^2.

    Args:
        teff_K: effective temperature of the star [K], 2500..12000.
        wavelength_um: (N,) wavelengths [um], 0.3..30.

    Returns:
        (N, 2) u1, u2.

    Raises:
        ConfigError: temperature or wavelength out of range.
    """
    wavelength = np.asarray(wavelength_um, dtype=np.float64)
    low, high = TEFF_RANGE_K
    if not low <= teff_K <= high:
        raise ConfigError(
            f"stellar temperature {teff_K} K is outside {low:g}..{high:g} K: "
            "the grey atmosphere does not hold there"
        )
    short, long = WAVELENGTH_RANGE_UM
    if wavelength.ndim != 1 or not np.all((wavelength >= short) & (wavelength <= long)):
        raise ConfigError(
            f"wavelengths must be one axis within {short:g}..{long:g} um: give micrometres"
        )
    return (1 - grey_intensity(teff_K, wavelength, _MU)) @ _FIT.T
