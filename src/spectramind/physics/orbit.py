"""Circular orbit: the sky-projected distance of planet and star, and how long a transit lasts.

Equations: Winn (2010), "Transits and Occultations", eqs. 5 and 14, for zero eccentricity.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spectramind.errors import ConfigError

HOURS_PER_DAY = 24.0


def _check_orbit(period_d: float, a_over_rs: float, inclination_deg: float) -> None:
    if not (np.isfinite(period_d) and period_d > 0):
        raise ConfigError(f"orbital period {period_d} d is not positive: give it in days")
    if not (np.isfinite(a_over_rs) and a_over_rs > 1):
        raise ConfigError(
            f"a/Rs {a_over_rs} is not above 1: the planet would orbit inside its star"
        )
    if not 0 <= inclination_deg <= 180:
        raise ConfigError(f"inclination {inclination_deg} deg is outside 0..180: give degrees")


def projected_separation(
    time_h: ArrayLike,
    mid_time_h: float,
    period_d: float,
    a_over_rs: float,
    inclination_deg: float,
) -> NDArray[np.float64]:
    """Distance of the planet's centre from the star's, on the sky.

    Args:
        time_h: times [h], any shape.
        mid_time_h: time of a mid-transit [h].
        period_d: orbital period [d].
        a_over_rs: orbital radius [stellar radii].
        inclination_deg: inclination [deg], 90 = edge-on.

    Returns:
        Separation [stellar radii], shape of ``time_h``; +inf while the planet is behind the star.

    Raises:
        ConfigError: period, a/Rs or inclination out of range.
    """
    _check_orbit(period_d, a_over_rs, inclination_deg)
    elapsed_h = np.asarray(time_h, dtype=np.float64) - mid_time_h
    phase = 2 * np.pi * elapsed_h / (period_d * HOURS_PER_DAY)
    along = np.sin(phase)
    toward = np.cos(phase)
    separation = a_over_rs * np.hypot(along, np.cos(np.radians(inclination_deg)) * toward)
    return np.where(toward > 0, separation, np.inf)


def transit_duration_h(
    period_d: float, a_over_rs: float, inclination_deg: float, radius_ratio: float
) -> float:
    """Time from first to last contact, T14 [h]; 0.0 when there is no transit.

    Args:
        period_d: orbital period [d].
        a_over_rs: orbital radius [stellar radii], above 1 + radius_ratio.
        inclination_deg: inclination [deg].
        radius_ratio: planet radius over stellar radius.

    Raises:
        ConfigError: an argument out of range.
    """
    _check_orbit(period_d, a_over_rs, inclination_deg)
    if not (radius_ratio >= 0 and 1 + radius_ratio < a_over_rs):
        raise ConfigError(
            f"radius ratio {radius_ratio} is outside 0..a/Rs - 1 = {a_over_rs - 1}: "
            "planet and star would touch"
        )
    inclination = np.radians(inclination_deg)
    contact = ((1 + radius_ratio) / a_over_rs) ** 2 - np.cos(inclination) ** 2
    if contact <= 0:
        return 0.0
    half_angle = np.arcsin(np.sqrt(contact) / np.sin(inclination))
    return float(period_d * HOURS_PER_DAY * half_angle / np.pi)
