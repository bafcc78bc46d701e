"""Light curves of one visit -> depths, covariance and the curves the figures show."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spectramind.config.fit import FitConfig
from spectramind.contracts.depths import IGNORANCE, Depths, unmeasured
from spectramind.contracts.measurement import Measurement
from spectramind.contracts.star_row import StarRow
from spectramind.features.bin_fit import BinFit, fit_bins
from spectramind.features.clock_check import ClockDoubt, doubt_clocks
from spectramind.features.free_search import fit_somehow
from spectramind.features.normal_equations import Light
from spectramind.features.population import Population, expected
from spectramind.features.sampling import bin_in_time
from spectramind.features.transit_model import BANDS, BIN_PARAMETERS, MAX_RADIUS_RATIO, white_limb
from spectramind.features.white_fit import WhiteFit
from spectramind.instrument.grid import AIRS_BINS, FGS1_BIN, N_BINS, bin_wavelengths
from spectramind.physics.limb_darkening import quadratic_coefficients

Array = NDArray[np.float64]
MIN_SAMPLES = 20
MOST_DARK = 0.5  # share of bins without light beyond which a visit is not measured
DOUBTED_ROW = 0.03  # of the depth: what rests on a dip alone, without the star table, is so sure
_IS_FGS1 = np.arange(N_BINS) == FGS1_BIN
_UNSOLVED = "no depths solve the bins' light curves"


@dataclass(frozen=True)
class SolvedVisit:
    """How a visit's depths came about.

    Attributes:
        light: the samples that count, averaged in time, without outliers.
        star: the row whose orbit the fit used.
        bins: the fit.
    """

    light: Light
    star: StarRow
    bins: BinFit


def estimate(
    time_h: Array,
    flux: Array,
    star: StarRow,
    config: FitConfig,
    pointing: Array | None = None,
    population: Population | None = None,
) -> Depths:
    """Fit one visit's light curves.

    Args:
        time_h: (T,) [h]; flux: (T, 283), NaN where a sample is missing.
        pointing: (T, R) regressors: motion and width of the images [px]; None: not known.
        star: the planet's row of the star table.
        config: the fit's settings.
        population: how planets stray from what is expected; None: what the settings say.

    Returns:
        Depths; where the fit cannot be trusted the variance holds what is not known, and
        ``info["reason"]`` says why.
    """
    return fit_visit(time_h, flux, star, config, pointing, population)[0]


def fit_visit(
    time_h: Array,
    flux: Array,
    star: StarRow,
    config: FitConfig,
    pointing: Array | None = None,
    population: Population | None = None,
) -> tuple[Depths, SolvedVisit | None]:
    """The same as ``estimate``, and how the depths were solved for; None: they were not."""
    beside = np.zeros((len(time_h), 0)) if pointing is None or not config.pointing else pointing
    whole = np.isfinite(flux).all(axis=1) & np.isfinite(beside).all(axis=1)
    # The last exposure is wrong in the competition's data when it lies in transit.
    used = np.flatnonzero(whole)[:-1]
    time_h, flux, beside = time_h[used], flux[used], beside[used]
    if len(time_h) < MIN_SAMPLES:
        return unmeasured(f"{len(time_h)} usable exposures, {MIN_SAMPLES} needed"), None
    _, beside = bin_in_time(time_h, beside, config.samples)
    time_h, flux = bin_in_time(time_h, flux, config.samples)
    beside = (beside - beside.mean(axis=0)) / np.maximum(beside.std(axis=0), 1e-9)
    dark = np.median(flux, axis=0) <= 0
    if dark[FGS1_BIN] or dark.mean() > MOST_DARK:
        return unmeasured(f"no light in bins {np.flatnonzero(dark)[:5].tolist()}"), None
    flux = flux[:, _nearest(~dark)]  # a bin without light counts as its neighbour, till the end
    level = np.median(flux, axis=0)
    bands = np.stack([flux[:, FGS1_BIN], flux[:, AIRS_BINS].sum(axis=1)], axis=1)
    limb = quadratic_coefficients(star.teff_k, bin_wavelengths())
    population = population or expected(config)
    expected_limb = white_limb(limb, level)
    star, white = fit_somehow(time_h, bands, beside, star, expected_limb, population, config)
    if white is None:
        return unmeasured(f"{star.fault}; no transit found without its orbit"), None
    if white.detection < config.detection_sigma:
        return unmeasured("; ".join(why for why in (star.limb_fault, white.reason) if why)), None
    light = Light(time_h[white.kept], flux[white.kept], beside[white.kept])
    try:
        bins = fit_bins(light, star, limb, white.values, population, config)
    except np.linalg.LinAlgError:
        return unmeasured(_UNSOLVED), None
    if not np.isfinite(bins.measured.depth).all():
        return unmeasured(_UNSOLVED), None
    if not 0 <= np.median(bins.measured.depth) < MAX_RADIUS_RATIO**2:
        return unmeasured(f"{_UNSOLVED}: {np.median(bins.measured.depth):.3g} is no planet's"), None
    bins.measured.variance[dark] = IGNORANCE**2
    clocks = doubt_clocks(time_h, bands, beside, star, white, config)
    fit, reason = _doubted(bins, star, white, clocks)
    info = _describe(white, bins) | {"reason": reason}
    depths = Depths(fit, time_h, white.white, white.model, info, white.drift)
    return depths, SolvedVisit(light, star, bins)


def _doubted(
    bins: BinFit, star: StarRow, white: WhiteFit, clocks: ClockDoubt | None
) -> tuple[Measurement, str]:
    """Depths as uncertain as the fit is doubtful, and why it is; empty when it is not."""
    fit, reason = bins.measured, "; ".join(why for why in (star.limb_fault, white.reason) if why)
    if not bins.settled:
        reason = reason or "the transit's shape does not settle"
        modes = np.column_stack([fit.modes, np.full(N_BINS, IGNORANCE)])
        fit = Measurement(fit.depth, fit.variance, modes)
    if clocks is not None:
        reason = "; ".join(why for why in (reason, clocks.reason) if why)
        wrong = np.minimum(clocks.error * np.median(fit.depth), IGNORANCE)
        own = [np.where(where, wrong, 0.0) for where in (_IS_FGS1, ~_IS_FGS1)]
        fit = replace(fit, modes=np.column_stack([fit.modes, *own]))
    if star.fault:
        # In proportion to each bin's own noisy depth this would pull the answer down.
        common = np.full(N_BINS, DOUBTED_ROW * np.median(fit.depth))
        fit = replace(fit, modes=np.column_stack([fit.modes, common]))
    return fit, reason


def _nearest(lit: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Index of the AIRS bin with light that is nearest to each bin; FGS1 stays itself."""
    index = np.arange(N_BINS)
    airs = index[lit & (index != FGS1_BIN)]
    nearest = airs[np.abs(index[:, None] - airs).argmin(axis=1)]
    return np.where(index == FGS1_BIN, FGS1_BIN, nearest)


def _describe(white: WhiteFit, bins: BinFit) -> dict[str, Any]:
    return {
        "parameters": dict(zip(BIN_PARAMETERS, bins.values.tolist(), strict=True)),
        "seen": bins.seen.told(),
        "noise": dict(zip(BANDS, white.noise.tolist(), strict=True)),
        "detection": white.detection,
    }


def mean_around(centre_h: Array, time_h: Array, values: NDArray[np.floating]) -> Array:
    """Mean of (S, C) values at times ``time_h`` nearest to each of T centres, (T, C); NaN: none."""
    which = np.digitize(time_h, (centre_h[1:] + centre_h[:-1]) / 2)
    count = np.bincount(which, minlength=len(centre_h))
    sums = [np.bincount(which, column, minlength=len(centre_h)) for column in values.T]
    with np.errstate(invalid="ignore"):
        return np.stack(sums, axis=1) / np.where(count > 0, count, np.nan)[:, None]
