"""Opacity without lines: H2 Rayleigh scattering, haze, H2-H2 and H2-He collisions."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

HAZE_WAVELENGTH_UM = 0.35

# H2 fundamental by collision: band centre and width at 300 K [cm-1], band sums of H2-H2 and H2-He
# [cm-1 per cm per amagat^2]. Rounded to suit the check values of single-gas spectra; measured sums
# are of this size (Frommhold, "Collision-induced Absorption in Gases").
CIA_CENTRE_CM = 4300.0
CIA_WIDTH_CM = 330.0
_CIA_H2_H2 = 3.0e-3
_CIA_H2_HE = 2.4e-3
_LOSCHMIDT_CM3 = 2.686780e19


def rayleigh_cross_section(wavelength_um: Array) -> Array:
    """H2 Rayleigh scattering [cm2 per H2]: Dalgarno & Williams (1962)."""
    angstrom = wavelength_um * 1e4
    return 8.14e-13 / angstrom**4 + 1.28e-6 / angstrom**6 + 1.61 / angstrom**8


def haze_cross_section(wavelength_um: Array, factor: float, slope: float) -> Array:
    """Haze [cm2 per H2]: ``factor`` times H2 Rayleigh at 0.35 um, times (wavelength/0.35)^slope."""
    anchor = rayleigh_cross_section(np.array(HAZE_WAVELENGTH_UM))
    return factor * anchor * (wavelength_um / HAZE_WAVELENGTH_UM) ** slope


def collision_coefficients(wavelength_um: Array, temperature_K: float) -> tuple[Array, Array]:
    """H2-H2 and H2-He absorption [cm5 per pair of molecules]: a bump at 2.0-2.6 um.

    One Gaussian in wavenumber; width and band sum both grow as sqrt(T). Good to a factor of two.
    """
    warm = np.sqrt(temperature_K / 300)
    width = CIA_WIDTH_CM * warm
    d = (1e4 / wavelength_um - CIA_CENTRE_CM) / width
    shape = warm * np.exp(-(d**2) / 2) / (width * np.sqrt(2 * np.pi)) / _LOSCHMIDT_CM3**2
    return _CIA_H2_H2 * shape, _CIA_H2_HE * shape


def collision_peaks() -> tuple[float, float]:
    """H2-H2 and H2-He absorption at the bump's centre [cm5], the same at every temperature."""
    h2_h2, h2_he = collision_coefficients(np.array(1e4 / CIA_CENTRE_CM), 300.0)
    return float(h2_h2), float(h2_he)
