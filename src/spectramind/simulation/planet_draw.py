"""Planets with the statistics of the competition's own: system, atmosphere, spectrum, spots."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectramind.config.sim_planets import PopulationConfig, SpotsConfig
from spectramind.instrument.grid import bin_wavelengths
from spectramind.physics.atmosphere import transmission_spectrum
from spectramind.physics.spots import contamination
from spectramind.simulation.abundances import draw_atmosphere
from spectramind.simulation.star_darkening import draw_limb_darkening
from spectramind.simulation.system import Orbit, Star, draw_system


@dataclass(frozen=True)
class Spots:
    """Unocculted spots of a star.

    Attributes:
        fraction: share of the disc.
        temperature_K: [K].
        factor: (283,) what they multiply the apparent depth by.
    """

    fraction: float
    temperature_K: float  # noqa: N815 - kelvin is K
    factor: NDArray[np.float64]


@dataclass(frozen=True)
class SimulatedPlanet:
    """The truth about one planet, and what the star table says of it.

    Attributes:
        star, orbit: the truth.
        mass: [M_Jup].
        spectrum: (283,) the planet's own depth (Rp/Rs)^2; spots change only how deep it looks.
        limb_darkening: (283, 2) quadratic coefficients.
        spots: of its star.
        listed: the star table's row, sma and P scattered.
    """

    star: Star
    orbit: Orbit
    mass: float
    spectrum: NDArray[np.float64]
    limb_darkening: NDArray[np.float64]
    spots: Spots
    listed: dict[str, float]


def draw_planet(
    rng: np.random.Generator, limb_rng: np.random.Generator, config: PopulationConfig
) -> SimulatedPlanet:
    """Draw one planet; ``limb_rng`` draws its star's limb darkening alone.

    Raises:
        ConfigError: the settings leave no physical limb darkening.
    """
    system = draw_system(rng, config)
    atmosphere = draw_atmosphere(rng, config.chemistry, system)
    star = system.star
    return SimulatedPlanet(
        star,
        system.orbit,
        system.mass,
        transmission_spectrum(atmosphere),
        draw_limb_darkening(limb_rng, config.limb_darkening, star.teff_K),
        draw_spots(rng, config.spots, star.teff_K),
        system.listed,
    )


def draw_spots(rng: np.random.Generator, config: SpotsConfig, teff_K: float) -> Spots:
    """Draw how much of the star spots cover, and how cool they are."""
    fraction, contrast = rng.uniform(*config.fraction), rng.uniform(*config.contrast_k)
    spot_K = teff_K - contrast
    return Spots(fraction, spot_K, contamination(fraction, spot_K, teff_K, bin_wavelengths()))


def draw_mid_time_h(rng: np.random.Generator, config: PopulationConfig, hours: float) -> float:
    """Draw when, on a visit's clock, its transit is deepest [h]."""
    return float(hours * rng.uniform(*config.mid_time))
