"""What a transit meets on its way: a spot that the planet crosses, a moon that dips beside it.

Units: stellar radii, hours. Place in the chain: part of the transit's light. A crossed spot is a
disc on the sky, as bright everywhere as its centre would be, times that of a black body of its
temperature over the photosphere's; while the planet hides part of it, less light is missing. A
moon is an opaque disc on a straight path as fast as the planet's; where both are before the star
each hides light of its own, as if they never overlapped.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectramind.config.sim_sky import CrossedSpotConfig, ForeignSkyConfig, MoonConfig
from spectramind.instrument.grid import AIRS_BINS, bin_wavelengths
from spectramind.physics.discs import common_area
from spectramind.physics.orbit import conjunction_distance, sky_position, transit_speed
from spectramind.physics.power_transit import disc_light
from spectramind.physics.spots import spot_darkness
from spectramind.simulation.planet_draw import SimulatedPlanet
from spectramind.simulation.streams import Source, Streams

Array = NDArray[np.float64]

_MOST_ALONG = 0.8  # of half the chord
_MOST_ACROSS = 0.5  # of the planet's radius
_LIMB = 0.97  # spots end before the limb


@dataclass(frozen=True)
class CrossedSpot:
    """A spot under the planet's path.

    Attributes:
        along, across: its centre; radius: its size.
        temperature_K: [K].
        missing: (283,) share of the star's light that it lacks, for each unit of area.
    """

    along: float
    across: float
    radius: float
    temperature_K: float  # noqa: N815 - kelvin is K
    missing: Array

    def unhidden(
        self, planet: SimulatedPlanet, time_h: Array, mid_time_h: float, bins: slice
    ) -> Array:
        """Share of the star's light that the planet does not hide, as the spot lacks it."""
        along, across = sky_position(time_h, mid_time_h, *planet.orbit.elements)
        distance = np.hypot(along - self.along, across - self.across)
        ratio = np.sqrt(planet.spectrum[bins])
        light = np.zeros((len(ratio), len(time_h)))
        near = distance < ratio.max() + self.radius
        overlap = common_area(distance[near], ratio[:, None], self.radius)
        light[:, near] = self.missing[bins, None] * overlap
        return light


@dataclass(frozen=True)
class Moon:
    """A second dip.

    Attributes:
        ratio: its radius; offset_h: its mid-time after the planet's; impact: its path's distance
            from the star's centre; speed: along it, an hour.
    """

    ratio: float
    offset_h: float
    impact: float
    speed: float

    def separation(self, time_h: Array, mid_time_h: float) -> Array:
        """Distance of its centre from the star's, (T,)."""
        return np.hypot(self.speed * (time_h - mid_time_h - self.offset_h), self.impact)


@dataclass(frozen=True)
class Passing:
    """What one visit's transit meets; None: nothing of the kind."""

    spot: CrossedSpot | None = None
    moon: Moon | None = None

    def apparent_factor(self, planet: SimulatedPlanet) -> Array:
        """What all spots and faculae multiply the apparent depth by, (283,)."""
        if self.spot is None:
            return planet.spots.factor
        lacking = self.spot.missing * np.pi * self.spot.radius**2
        return np.asarray(1 / (1 / planet.spots.factor - lacking))


def draw_passing(planet: SimulatedPlanet, config: ForeignSkyConfig, streams: Streams) -> Passing:
    """Draw what the transit meets; a planet has its moon in all visits, elsewhere each time."""
    spot = moon = None
    if config.crossed_spots.share > 0:
        rng = streams(Source.SKY_CROSSED_SPOT)
        if rng.random() < config.crossed_spots.share:
            spot = _draw_spot(rng, config.crossed_spots, planet)
    if config.moon.share > 0:
        own = Streams(streams.seed, streams.planet, 0)(Source.SKY_MOON)
        if own.random() < config.moon.share:
            size = float(own.uniform(*config.moon.size))
            moon = _draw_moon(streams(Source.SKY_MOON), config.moon, planet, size)
    return Passing(spot, moon)


def _draw_spot(
    rng: np.random.Generator, config: CrossedSpotConfig, planet: SimulatedPlanet
) -> CrossedSpot:
    orbit = planet.orbit
    distance = conjunction_distance(orbit.a_over_rs, orbit.eccentricity, orbit.omega_deg)
    impact = distance * np.cos(np.radians(orbit.inclination_deg))
    radius = float(rng.uniform(*config.radius))
    along = _MOST_ALONG * np.sqrt(max(1 - impact**2, 0.0)) * rng.uniform(-1, 1)
    across = impact + _MOST_ACROSS * np.sqrt(planet.spectrum[AIRS_BINS].mean()) * rng.uniform(-1, 1)
    inwards = min(1.0, (_LIMB - radius) / np.hypot(along, across))
    along, across = float(along * inwards), float(across * inwards)
    teff = planet.star.teff_K
    temperature = float(teff - rng.uniform(*config.contrast_k))
    mu = np.sqrt(1 - along**2 - across**2)
    law = planet.brightness
    there = law.intensity(np.array([mu]))[:, 0] / disc_light(*law.powers())
    missing = there * spot_darkness(temperature, teff, bin_wavelengths())
    return CrossedSpot(along, across, radius, temperature, missing)


def _draw_moon(
    rng: np.random.Generator, config: MoonConfig, planet: SimulatedPlanet, size: float
) -> Moon:
    rng.random(2)  # the first visit's stream has told of the moon itself
    ratio = size * float(np.sqrt(planet.spectrum[AIRS_BINS].mean()))
    offset = rng.uniform(*config.offset_h) * (1 if rng.random() < 0.5 else -1)
    orbit = planet.orbit
    return Moon(
        ratio=ratio,
        offset_h=float(offset),
        impact=float(rng.uniform(0, 1 - ratio)),
        speed=transit_speed(orbit.period_d, orbit.a_over_rs, orbit.eccentricity, orbit.omega_deg),
    )
