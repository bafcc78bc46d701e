"""The planet's transit, averaged over each exposure.

Units: relative flux. Place in the chain: multiplies the light. Equation: see physics.transit, and
physics.spots for what spots beside the transit's chord do to its depth; exposures longer than a
minute are averages over instants at most a minute apart.
"""

import numpy as np
from numpy.typing import NDArray

from spectramind.physics.orbit import projected_separation
from spectramind.physics.transit import transit_flux
from spectramind.simulation.clock import Clock
from spectramind.simulation.planet_draw import SimulatedPlanet

_FINEST_S = 60.0
_SECONDS_AN_HOUR = 3600.0


def transit_light(
    planet: SimulatedPlanet, mid_time_h: float, clock: Clock, bins: slice
) -> NDArray[np.float64]:
    """Flux relative to the star alone, (bins, pairs)."""
    instants = int(np.ceil(clock.cycle_s / _FINEST_S))
    offset_s = clock.cycle_s * ((np.arange(instants) + 0.5) / instants - 0.5)
    time_h = (clock.mid_time_h[:, None] + offset_s / _SECONDS_AN_HOUR).ravel()
    orbit = planet.orbit
    separation = projected_separation(
        time_h, mid_time_h, orbit.period_d, orbit.a_over_rs, orbit.inclination_deg
    )
    ratio = np.sqrt(planet.spectrum[bins])
    flux = transit_flux(separation, ratio, planet.limb_darkening[bins])
    mean = flux.reshape(flux.shape[0], clock.pairs, instants).mean(-1)
    return 1 - planet.spots.factor[bins, None] * (1 - mean)
