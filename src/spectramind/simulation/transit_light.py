"""The planet's transit, averaged over each exposure.

Units: relative flux. Place in the chain: multiplies the light. Equation: see physics.transit (or
power_transit, for another law of limb darkening), physics.spots for what spots beside the transit's
chord do to its depth, and passing for what the planet meets; exposures longer than a minute are
averages over instants at most a minute apart.
"""

import numpy as np
from numpy.typing import NDArray

from spectramind.physics.orbit import projected_separation
from spectramind.physics.power_transit import power_transit_flux
from spectramind.physics.transit import transit_flux
from spectramind.simulation.clock import Clock
from spectramind.simulation.passing import Passing
from spectramind.simulation.planet_draw import SimulatedPlanet

Array = NDArray[np.float64]

_FINEST_S = 60.0
_SECONDS_AN_HOUR = 3600.0
_NOTHING_PASSES = Passing()


def transit_light(
    planet: SimulatedPlanet,
    mid_time_h: float,
    clock: Clock,
    bins: slice,
    passing: Passing = _NOTHING_PASSES,
) -> Array:
    """Flux relative to the star alone, (bins, pairs)."""
    instants = int(np.ceil(clock.cycle_s / _FINEST_S))
    offset_s = clock.cycle_s * ((np.arange(instants) + 0.5) / instants - 0.5)
    time_h = (clock.mid_time_h[:, None] + offset_s / _SECONDS_AN_HOUR).ravel()
    separation = projected_separation(time_h, mid_time_h, *planet.orbit.elements)
    ratio = np.sqrt(planet.spectrum[bins])
    flux = _quiet_flux(planet, bins, separation, ratio)
    if passing.moon is not None:
        apart = passing.moon.separation(time_h, mid_time_h)
        flux = flux + _quiet_flux(planet, bins, apart, np.full(len(ratio), passing.moon.ratio)) - 1
    if passing.spot is not None:
        flux = flux + passing.spot.unhidden(planet, time_h, mid_time_h, bins)
    mean = flux.reshape(flux.shape[0], clock.pairs, instants).mean(-1)
    return np.asarray(1 - passing.apparent_factor(planet)[bins, None] * (1 - mean))


def _quiet_flux(planet: SimulatedPlanet, bins: slice, separation: Array, ratio: Array) -> Array:
    """A disc before the star without spots, (bins, T)."""
    if planet.law is None:
        return transit_flux(separation, ratio, planet.limb_darkening[bins])
    return power_transit_flux(separation, ratio, *planet.law.of_bins(bins).powers())
