"""A random atmosphere for a planet of given mass, size and irradiation.

The ranges in ``configs/sim/population.yaml`` are chosen so that the AIRS scatter within a planet
(5-170 ppm for the middle 80 %) and the step from FGS1 to AIRS (tens to 500 ppm, either sign) come
out as in the competition's spectra.
"""

import numpy as np
from scipy.constants import Boltzmann, atomic_mass

from spectramind.config.sim_planets import ChemistryConfig
from spectramind.physics.astronomical import (
    JUPITER_GRAVITY_M_S2,
    JUPITER_RADIUS_M,
    SUN_RADIUS_M,
)
from spectramind.physics.atmosphere import Atmosphere
from spectramind.simulation.system import System

_HYDROGEN_WEIGHT = 2.33


def draw_atmosphere(
    rng: np.random.Generator, config: ChemistryConfig, system: System
) -> Atmosphere:
    """Draw an atmosphere; light, hot planets keep a heavier one than hydrogen's.

    Their mean molecular weight is as much above 2.33 as brings a scale height's signal
    2 R H / Rs^2 down to the largest allowed. Hydrogen would escape there, and no real spectrum
    shows more than 125 ppm.
    """
    temperature = float(system.equilibrium_K * rng.uniform(*config.temperature_factor))
    gravity = JUPITER_GRAVITY_M_S2 * system.mass / system.radius**2
    radius_m, star_m = system.radius * JUPITER_RADIUS_M, system.star.radius * SUN_RADIUS_M
    hydrogen_height_m = Boltzmann * temperature / (_HYDROGEN_WEIGHT * atomic_mass * gravity)
    signal = 2 * radius_m * hydrogen_height_m / star_m**2
    abundance = {gas: float(rng.uniform(*span)) for gas, span in config.log10_abundance}
    return Atmosphere(
        temperature_K=temperature,
        gravity_m_s2=float(gravity),
        mean_molecular_weight=float(_HYDROGEN_WEIGHT * max(1.0, signal / config.largest_signal)),
        planet_radius_m=float(radius_m),
        star_radius_m=star_m,
        log10_abundance=abundance,
        cloud_pressure_pa=float(10 ** rng.uniform(*config.cloud_log10_pa)),
        haze_factor=float(10 ** rng.uniform(*config.haze_log10)),
        haze_slope=float(rng.uniform(*config.haze_slope)),
    )
