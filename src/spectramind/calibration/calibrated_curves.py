"""From what the forms read to a detector's light curves: pointing regressed out, then binned."""

from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from spectramind.calibration.extraction import AirsForms, airs_series
from spectramind.calibration.photometry import Fgs1Series
from spectramind.calibration.pointing import airs_regressors, decorrelate, fgs1_regressors
from spectramind.config.calib import KillChainConfig
from spectramind.contracts.series import GAP, Series, usual_step

_MINUTES_AN_HOUR = 60.0

Array = NDArray[np.float64]


@dataclass(frozen=True)
class LightCurves:
    """Light curves of a detector in a visit.

    Attributes:
        native: every exposure, pointing regressed out.
        removed_ppm: (B,) rms of what the regression took out of each light curve.
        spent_ms: time of the regression.
    """

    native: Series
    removed_ppm: Array
    spent_ms: float


def airs_light_curves(
    sums: NDArray[np.floating],
    forms: AirsForms,
    time_h: Array,
    star: Fgs1Series,
    fgs1_time_h: Array,
    config: KillChainConfig,
) -> LightCurves:
    """AIRS: 282 bins.

    Args:
        sums: (4, T, 282) what the forms of the science columns, in order, read.
        time_h: (T,) middle of each exposure [h].
        star, fgs1_time_h: FGS1 in the same visit, and its own clock.
    """
    seen = airs_series(sums, forms)
    flux, variance = seen.flux[:, ::-1], seen.variance[:, ::-1]
    regressors = airs_regressors(seen, star, time_h, fgs1_time_h)
    return _regressed(time_h, flux, variance, regressors, seen.pointing, config)


def fgs1_light_curves(seen: Fgs1Series, time_h: Array, config: KillChainConfig) -> LightCurves:
    """FGS1: the star by its own image, and by the aperture.

    Args:
        time_h: (T,) middle of each exposure [h].
    """
    flux = np.stack([seen.flux, seen.aperture_flux], axis=1)
    variance = np.stack([seen.variance, seen.aperture_variance], axis=1)
    pointing = np.column_stack([seen.centroid, seen.width])
    return _regressed(time_h, flux, variance, fgs1_regressors(seen), pointing, config)


def _regressed(
    time_h: Array,
    flux: Array,
    variance: Array,
    regressors: Array,
    pointing: Array,
    config: KillChainConfig,
) -> LightCurves:
    start, removed = perf_counter(), np.zeros(flux.shape[1])
    if config.pointing.regress:
        steps_h, block_h = np.diff(time_h), config.pointing.block_min / _MINUTES_AN_HOUR
        step_h = usual_step(time_h) if len(steps_h) else np.inf
        breaks = np.flatnonzero(steps_h > max(block_h, GAP * step_h)) + 1
        result = decorrelate(flux, variance, regressors, round(block_h / step_h), breaks)
        flux, removed = result.flux, result.removed_ppm
    series = Series(
        time_h,
        flux.astype(np.float32),
        variance.astype(np.float32),
        pointing.astype(np.float32),
    )
    return LightCurves(series, removed, 1e3 * (perf_counter() - start))
