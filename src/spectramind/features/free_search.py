"""Look for a transit without the star table: where is a dip, and how long does it last?

A trapezoid of every duration and mid-time stands beside the drift that the white-light fit allows;
the best one's duration makes an orbit that takes the table's place, with a wide prior.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from spectramind.config.fit import FitConfig
from spectramind.contracts.star_row import StarRow
from spectramind.features.drift import drift_basis
from spectramind.features.population import Population
from spectramind.features.star_rows import STAND_IN, duration_h
from spectramind.features.white_fit import WhiteFit, fit_white
from spectramind.features.white_problem import neighbour_noise
from spectramind.physics.orbit import HOURS_PER_DAY

Array = NDArray[np.float64]
_IMPACT = 0.4  # middle of what is expected; the prior is as wide
# With the orbit free a dip of the drift's can be taken for a transit: so many times the signal is
# asked for; and to overrule a table that finds a transit, too, so much more than there, or about
# as much where that fit left the table's orbit itself.
_SURER, _BETTER, _AS_GOOD = 2.0, 1.05, 0.95
_STRAYS = 0.5  # ln(a/R*): five times what tables err
_NOISY = 1.5  # times the scatter of neighbours
_DURATIONS = 16
_STEPS = 8  # mid-times tried within a duration
_LEAST_SAMPLES = 4  # within the shortest transit looked for
_INGRESS = 0.15  # of the duration
_LONGEST = 0.8  # of the visit
_RANK = 1e-9  # regressors weaker than this, against the strongest, are none
_ORBITS = (2.0, 50.0)  # a/R* of transiting planets


def fit_somehow(
    time_h: Array,
    bands: Array,
    pointing: Array,
    star: StarRow,
    limb: Array,
    population: Population,
    config: FitConfig,
) -> tuple[StarRow, WhiteFit | None]:
    """The white-light fit, by the star table's orbit or, where that does not do, without it.

    Arguments as of ``fit_white``; ``bands`` are its light curves.

    Returns:
        The row that the fit used, and the fit, its reason naming what is wrong with the table's;
        None where neither finds a transit to start from.
    """
    flux = bands / np.median(bands, axis=0)
    by_table = None
    if not star.orbit_fault:
        by_table = fit_white(time_h, bands, pointing, star, limb, population, config)
        seen = by_table.detection >= config.detection_sigma
        strays = seen and _strays(by_table, star)
        if seen and not strays and not _is_noisy(by_table, flux):
            return star, by_table
    beside = np.column_stack([np.ones(len(time_h)), drift_basis(time_h, config), pointing])
    duration = search_duration(time_h, flux, beside)
    if duration:
        free = free_orbit(star, duration)
        found = fit_white(time_h, bands, pointing, free, limb, population, config)
        least = _SURER * config.detection_sigma
        if by_table is not None and seen:
            least = max(least, (_AS_GOOD if strays else _BETTER) * by_table.detection)
        if found.detection >= least:
            reason = f"{free.orbit_fault}; fitted without the table's orbit"
            beyond = f"; {found.reason}" if found.reason else ""
            return free, replace(found, reason=reason + beyond)
    return star, by_table


def _strays(fit: WhiteFit, star: StarRow) -> bool:
    """Whether a fit left the table's orbit farther than tables err."""
    known = star.omega_deg is not None or star.eccentricity == 0
    return known and abs(float(fit.values[1]) - np.log(star.a_over_rs)) > _STRAYS


def _is_noisy(fit: WhiteFit, flux: Array) -> bool:
    """Whether a fit leaves much that is no noise."""
    return bool(np.any(fit.noise > _NOISY * neighbour_noise(flux)))


def search_duration(time_h: Array, flux: Array, basis: Array) -> float:
    """Duration [h] of the dip that explains most, half depth to half depth; 0.0 when none does.

    Args:
        time_h: (T,) mid-exposure times [h].
        flux: (T, 2) white light, FGS1 and AIRS, by its median.
        basis: (T, K) what beside a dip may change it: a constant, drift, pointing.
    """
    span = time_h[-1] - time_h[0]
    shortest = _LEAST_SAMPLES * float(np.median(np.diff(time_h)))
    drift, strength, _ = np.linalg.svd(basis, full_matrices=False)
    drift = drift[:, strength > _RANK * strength[0]]
    left = flux - drift @ (drift.T @ flux)
    noise = neighbour_noise(flux)
    best, found = 0.0, 0.0
    for duration in np.geomspace(shortest, max(_LONGEST * span, shortest), _DURATIONS):
        middles = np.arange(time_h[0], time_h[-1], duration / _STEPS)
        ramp = _INGRESS * duration
        outside = np.abs(time_h[:, None] - middles) - duration / 2
        dips = -np.clip(0.5 - outside / ramp, 0.0, 1.0)
        own = dips - drift @ (drift.T @ dips)
        power = np.maximum((own**2).sum(axis=0), 1e-12)
        depth = left.T @ own / power
        gain = np.where((depth > 0).all(axis=0), power * ((depth**2).T @ noise**-2), 0.0)
        if gain.max() > best:
            best, found = float(gain.max()), float(duration)
    return found


def free_orbit(star: StarRow, duration: float) -> StarRow:
    """An orbit whose transit lasts so long [h], half depth to half depth, instead of the table's.

    Its period is the table's where that makes a credible orbit.
    """
    speed = 2 * np.sqrt(1 - _IMPACT**2) / duration  # [R* an hour]
    period = star.period_d
    a = speed * period * HOURS_PER_DAY / (2 * np.pi)
    if not _ORBITS[0] < a < _ORBITS[1]:
        a = STAND_IN.a_over_rs
        period = 2 * np.pi * a / (speed * HOURS_PER_DAY)
    fault = star.orbit_fault or (
        f"the star table's P = {star.period_d:g} d, sma = {star.a_over_rs:g}, i = "
        f"{star.inclination_deg:g} do not fit the transit: they have it last "
        f"{duration_h(star):.1f} h, the light curves {duration:.1f} h"
    )
    inclination = float(np.degrees(np.arccos(_IMPACT / a)))
    return replace(
        star,
        period_d=float(period),
        a_over_rs=float(a),
        inclination_deg=inclination,
        eccentricity=0.0,
        omega_deg=None,
        orbit_fault=fault,
    )
