"""A star, its planet's mass and size, and the orbit: draws like the competition's star table.

Six quantities share a Gaussian copula. Marginals and correlations were fitted to the table of the
1,100 training planets, depths to the moments of its labels (mean 0.0147, scatter 0.0107, range
0.0036-0.08). That light planets are small, too, is not in the table: it stands for the relation of
mass and radius. Inclinations are normal, cut at 90 deg, and independent of all else, as there.
The table's sma and P scatter around the truth: Kepler's third law closes only to 6.4 % there,
which 5.3 % on either makes, with tails out to 15 % and more.

The fit's numbers are constants: they hold together only as one fit of one table. Settings say how
a population differs from it (``sim.population``: other stars, a better or worse table).
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from spectramind.config.sim_planets import PopulationConfig
from spectramind.physics.orbit import transit_duration_h

RJUP_IN_RSUN = 0.10276
_A_OVER_RS_SUN_1D = 4.2083  # a / R_sun of a 1 d orbit around 1 M_sun

# ln Rs [R_sun], Ms [M_sun], Ts [K], P [d], ln depth; then ln Mp [M_Jup].
_MARGINALS = (
    stats.beta(2.48, 3.53, loc=-0.43, scale=1.495),
    stats.beta(2.85, 4.28, loc=0.59, scale=1.24),
    stats.beta(3.42, 2.49, loc=4230, scale=2755),
    stats.uniform(2.78, 4.84),
    stats.truncnorm(-1.443, 2.706, loc=np.log(0.0104), scale=0.735),
    stats.t(4.77, loc=-0.06, scale=0.764),
)
_CORRELATION = np.array(
    [
        [1.000, 0.861, 0.756, 0.029, 0.0, 0.107],
        [0.861, 1.000, 0.852, 0.047, 0.0, 0.112],
        [0.756, 0.852, 1.000, 0.034, 0.0, 0.096],
        [0.029, 0.047, 0.034, 1.000, 0.0, 0.073],
        [0.000, 0.000, 0.000, 0.000, 1.0, 0.600],
        [0.107, 0.112, 0.096, 0.073, 0.6, 1.000],
    ]
)
_ROOT = np.linalg.cholesky(_CORRELATION)
_MASS_RANGE_MJUP = (0.049, 24.7)
_INCLINATION_DEG = (88.47, 1.08)
_INCLINATION_LEAST_DEG = 85.5
DURATION_RANGE_H = (1.8, 6.9)
# Slopes of the table's ln Rs and Ms over Ts.
_LOG_RADIUS_A_KELVIN = 3.9e-4
_MASS_A_KELVIN = 3.3e-4
_TABLE_FREEDOM = 8.6  # of the t distribution of the table's scatter


@dataclass(frozen=True)
class Star:
    """Radius [R_sun], mass [M_sun], effective temperature [K]."""

    radius: float
    mass: float
    teff_K: float  # noqa: N815 - kelvin is K


@dataclass(frozen=True)
class Orbit:
    """Period [d], a / Rs, inclination [deg], eccentricity, argument of periastron [deg].

    A circle but under a foreign sky.
    """

    period_d: float
    a_over_rs: float
    inclination_deg: float
    eccentricity: float = 0.0
    omega_deg: float = 90.0

    @property
    def elements(self) -> tuple[float, float, float, float, float]:
        """As ``physics.orbit`` takes them, behind the mid-time."""
        return (
            self.period_d,
            self.a_over_rs,
            self.inclination_deg,
            self.eccentricity,
            self.omega_deg,
        )


@dataclass(frozen=True)
class System:
    """A star and its planet.

    Attributes:
        star, orbit: the truth.
        mass, radius: of the planet [M_Jup, R_Jup]; the radius below its atmosphere.
        listed: the star table's row, sma and P scattered.
    """

    star: Star
    orbit: Orbit
    mass: float
    radius: float
    listed: dict[str, float]

    @property
    def equilibrium_K(self) -> float:  # noqa: N802 - kelvin is K
        """Temperature of a black planet that spreads its heat."""
        return self.star.teff_K / float(np.sqrt(2 * self.orbit.a_over_rs))


def draw_system(rng: np.random.Generator, config: PopulationConfig) -> System:
    """Draw until the transit lasts as long as real ones and does more than graze the star."""
    while True:
        system = _draw(rng, config)
        if _transits(system):
            return system


def _draw(rng: np.random.Generator, config: PopulationConfig) -> System:
    score = stats.norm.cdf(_ROOT @ rng.standard_normal(len(_ROOT)))
    log_radius, star_mass, teff, period, log_depth, log_mass = (
        float(marginal.ppf(share)) for marginal, share in zip(_MARGINALS, score, strict=True)
    )
    shift = config.teff_shift_k
    star = Star(
        float(np.exp(log_radius + _LOG_RADIUS_A_KELVIN * shift)),
        star_mass + _MASS_A_KELVIN * shift,
        teff + shift,
    )
    mass = float(np.clip(np.exp(log_mass), *_MASS_RANGE_MJUP))
    sma_factor, period_factor = _table_factors(rng, config.table_scatter)
    orbit = _orbit(rng, star, period / period_factor)
    row = {
        "Rs": star.radius,
        "Ms": star.mass,
        "Ts": star.teff_K,
        "Mp": mass,
        "e": 0.0,
        "P": period,
        "sma": orbit.a_over_rs * sma_factor,
        "i": orbit.inclination_deg,
    }
    radius = float(np.exp(log_depth / 2)) * star.radius / RJUP_IN_RSUN
    return System(star, orbit, mass, radius, row)


def _table_factors(rng: np.random.Generator, scatter: float) -> tuple[float, float]:
    """The table's sma and P over the truth's; ln of either has the scatter asked for."""
    unit = rng.standard_t(_TABLE_FREEDOM, 2) * np.sqrt(1 - 2 / _TABLE_FREEDOM)
    sma, period = np.exp(scatter * unit)
    return float(sma), float(period)


def _orbit(rng: np.random.Generator, star: Star, period_d: float) -> Orbit:
    """An orbit whose a / Rs is Kepler's."""
    a_over_rs = _A_OVER_RS_SUN_1D * period_d ** (2 / 3) * star.mass ** (1 / 3) / star.radius
    return Orbit(period_d, a_over_rs, min(90.0, float(rng.normal(*_INCLINATION_DEG))))


def _transits(system: System) -> bool:
    orbit, ratio = system.orbit, system.radius * RJUP_IN_RSUN / system.star.radius
    if orbit.a_over_rs <= 1 + ratio or orbit.inclination_deg < _INCLINATION_LEAST_DEG:
        return False
    low, high = DURATION_RANGE_H
    impact = orbit.a_over_rs * np.cos(np.radians(orbit.inclination_deg))
    duration = transit_duration_h(orbit.period_d, orbit.a_over_rs, orbit.inclination_deg, ratio)
    return bool(low <= duration <= high and impact < 1 - ratio)
