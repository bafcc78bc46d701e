"""Kepler orbits: the sky-projected distance of planet and star, and how long a transit lasts.

Equations: Winn (2010), "Transits and Occultations", eqs. 1 to 5 and, for zero eccentricity, 14.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spectramind.errors import ConfigError

HOURS_PER_DAY = 24.0
_NEWTON_ROUNDS = 50
_NEWTON_ENDS = 1e-14  # [rad]


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
    eccentricity: float = 0.0,
    omega_deg: float = 90.0,
) -> NDArray[np.float64]:
    """Distance of the planet's centre from the star's, on the sky.

    Args:
        time_h: times [h], any shape.
        mid_time_h: time of a mid-transit [h]: of inferior conjunction.
        period_d: orbital period [d].
        a_over_rs: semi-major axis [stellar radii].
        inclination_deg: inclination [deg], 90 = edge-on.
        eccentricity: 0 to below 1.
        omega_deg: argument of periastron of the planet's orbit [deg]; 90: transits at periastron.

    Returns:
        Separation [stellar radii], shape of ``time_h``; +inf while the planet is behind the star.

    Raises:
        ConfigError: period, a/Rs, inclination or eccentricity out of range.
    """
    _check_orbit(period_d, a_over_rs, inclination_deg)
    elapsed_h = np.asarray(time_h, dtype=np.float64) - mid_time_h
    if eccentricity != 0:
        shape = (a_over_rs, inclination_deg, eccentricity, omega_deg)
        return _eccentric_separation(elapsed_h / (period_d * HOURS_PER_DAY), *shape)
    phase = 2 * np.pi * elapsed_h / (period_d * HOURS_PER_DAY)
    along = np.sin(phase)
    toward = np.cos(phase)
    separation = a_over_rs * np.hypot(along, np.cos(np.radians(inclination_deg)) * toward)
    return np.where(toward > 0, separation, np.inf)


def eccentric_anomaly(mean_anomaly: ArrayLike, eccentricity: float) -> NDArray[np.float64]:
    """Solve Kepler's equation E - e sin E = M by Newton's method.

    Args:
        mean_anomaly: M [rad], any shape and revolution.
        eccentricity: 0 to below 1.

    Returns:
        E [rad] in the revolution -pi..pi, to 1e-14 or so.

    Raises:
        ConfigError: the eccentricity is out of range.
    """
    if not 0 <= eccentricity < 1:
        raise ConfigError(f"eccentricity {eccentricity} is outside 0..1: only ellipses return")
    mean = np.asarray(mean_anomaly, dtype=np.float64)
    mean = np.remainder(mean + np.pi, 2 * np.pi) - np.pi
    # From pi's side Newton cannot overshoot, whatever the eccentricity (Charles & Tatum 1998).
    found = np.where(np.abs(mean) > 0, np.copysign(np.pi, mean), 0.0)
    for _ in range(_NEWTON_ROUNDS):
        step = (found - eccentricity * np.sin(found) - mean) / (1 - eccentricity * np.cos(found))
        found = found - step
        if np.abs(step).max(initial=0.0) < _NEWTON_ENDS:
            break
    return found


def _eccentric_separation(
    turns: NDArray[np.float64],
    a_over_rs: float,
    inclination_deg: float,
    eccentricity: float,
    omega_deg: float,
) -> NDArray[np.float64]:
    """Separation [stellar radii] so many periods after inferior conjunction."""
    along, toward = _in_plane(turns, a_over_rs, eccentricity, omega_deg)
    separation = np.hypot(along, np.cos(np.radians(inclination_deg)) * toward)
    return np.where(toward > 0, separation, np.inf)


def _in_plane(
    turns: NDArray[np.float64], a_over_rs: float, eccentricity: float, omega_deg: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Place in the orbit's plane, across the line of sight and towards the observer [R*]."""
    root = np.sqrt(1 - eccentricity**2) if 0 <= eccentricity < 1 else np.nan
    omega = np.radians(omega_deg)
    # At inferior conjunction the true anomaly is 90 deg - omega.
    conjunction = np.arctan2(
        root * np.sin(np.pi / 2 - omega), eccentricity + np.cos(np.pi / 2 - omega)
    )
    mean = conjunction - eccentricity * np.sin(conjunction) + 2 * np.pi * turns
    anomaly = eccentric_anomaly(mean, eccentricity)
    # In the plane of the orbit, x towards periastron; then across and towards the observer.
    x = a_over_rs * (np.cos(anomaly) - eccentricity)
    y = a_over_rs * root * np.sin(anomaly)
    along = x * np.cos(omega) - y * np.sin(omega)
    toward = x * np.sin(omega) + y * np.cos(omega)
    return along, toward


def sky_position(
    time_h: ArrayLike,
    mid_time_h: float,
    period_d: float,
    a_over_rs: float,
    inclination_deg: float,
    eccentricity: float = 0.0,
    omega_deg: float = 90.0,
) -> NDArray[np.float64]:
    """Place of the planet on the sky, from the star's centre.

    Args:
        time_h: (T,) times [h]; the others: see ``projected_separation``.

    Returns:
        (2, T) along the transit's chord, growing with time, and across it [stellar radii]: its
        length is the separation while the planet is before the star; NaN while it is behind.

    Raises:
        ConfigError: period, a/Rs, inclination or eccentricity out of range.
    """
    _check_orbit(period_d, a_over_rs, inclination_deg)
    turns = (np.asarray(time_h, dtype=np.float64) - mid_time_h) / (period_d * HOURS_PER_DAY)
    along, toward = _in_plane(turns, a_over_rs, eccentricity, omega_deg)
    across = np.cos(np.radians(inclination_deg)) * toward
    return np.where(toward > 0, np.stack([-along, across]), np.nan)


def transit_speed(
    period_d: float, a_over_rs: float, eccentricity: float = 0.0, omega_deg: float = 90.0
) -> float:
    """Speed across the line of sight at inferior conjunction [stellar radii an hour]."""
    around = 2 * np.pi * a_over_rs / (period_d * HOURS_PER_DAY)
    sway = 1 + eccentricity * np.sin(np.radians(omega_deg))
    return float(around * sway / np.sqrt(1 - eccentricity**2))


def conjunction_distance(a_over_rs: float, eccentricity: float, omega_deg: float) -> float:
    """Distance of planet and star at inferior conjunction [stellar radii]."""
    sway = 1 + eccentricity * np.sin(np.radians(omega_deg))
    return float(a_over_rs * (1 - eccentricity**2) / sway)


def transit_duration_h(
    period_d: float, a_over_rs: float, inclination_deg: float, radius_ratio: float
) -> float:
    """Time from first to last contact of a circular orbit, T14 [h]; 0.0 without a transit.

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
