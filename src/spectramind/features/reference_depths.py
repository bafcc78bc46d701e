"""Depths by the ways a better estimate must beat, and by one that nothing can beat.

- box: mean in transit against mean out of it, contacts from the white-light fit; drift and limb
  darkening go into the depth.
- least squares: each bin alone, y = T (c_0 + c_1 P_1 + ...) + D d with Legendre polynomials P in
  time, T the transit at the white-light radius and D = dT/d(k^2). No prior, no common errors; the
  noise is the residuals' own scatter. What the white-light geometry does to all bins is not in its
  sigma: whoever uses it fits one factor on planets whose truth is known.
- oracle, for simulated visits: true geometry, limb darkening and drift, weights from the stated
  noise; free are only a bin's level and its depth. Generalised least squares: no unbiased estimate
  from these light curves has a smaller variance (Gauss and Markov). Spots outside the chord only
  scale the depth, which no light curve of a transit tells: they are as unknown to it as to anyone.
  Of a foreign sky it knows the ellipse of the orbit, but not spots crossed, moons, or more of
  another law of limb darkening than the nearest quadratic one: there it is no bound.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectramind.config.fit import FitConfig
from spectramind.contracts.depths import IGNORANCE, MEAN_DEPTH, Depths
from spectramind.contracts.measurement import Measurement
from spectramind.contracts.star_row import StarRow
from spectramind.contracts.work_folder import FeaturesFolder
from spectramind.features.drift import legendre
from spectramind.features.transit_model import TransitModel, white_limb
from spectramind.instrument.grid import FGS1_BIN, N_BINS, bin_wavelengths
from spectramind.physics.limb_darkening import quadratic_coefficients
from spectramind.run.npz import read_npz

Array = NDArray[np.float64]
TRUTH_KEYS = (
    "spectrum",
    "limb_darkening",
    "spot_factor",
    "period_d",
    "a_over_rs",
    "inclination_deg",
    "mid_time_h",
    "drift_legendre",
    "drift_spectrum",
)
# What the response does beyond the drift; trees simulated before there was any lack them.
RESPONSE_KEYS = ("response_time_h", "response_course", "response_loading")
# What the truth says of an ellipse; a tree simulated before there were any says nothing.
CIRCLE = {"eccentricity": 0.0, "omega_deg": 90.0}
_DEPTH_STEP = 1e-4
_MOST_VARIANCE = IGNORANCE**2  # a depth that the samples do not tell
_CENTRAL = 1.0  # separation below which a grazing transit counts as such


@dataclass(frozen=True)
class BinCurves:
    """Light curves of a visit on the AIRS clock.

    Attributes:
        time_h: (T,) mid-exposure times [h].
        flux, variance: (T, 283).
        hours: length of the visit, which starts at 0.
    """

    time_h: Array
    flux: Array
    variance: Array
    hours: float


def read_bin_curves(features: FeaturesFolder, visit: str) -> BinCurves:
    """Light curves on disk, without incomplete samples and without the last, which may be wrong.

    Raises:
        SchemaError: missing or broken.
    """
    made_by = "features"
    bins = read_npz(features.airs_bins(visit), "flux", "time", made_by=made_by)
    stated = read_npz(features.variance(visit), "airs", made_by=made_by)
    flux = np.asarray(bins["flux"], dtype=np.float64)
    variance = np.asarray(stated["airs"], dtype=np.float64)
    whole = np.isfinite(flux).all(axis=1) & np.isfinite(variance).all(axis=1)
    used = np.flatnonzero(whole)[:-1]
    time_h = np.asarray(bins["time"], dtype=np.float64)
    hours = float(time_h[-1] + np.median(np.diff(time_h)) / 2)
    return BinCurves(time_h[used], flux[used], variance[used], hours)


def box_depths(curves: BinCurves, white: Depths, star: StarRow) -> Measurement:
    """Mean in transit against mean out of it; what was fitted before where that had no transit."""
    if not white.measured:
        return white.fit
    fitted = white.info["parameters"]
    model = TransitModel(curves.time_h, star, np.inf)
    separation = model.separation(fitted["t0"], fitted["log_a"], fitted["b"])
    inside = separation <= 1 - fitted["k_airs"]
    if inside.sum() < 2:
        inside = separation < _CENTRAL
    outside = separation > 1 + fitted["k_airs"]
    if min(inside.sum(), outside.sum()) < 2:
        return _measurement(np.full(N_BINS, np.nan), np.zeros(N_BINS))
    level = curves.flux[outside].mean(axis=0)
    noise = curves.flux[outside].std(axis=0, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = 1 - curves.flux[inside].mean(axis=0) / level
        variance = (noise / level) ** 2 * (1 / inside.sum() + 1 / outside.sum())
    return _measurement(depth, variance)


def least_squares_depths(
    curves: BinCurves, white: Depths, star: StarRow, config: FitConfig
) -> Measurement:
    """Polynomial drift times transit, every bin alone."""
    if not white.measured:
        return white.fit
    fitted = white.info["parameters"]
    model = TransitModel(curves.time_h, star, config.substep_h)
    separation = model.separation(fitted["t0"], fitted["log_a"], fitted["b"])
    ratio = np.where(np.arange(N_BINS) == FGS1_BIN, fitted["k_fgs1"], fitted["k_airs"])
    expected = quadratic_coefficients(star.teff_k, bin_wavelengths())
    found = np.array([[fitted[f"u{n}_{band}"] for n in (1, 2)] for band in ("fgs1", "airs")])
    level = np.median(curves.flux, axis=0)
    offset = found - white_limb(expected, np.maximum(level, 0.0))
    limb = expected + np.where(np.arange(N_BINS)[:, None] == FGS1_BIN, offset[0], offset[1])
    transit, slope = _shapes(model, separation, ratio**2, limb)
    drift = legendre(curves.time_h, config.drift_order)
    columns = [*(transit * polynomial[:, None] for polynomial in drift.T), slope]
    best, inverse, rest = _solve(columns, curves.flux, np.ones_like(curves.flux))
    noise2 = (rest**2).sum(axis=0) / max(len(rest) - len(columns), 1)
    return _ratio(ratio**2, best, noise2[:, None, None] * inverse)


def oracle_depths(
    curves: BinCurves, truth: Mapping[str, NDArray[np.generic]], config: FitConfig
) -> Measurement:
    """Generalised least squares, everything known but level and (apparent) depth of each bin.

    Args:
        curves: the light curves.
        truth: what was injected, ``TRUTH_KEYS`` and, where there was any, ``RESPONSE_KEYS``; the
            orbit is a circle without those of ``CIRCLE``.
        config: how finely exposures are integrated.
    """
    known = {key: np.asarray(truth[key], dtype=np.float64) for key in TRUTH_KEYS}
    period, a, inclination = (
        float(known[key]) for key in ("period_d", "a_over_rs", "inclination_deg")
    )
    e, omega_deg = (float(np.asarray(truth.get(key, usual))) for key, usual in CIRCLE.items())
    star = StarRow(period, a, inclination, np.nan, e, omega_deg)
    model = TransitModel(curves.time_h, star, config.substep_h)
    separation = model.separation(
        float(known["mid_time_h"]), float(np.log(star.a_over_rs)), abs(star.impact)
    )
    apparent = known["spectrum"] * known["spot_factor"]
    transit, slope = _shapes(model, separation, apparent, known["limb_darkening"])
    f = np.polynomial.legendre.legval(2 * curves.time_h / curves.hours - 1, known["drift_legendre"])
    drift = 1 + f[:, None] * known["drift_spectrum"] + _beyond(curves.time_h, truth)
    best, covariance, _ = _solve([drift * transit, drift * slope], curves.flux, 1 / curves.variance)
    return _ratio(apparent, best, covariance)


def _beyond(time_h: Array, truth: Mapping[str, NDArray[np.generic]]) -> Array:
    """What the response did beyond the drift, (T, 283), or nothing."""
    if not set(RESPONSE_KEYS) <= truth.keys():
        return np.zeros((1, N_BINS))
    knots, courses, loadings = (np.asarray(truth[k], dtype=np.float64) for k in RESPONSE_KEYS)
    at_samples = [np.interp(time_h, knots, course) for course in courses]
    return np.reshape(at_samples, (-1, len(time_h))).T @ loadings


def _shapes(
    model: TransitModel, separation: Array, depth: Array, limb: Array
) -> tuple[Array, Array]:
    """Transit and its slope d/d(k^2) in every bin, both (T, 283)."""
    at = model.flux(separation, np.sqrt(depth), limb)
    up = model.flux(separation, np.sqrt(depth + _DEPTH_STEP), limb)
    return at.T, (up - at).T / _DEPTH_STEP


def _solve(columns: list[Array], flux: Array, weight: Array) -> tuple[Array, Array, Array]:
    """Weighted linear least squares of each bin.

    Args:
        columns: m designs (T, 283).
        flux, weight: (T, 283).

    Returns:
        Coefficients (283, m), inverse normal matrices (283, m, m), residuals (T, 283).
    """
    design = np.stack(columns, axis=2).transpose(1, 0, 2)  # (283, T, m)
    weighted = design * weight.T[:, :, None]
    inverse = np.linalg.pinv(weighted.transpose(0, 2, 1) @ design, hermitian=True)
    best = np.einsum("iab,itb,ti->ia", inverse, weighted, flux, optimize=True)
    rest = np.asarray(flux - np.einsum("ita,ia->ti", design, best))
    return np.asarray(best), np.asarray(inverse), rest


def _ratio(base: Array, best: Array, covariance: Array) -> Measurement:
    """Depth from a bin's level (first coefficient) and depth times level (last)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = base + best[:, -1] / best[:, 0]
        variance = covariance[:, -1, -1] / best[:, 0] ** 2
    return _measurement(depth, variance)


def _measurement(depth: Array, variance: Array) -> Measurement:
    """A bin whose samples tell nothing (no light, no transit in them) is as wide as ignorance."""
    told = np.isfinite(depth) & (variance > 0) & (variance < _MOST_VARIANCE)
    depth = np.where(told, depth, np.median(depth[told]) if told.any() else MEAN_DEPTH)
    return Measurement(depth, np.where(told, variance, _MOST_VARIANCE), np.zeros((N_BINS, 1)))
