"""A planet under a foreign sky: orbit, opacities, limb darkening and faculae unlike those expected.

Place in the chain: right after the planet is drawn. Each switch draws from a stream of its own and
only when it is on: without any, the planet stays what it is.
"""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from spectramind.config.sim_sky import EccentricityConfig, FaculaeConfig, ForeignSkyConfig
from spectramind.errors import ConfigError
from spectramind.instrument.grid import bin_wavelengths
from spectramind.physics.atmosphere import transmission_spectrum
from spectramind.physics.limb_darkening import quadratic_coefficients
from spectramind.physics.limb_laws import FIT_MU, LimbLaw, fit_law
from spectramind.physics.opacity import GasOpacity
from spectramind.physics.orbit import conjunction_distance, transit_speed
from spectramind.physics.random_bands import draw_gas_opacity
from spectramind.physics.spots import spot_darkness
from spectramind.physics.stellar_profile import centre_to_limb
from spectramind.simulation.planet_draw import SimulatedPlanet
from spectramind.simulation.streams import Source, Streams
from spectramind.simulation.system import DURATION_RANGE_H, Orbit

# Eccentricities of planets found by their star's motion (Kipping 2013, MNRAS 434, L51).
_BETA = (0.867, 3.03)
_MOST_DRAWS = 1000


def under_foreign_sky(
    planet: SimulatedPlanet, config: ForeignSkyConfig, streams: Streams
) -> SimulatedPlanet:
    """The planet with all that is switched on.

    Raises:
        ConfigError: a star's limb would have no light left.
    """
    if config.opacities == "random":
        spectrum = transmission_spectrum(planet.atmosphere, opacity=tree_opacity(streams.seed))
        planet = replace(planet, spectrum=spectrum)
    if config.eccentricity.largest > 0:
        planet = _eccentric(planet, streams(Source.SKY_ORBIT), config.eccentricity)
    planet = _darkened(planet, config)
    if config.faculae.fraction[1] > 0:
        planet = _with_faculae(planet, streams(Source.SKY_FACULAE), config.faculae)
    return planet


@lru_cache(maxsize=4)
def tree_opacity(seed: int) -> GasOpacity:
    """The random gases of all planets of a tree."""
    return draw_gas_opacity(Streams(seed, 0, 0)(Source.SKY_OPACITY))


def _eccentric(
    planet: SimulatedPlanet, rng: np.random.Generator, config: EccentricityConfig
) -> SimulatedPlanet:
    """An ellipse of the same period, axis and inclination whose transit still is a usual one."""
    circle, ratio = planet.orbit, float(np.sqrt(planet.spectrum.max()))
    for _ in range(_MOST_DRAWS):
        eccentricity, omega = rng.beta(*_BETA), rng.uniform(-180, 180)
        orbit = replace(circle, eccentricity=float(eccentricity), omega_deg=float(omega))
        if eccentricity <= config.largest and _usual(orbit, ratio):
            told = {"e": orbit.eccentricity, "omega": orbit.omega_deg}
            row = planet.listed | (told if config.table_tells else {})
            return replace(planet, orbit=orbit, listed=row)
    raise ConfigError(
        f"no eccentric orbit in {_MOST_DRAWS} draws transits as long as real planets: "
        "change foreign.sky.eccentricity.largest"
    )


def _usual(orbit: Orbit, ratio: float) -> bool:
    shape = (orbit.a_over_rs, orbit.eccentricity, orbit.omega_deg)
    impact = conjunction_distance(*shape) * np.cos(np.radians(orbit.inclination_deg))
    if impact >= 1 - ratio or orbit.a_over_rs * (1 - orbit.eccentricity) <= 1 + ratio:
        return False
    chord = 2 * np.sqrt((1 + ratio) ** 2 - impact**2)
    low, high = DURATION_RANGE_H
    return bool(low <= chord / transit_speed(orbit.period_d, *shape) <= high)


def _darkened(planet: SimulatedPlanet, config: ForeignSkyConfig) -> SimulatedPlanet:
    """Another law and strength.

    A law follows an atmosphere that is not grey, plus what this star's drawn coefficients differ
    from the grey one's.
    """
    name, factor = config.limb_darkening_law, config.limb_factor
    if name == "quadratic":
        if factor == 1:
            return planet
        quadratic = LimbLaw(name, planet.limb_darkening).stronger(factor)
        return replace(planet, limb_darkening=quadratic.coefficients)
    wavelength, teff = bin_wavelengths(), planet.star.teff_K
    own = planet.limb_darkening - quadratic_coefficients(teff, wavelength)
    below = 1 - FIT_MU
    profile = centre_to_limb(teff, wavelength, FIT_MU) - own @ np.stack([below, below**2])
    law = fit_law(name, profile).stronger(factor)
    nearest = fit_law("quadratic", law.intensity(FIT_MU)).coefficients
    return replace(planet, limb_darkening=nearest, law=law)


def _with_faculae(
    planet: SimulatedPlanet, rng: np.random.Generator, config: FaculaeConfig
) -> SimulatedPlanet:
    """Bright regions beside spots: e = 1 / (1 - sum of fraction (1 - brightness)), see spots."""
    fraction, hotter = float(rng.uniform(*config.fraction)), rng.uniform(*config.contrast_k)
    teff = planet.star.teff_K
    bright = float(teff + hotter)
    brightening = fraction * spot_darkness(bright, teff, bin_wavelengths())
    factor = 1 / (1 / planet.spots.factor - brightening)
    spots = replace(planet.spots, factor=factor, bright_fraction=fraction, bright_K=bright)
    return replace(planet, spots=spots)
