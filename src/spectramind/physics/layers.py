"""Hydrostatic layers of an isothermal atmosphere and the chords of starlight through them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Boltzmann, atomic_mass

from spectramind.errors import ConfigError

Array = NDArray[np.float64]

REFERENCE_PRESSURE_PA = 1e6
TOP_PRESSURE_PA = 1e-4
N_LEVELS = 81
MAX_INFLATION = 3.0
_EDGE = 1 / MAX_INFLATION


@dataclass(frozen=True)
class Layers:
    """L + 1 levels and the L layers between them, from the bottom up.

    Attributes:
        radius_m: (L + 1,) radius of the levels.
        pressure_pa: (L,) pressure at the middle of the layers.
        density_cm3: (L,) molecules per cm3 there.
        path_cm: (L + 1, L) length, within each layer, of the chord that touches each level.
    """

    radius_m: Array
    pressure_pa: Array
    density_cm3: Array
    path_cm: Array


def scale_height_of(
    temperature_K: float, gravity_m_s2: float, mean_molecular_weight: float
) -> float:
    """Scale height k T / (mu g) [m] of an isothermal atmosphere."""
    return Boltzmann * temperature_K / (mean_molecular_weight * atomic_mass * gravity_m_s2)


def level_radii(pressure_pa: Array, scale_height_m: float, planet_radius_m: float) -> Array:
    """Radius [m] at each pressure, gravity falling as 1/r^2.

    Integrating dlnP = -(R0 / r)^2 dr / H0 gives 1/r = 1/R0 + (H0 / R0^2) ln(P / P0), where H0 is
    the scale height at the reference radius R0, pressure P0 = 10 bar.

    Raises:
        ConfigError: the atmosphere would reach beyond three planet radii.
    """
    inverse = _inverse(pressure_pa, scale_height_m, planet_radius_m)
    if inverse.min() < _EDGE:
        raise ConfigError(
            f"scale height {scale_height_m:.3g} m is too large for a planet radius of "
            f"{planet_radius_m:.3g} m: the atmosphere must end within {MAX_INFLATION:g} radii, "
            "lower the temperature or raise gravity, molecular weight or radius"
        )
    return planet_radius_m / inverse


def is_bound(scale_height_m: float, planet_radius_m: float) -> bool:
    """Whether an atmosphere ends within three planet radii, as ``level_radii`` wants it."""
    return bool(_inverse(np.array(TOP_PRESSURE_PA), scale_height_m, planet_radius_m).min() >= _EDGE)


def _inverse(pressure_pa: Array, scale_height_m: float, planet_radius_m: float) -> Array:
    """The planet's radius over that of each pressure."""
    ratio: Array = 1 + scale_height_m / planet_radius_m * np.log(
        pressure_pa / REFERENCE_PRESSURE_PA
    )
    return ratio


def chord_paths(radius: Array) -> Array:
    """Length within each layer of the chord that touches each level, (L + 1, L)."""
    half = np.sqrt(np.maximum(radius[None, :] ** 2 - radius[:, None] ** 2, 0))
    return 2 * np.diff(half, axis=1)


def build_layers(
    temperature_K: float,
    gravity_m_s2: float,
    mean_molecular_weight: float,
    planet_radius_m: float,
    bottom_pressure_pa: float,
) -> Layers:
    """Layers of equal steps in log pressure from ``bottom_pressure_pa`` up to 1e-4 Pa.

    Raises:
        ConfigError: the atmosphere would reach beyond three planet radii.
    """
    scale_height = scale_height_of(temperature_K, gravity_m_s2, mean_molecular_weight)
    levels = np.geomspace(bottom_pressure_pa, TOP_PRESSURE_PA, N_LEVELS)
    radius = level_radii(levels, scale_height, planet_radius_m)
    pressure = np.sqrt(levels[1:] * levels[:-1])
    density = pressure / (Boltzmann * temperature_K)
    return Layers(radius, pressure, density * 1e-6, chord_paths(radius) * 100)
