"""Brightness of a star from centre to limb, where the opacity is not grey.

A plane-parallel atmosphere in radiative equilibrium has T(tau)^4 = 3/4 Teff^4 (tau + q(tau)), with
tau in the Rosseland mean and Hopf's function q (Mihalas, "Stellar Atmospheres", ch. 3). Light of a
wavelength whose opacity is rho times the mean comes from other depths,

    I(mu) = int_0^inf B(T(mu x / rho)) exp(-x) dx.

rho is that of the negative hydrogen ion, bound-free and free-free (John 1988, A&A 193, 189), at the
effective temperature: least near 1.6 um, several times the mean beyond 3 um. The grey atmosphere
of limb_darkening.py has rho = 1 and q = 2/3.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spectramind.errors import ConfigError
from spectramind.physics.planck import RADIATION_UM_K

Array = NDArray[np.float64]

TEFF_RANGE_K = (2500.0, 12000.0)
WAVELENGTH_RANGE_UM = (0.4, 20.0)

_THRESHOLD_UM = 1.6419  # of H-
_BOUND_FREE = np.array([152.519, 49.534, -118.858, 92.536, -34.194, 4.982])
# Rows: powers 2, 0, -1, -2, -3, -4 of the wavelength [um]; columns: powers 1.5 to 3.5 of 5040 K/T.
_FREE_FREE = np.array(
    [
        [2483.346, -3449.889, 2200.040, -696.271, 88.283],
        [285.827, -1158.382, 2427.719, -1841.400, 444.517],
        [-2054.291, 8746.523, -13651.105, 8624.970, -1863.864],
        [2827.776, -11485.632, 16755.524, -10051.530, 2095.288],
        [-1341.537, 5303.609, -7510.494, 4400.067, -901.788],
        [208.952, -812.939, 1132.738, -655.020, 132.985],
    ]
)
_WAVELENGTH_POWERS = np.array([2, 0, -1, -2, -3, -4])
_HOTNESS_POWERS = np.array([1.5, 2.0, 2.5, 3.0, 3.5])
_DEPTH, _DEPTH_WEIGHT = np.polynomial.laguerre.laggauss(32)


def hydrogen_ion_opacity(wavelength_um: Array, temperature_K: float) -> Array:
    """Opacity of H- with stimulated emission [1e-29 cm4/dyn], (N,), beyond 0.3645 um."""
    over = np.maximum(1 / wavelength_um - 1 / _THRESHOLD_UM, 0.0)
    detached = wavelength_um**3 * over**1.5 * np.polyval(_BOUND_FREE[::-1], np.sqrt(over))
    stimulated = -np.expm1(-RADIATION_UM_K / (wavelength_um * temperature_K))
    ground = np.exp(RADIATION_UM_K / (_THRESHOLD_UM * temperature_K))
    bound_free = 1e11 * 0.750 * temperature_K**-2.5 * ground * stimulated * detached
    colour = wavelength_um[:, None] ** _WAVELENGTH_POWERS
    free_free = colour @ _FREE_FREE @ (5040.0 / temperature_K) ** _HOTNESS_POWERS
    return np.asarray(bound_free + free_free)


@lru_cache(maxsize=64)
def _rosseland_mean(temperature_K: float) -> float:
    """Harmonic mean over wavelength, weighted by how black-body light changes with temperature."""
    wavelength = np.geomspace(*WAVELENGTH_RANGE_UM, 400)
    x = RADIATION_UM_K / (wavelength * temperature_K)
    weight = x**6 * np.exp(-x) / np.expm1(-x) ** 2 * wavelength  # even steps in log wavelength
    return float(weight.sum() / (weight / hydrogen_ion_opacity(wavelength, temperature_K)).sum())


def centre_to_limb(teff_K: float, wavelength_um: ArrayLike, mu: ArrayLike) -> Array:
    """Intensity over the disc centre's, (N, M).

    Args:
        teff_K: effective temperature [K], 2500..12000.
        wavelength_um: (N,) wavelengths [um], 0.4..20.
        mu: (M,) cosine of the angle to the surface normal, 0..1.

    Raises:
        ConfigError: temperature or wavelength out of range.
    """
    wavelength = np.asarray(wavelength_um, dtype=np.float64)
    low, high = TEFF_RANGE_K
    if not low <= teff_K <= high:
        raise ConfigError(
            f"stellar temperature {teff_K} K is outside {low:g}..{high:g} K: "
            "the atmosphere does not hold there"
        )
    short, long = WAVELENGTH_RANGE_UM
    if wavelength.ndim != 1 or not np.all((wavelength >= short) & (wavelength <= long)):
        raise ConfigError(
            f"wavelengths must be one axis within {short:g}..{long:g} um: give micrometres"
        )
    opacity = hydrogen_ion_opacity(wavelength, teff_K) / _rosseland_mean(teff_K)
    angle = np.append(np.asarray(mu, dtype=np.float64), 1.0)
    tau = angle[:, None] * _DEPTH / opacity[:, None, None]
    hopf = 0.7104 - 0.1331 * np.exp(-3.4488 * tau)
    temperature = teff_K * (0.75 * (tau + hopf)) ** 0.25
    source = 1 / np.expm1(RADIATION_UM_K / (wavelength[:, None, None] * temperature))
    intensity = source @ _DEPTH_WEIGHT
    return np.asarray(intensity[:, :-1] / intensity[:, -1:])
