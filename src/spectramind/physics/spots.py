"""Star spots outside the transit chord: the planet hides light brighter than the disc's average.

Equation: apparent depth = e(lambda) (Rp/Rs)^2 with

    e(lambda) = 1 / (1 - f (1 - B(lambda, T_spot) / B(lambda, T_photosphere))),

f the share of the disc that spots cover, B black bodies in place of stellar models (Rackham, Apai
and Giampapa 2018, ApJ 853, 122: the transit light source effect).
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spectramind.errors import ConfigError
from spectramind.physics.planck import RADIATION_UM_K


def contamination(
    fraction: float, spot_K: float, photosphere_K: float, wavelength_um: ArrayLike
) -> NDArray[np.float64]:
    """Apparent depth over true depth.

    Args:
        fraction: share of the disc covered, 0 up to below 1.
        spot_K: temperature of the spots [K].
        photosphere_K: temperature of the rest [K].
        wavelength_um: (N,) wavelengths [um].

    Returns:
        (N,) factor: 1 without spots, above 1 for cool ones, most in the blue.

    Raises:
        ConfigError: a share outside 0..1, a temperature or wavelength that is not positive.
    """
    wavelength = np.asarray(wavelength_um, dtype=np.float64)
    if not 0 <= fraction < 1:
        raise ConfigError(f"spots cover {fraction} of the disc: give a share from 0 to below 1")
    if not (spot_K > 0 and photosphere_K > 0 and np.all(wavelength > 0)):
        raise ConfigError(
            f"spots of {spot_K} K on {photosphere_K} K: temperatures [K] and wavelengths [um] "
            "must be positive"
        )
    return np.asarray(1 / (1 - fraction * (1 - _brightness(spot_K, photosphere_K, wavelength))))


def spot_darkness(
    spot_K: float, photosphere_K: float, wavelength_um: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Share of the photosphere's light that a spot lacks, (N,); below 0: a facula shines more."""
    return np.asarray(1 - _brightness(spot_K, photosphere_K, wavelength_um))


def _brightness(
    spot_K: float, photosphere_K: float, wavelength: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.asarray(brightness(np, spot_K, photosphere_K, wavelength))


def brightness(xp: Any, spot_K: Any, photosphere_K: Any, wavelength_um: Any) -> Any:
    """A spot's light over the photosphere's, black bodies; temperatures may be arrays of ``xp``."""
    return xp.expm1(RADIATION_UM_K / (wavelength_um * photosphere_K)) / xp.expm1(
        RADIATION_UM_K / (wavelength_um * spot_K)
    )
