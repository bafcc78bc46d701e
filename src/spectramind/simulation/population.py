"""Stars, orbits and planets with the statistics of the competition's own.

Distributions fitted to the star table of its 1,100 training planets: correlated stellar radius,
mass and temperature, log-normal planet mass, uniform period, half-normal impact parameter. The
table's own sma and P scatter log-normally around what the light curves hold: Kepler's third law
closes only to 6.4 % there, which 5.3 % on either makes.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectramind.instrument.grid import bin_wavelengths
from spectramind.physics.atmosphere import transmission_spectrum
from spectramind.physics.limb_darkening import quadratic_coefficients
from spectramind.physics.orbit import transit_duration_h
from spectramind.simulation.chemistry import draw_atmosphere

# ln Rs, Ms, Ts: means, standard deviations, correlations, and where the table ends.
_STAR_MEAN = np.array([np.log(1.19), 1.09, 5840.0])
_STAR_SCATTER = np.array([0.29, 0.22, 530.0])
_STAR_CORRELATION = np.array([[1.0, 0.85, 0.73], [0.85, 1.0, 0.83], [0.73, 0.83, 1.0]])
_STAR_RANGE = np.array([[np.log(0.65), 0.60, 4240.0], [np.log(2.9), 1.82, 6980.0]])

_MASS_MEDIAN_MJUP = 0.94
_MASS_LOG_SCATTER = 0.97
_MASS_RANGE_MJUP = (0.05, 25.0)
_PERIOD_RANGE_D = (2.8, 7.6)
_IMPACT_SCATTER = 0.37
_INCLINATION_LEAST_DEG = 85.6
_RADIUS_MEDIAN_RJUP = 1.31
_RADIUS_LOG_SCATTER = 0.24
_DEPTH_RANGE = (0.0036, 0.08)
_MOST_AIRS_SCATTER = 300e-6
_MOST_FGS1_STEP = 800e-6
_DURATION_RANGE_H = (1.8, 6.9)
_TABLE_LOG_SCATTER = 0.053
_MID_TIME_RANGE = (0.4, 0.6)  # of the visit: 3.0-4.5 h of 7.5 h

_RJUP_IN_RSUN = 0.10276
_A_OVER_RS_SUN_1D = 4.2083  # a / R_sun of a 1 d orbit around 1 M_sun


@dataclass(frozen=True)
class Star:
    """Radius [R_sun], mass [M_sun], effective temperature [K]."""

    radius: float
    mass: float
    teff_K: float  # noqa: N815 - kelvin is K


@dataclass(frozen=True)
class Orbit:
    """A circular orbit: period [d], a / Rs, inclination [deg]."""

    period_d: float
    a_over_rs: float
    inclination_deg: float


@dataclass(frozen=True)
class Planet:
    """The truth about one planet, and what the star table says of it.

    Attributes:
        star, orbit: the truth.
        mass: [M_Jup].
        spectrum: (283,) depth (Rp/Rs)^2.
        limb_darkening: (283, 2) quadratic coefficients.
        listed: the star table's row, sma and P scattered.
    """

    star: Star
    orbit: Orbit
    mass: float
    spectrum: NDArray[np.float64]
    limb_darkening: NDArray[np.float64]
    listed: dict[str, float]


def draw_planet(rng: np.random.Generator) -> Planet:
    """Draw planets until one has a depth and a transit duration within the real ranges."""
    while True:
        star = draw_star(rng)
        mass = _draw_mass(rng)
        radius = _RADIUS_MEDIAN_RJUP * np.exp(_RADIUS_LOG_SCATTER * rng.standard_normal())
        ratio = radius * _RJUP_IN_RSUN / star.radius
        orbit = draw_orbit(rng, star)
        if not _plausible(orbit, ratio):
            continue
        equilibrium_K = star.teff_K / np.sqrt(2 * orbit.a_over_rs)
        atmosphere = draw_atmosphere(rng, equilibrium_K, mass, radius, star.radius)
        if atmosphere is None:
            continue
        spectrum = transmission_spectrum(atmosphere)
        if _looks_real(spectrum):
            darkening = quadratic_coefficients(star.teff_K, bin_wavelengths())
            return Planet(star, orbit, mass, spectrum, darkening, _listed(rng, star, mass, orbit))


def draw_star(rng: np.random.Generator) -> Star:
    """Draw a star within the table's ranges."""
    root = np.linalg.cholesky(_STAR_CORRELATION)
    while True:
        draw = _STAR_MEAN + _STAR_SCATTER * (root @ rng.standard_normal(3))
        if np.all((_STAR_RANGE[0] <= draw) & (draw <= _STAR_RANGE[1])):
            return Star(float(np.exp(draw[0])), float(draw[1]), float(draw[2]))


def draw_orbit(rng: np.random.Generator, star: Star) -> Orbit:
    """Draw a transiting orbit; a / Rs is Kepler's."""
    while True:
        period = rng.uniform(*_PERIOD_RANGE_D)
        a_over_rs = _A_OVER_RS_SUN_1D * period ** (2 / 3) * star.mass ** (1 / 3) / star.radius
        impact = abs(_IMPACT_SCATTER * rng.standard_normal())
        inclination = float(np.degrees(np.arccos(min(1.0, impact / a_over_rs))))
        if inclination >= _INCLINATION_LEAST_DEG and impact < 1:
            return Orbit(float(period), float(a_over_rs), inclination)


def draw_mid_time_h(rng: np.random.Generator, hours: float) -> float:
    """Draw when, on a visit's clock, its transit is deepest [h]."""
    return float(hours * rng.uniform(*_MID_TIME_RANGE))


def _draw_mass(rng: np.random.Generator) -> float:
    mass = _MASS_MEDIAN_MJUP * np.exp(_MASS_LOG_SCATTER * rng.standard_normal())
    return float(np.clip(mass, *_MASS_RANGE_MJUP))


def _plausible(orbit: Orbit, ratio: float) -> bool:
    """A transit as long as the real ones, none that only grazes its star."""
    low, high = _DURATION_RANGE_H
    impact = orbit.a_over_rs * np.cos(np.radians(orbit.inclination_deg))
    duration = transit_duration_h(orbit.period_d, orbit.a_over_rs, orbit.inclination_deg, ratio)
    return bool(low <= duration <= high and impact < 1 - ratio)


def _looks_real(spectrum: NDArray[np.float64]) -> bool:
    """Depths, AIRS scatter and step from FGS1 to AIRS within what the real spectra show."""
    airs = spectrum[1:]
    return bool(
        _DEPTH_RANGE[0] < spectrum.min()
        and spectrum.max() < _DEPTH_RANGE[1]
        and airs.std() < _MOST_AIRS_SCATTER
        and abs(spectrum[0] - airs.mean()) < _MOST_FGS1_STEP
    )


def _listed(rng: np.random.Generator, star: Star, mass: float, orbit: Orbit) -> dict[str, float]:
    period_error, sma_error = np.exp(_TABLE_LOG_SCATTER * rng.standard_normal(2))
    return {
        "Rs": star.radius,
        "Ms": star.mass,
        "Ts": star.teff_K,
        "Mp": mass,
        "e": 0.0,
        "P": float(orbit.period_d * period_error),
        "sma": float(orbit.a_over_rs * sma_error),
        "i": orbit.inclination_deg,
    }
