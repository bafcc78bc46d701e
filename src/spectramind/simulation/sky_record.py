"""What of a foreign sky acted in a visit, for the record."""

import numpy as np
from numpy.typing import ArrayLike

from spectramind.instrument.grid import N_BINS
from spectramind.simulation.passing import Passing
from spectramind.simulation.planet_draw import SimulatedPlanet


def describe_sky(planet: SimulatedPlanet, passing: Passing) -> dict[str, ArrayLike]:
    """By name, in the units of the classes that hold it; what did not act is 0.

    ``limb_law`` names the law, ``limb_law_coefficients`` (283, K) are its own; ``limb_darkening``
    holds the quadratic ones nearest to it.
    """
    law, spot, moon = planet.brightness, passing.spot, passing.moon
    return {
        "limb_law": law.name,
        "limb_law_coefficients": law.coefficients,
        "faculae_fraction": planet.spots.bright_fraction,
        "faculae_temperature_k": planet.spots.bright_K,
        "crossed_spot": (spot.along, spot.across, spot.radius, spot.temperature_K)
        if spot
        else np.zeros(4),
        "crossed_spot_missing": spot.missing if spot else np.zeros(N_BINS),
        "moon": (moon.ratio, moon.offset_h, moon.impact, moon.speed) if moon else np.zeros(4),
    }
