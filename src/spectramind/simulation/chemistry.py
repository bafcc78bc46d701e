"""A random atmosphere for a planet of given mass, radius and irradiation.

Ranges chosen so that the AIRS scatter within a planet (5-170 ppm for the middle 80 %) and the step
from FGS1 to AIRS (tens to 500 ppm, either sign) come out as in the competition's spectra.
"""

import numpy as np
from scipy.constants import Boltzmann, atomic_mass

from spectramind.physics.atmosphere import Atmosphere

_RJUP_M = 7.1492e7
_RSUN_M = 6.957e8
_JUPITER_GRAVITY = 24.79
_MEAN_WEIGHT = 2.33
_ABUNDANCE_RANGE = {
    "h2o": (-6.0, -2.5),
    "co2": (-9.0, -4.0),
    "co": (-6.0, -3.0),
    "ch4": (-9.0, -4.0),
    "nh3": (-9.0, -5.0),
}
_TEMPERATURE_FACTOR = (0.8, 1.1)
_CLOUD_LOG10_PA = (1.0, 5.0)
_HAZE_LOG10 = (0.0, 3.5)
_HAZE_SLOPE = (-6.0, -2.0)
_LARGEST_SCALE_HEIGHT = 0.02  # of the planet's radius: beyond it nothing is left bound


def draw_atmosphere(
    rng: np.random.Generator,
    equilibrium_K: float,
    mass_mjup: float,
    radius_rjup: float,
    star_radius_rsun: float,
) -> Atmosphere | None:
    """Draw an atmosphere; None when the planet could not hold one that is isothermal."""
    temperature = float(equilibrium_K * rng.uniform(*_TEMPERATURE_FACTOR))
    gravity = _JUPITER_GRAVITY * mass_mjup / radius_rjup**2
    radius_m = radius_rjup * _RJUP_M
    scale_height = Boltzmann * temperature / (_MEAN_WEIGHT * atomic_mass * gravity)
    abundance = {gas: float(rng.uniform(*span)) for gas, span in _ABUNDANCE_RANGE.items()}
    cloud, haze, slope = (rng.uniform(*r) for r in (_CLOUD_LOG10_PA, _HAZE_LOG10, _HAZE_SLOPE))
    if scale_height > _LARGEST_SCALE_HEIGHT * radius_m:
        return None
    return Atmosphere(
        temperature_K=temperature,
        gravity_m_s2=float(gravity),
        mean_molecular_weight=_MEAN_WEIGHT,
        planet_radius_m=float(radius_m),
        star_radius_m=star_radius_rsun * _RSUN_M,
        log10_abundance=abundance,
        cloud_pressure_pa=float(10**cloud),
        haze_factor=float(10**haze),
        haze_slope=float(slope),
    )
