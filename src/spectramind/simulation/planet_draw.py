"""Planets with the statistics of the competition's own: system, atmosphere, spectrum, spots."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectramind.config.sim_planets import PopulationConfig, SpotsConfig
from spectramind.instrument.grid import bin_wavelengths
from spectramind.physics.atmosphere import Atmosphere, transmission_spectrum
from spectramind.physics.limb_laws import LimbLaw
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
        factor: (283,) what they, and faculae, multiply the apparent depth by.
        bright_fraction, bright_K: share of the disc that faculae cover, and how hot they are [K].
    """

    fraction: float
    temperature_K: float  # noqa: N815 - kelvin is K
    factor: NDArray[np.float64]
    bright_fraction: float = 0.0
    bright_K: float = 0.0  # noqa: N815 - kelvin is K


@dataclass(frozen=True)
class SimulatedPlanet:
    """The truth about one planet, and what the star table says of it.

    Attributes:
        star, orbit: the truth.
        mass: [M_Jup].
        spectrum: (283,) the planet's own depth (Rp/Rs)^2; spots change only how deep it looks.
        limb_darkening: (283, 2) quadratic coefficients; the nearest ones where the star has a law.
        spots: of its star.
        listed: the star table's row, sma and P scattered.
        atmosphere: what its spectrum was computed of.
        law: the law of the star's limb darkening; None: the quadratic one.
    """

    star: Star
    orbit: Orbit
    mass: float
    spectrum: NDArray[np.float64]
    limb_darkening: NDArray[np.float64]
    spots: Spots
    listed: dict[str, float]
    atmosphere: Atmosphere
    law: LimbLaw | None = None

    @property
    def brightness(self) -> LimbLaw:
        """The star's limb darkening, whatever its law."""
        return self.law or LimbLaw("quadratic", self.limb_darkening)


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
        atmosphere,
    )


def draw_spots(rng: np.random.Generator, config: SpotsConfig, teff_K: float) -> Spots:
    """Draw how much of the star spots cover, and how cool they are."""
    fraction, contrast = rng.uniform(*config.fraction), rng.uniform(*config.contrast_k)
    spot_K = teff_K - contrast
    return Spots(fraction, spot_K, contamination(fraction, spot_K, teff_K, bin_wavelengths()))


def draw_mid_time_h(rng: np.random.Generator, config: PopulationConfig, hours: float) -> float:
    """Draw when, on a visit's clock, its transit is deepest [h]."""
    return float(hours * rng.uniform(*config.mid_time))
