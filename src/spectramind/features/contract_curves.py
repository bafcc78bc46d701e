"""The contract's light curves: FGS1 white light, and 283 bins on the AIRS clock."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from spectramind.config.curves import FeaturesConfig
from spectramind.contracts.series import Series, cycle_bounds

METHODS = ("psf", "aperture")  # the order of FGS1's two light curves

_MINUTES_AN_HOUR = 60.0


@dataclass(frozen=True)
class Curves:
    """One visit's light curves.

    Attributes:
        fgs1, fgs1_variance: float32 (T,) white light on FGS1's own clock.
        centroid, fgs1_jitter: float32 (T, 2) [px].
        fgs1_time_h, airs_time_h: float64, middle of each sample [h].
        pointing: float32 (T, 5) [px], what the bins may follow: FGS1's row, column and width on the
            AIRS clock (NaN as in column 0 of the bins), shift and width of AIRS along its slit. Its
            shift along the dispersion is left out: see calibration.pointing.
        bins, bins_variance: float32 (T, 283); column 0 is FGS1 on the AIRS clock, NaN with infinite
            variance where no FGS1 exposure fell into the AIRS cycle.
    """

    fgs1: NDArray[np.float32]
    fgs1_variance: NDArray[np.float32]
    fgs1_time_h: NDArray[np.float64]
    centroid: NDArray[np.float32]
    fgs1_jitter: NDArray[np.float32]
    airs_time_h: NDArray[np.float64]
    pointing: NDArray[np.float32]
    bins: NDArray[np.float32]
    bins_variance: NDArray[np.float32]


def resample_mean(
    values: NDArray[np.float32],
    variance: NDArray[np.float32],
    time_h: NDArray[np.float64],
    clock_h: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean of the samples within each cycle of another clock, see ``cycle_bounds``.

    Returns:
        Mean and its variance, each (len(clock_h),); NaN and inf in a cycle without sample.
    """
    first, stop = cycle_bounds(time_h, clock_h)
    count = stop - first
    totals = [np.concatenate([[0.0], np.cumsum(x, dtype=np.float64)]) for x in (values, variance)]
    sums = [total[stop] - total[first] for total in totals]
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(count > 0, sums[0] / count, np.nan)
        spread = np.where(count > 0, sums[1] / count**2.0, np.inf)
    return mean, spread


def jitter(centroid: NDArray[np.float32], window: int) -> NDArray[np.float32]:
    """Centroid less its running median over ``window`` exposures (made odd), (T, 2) [px]."""
    odd = min(window, len(centroid)) // 2 * 2 + 1
    slow = [median_filter(axis, size=odd, mode="nearest") for axis in centroid.T.copy()]
    return centroid - np.stack(slow, axis=1)  # per axis: SciPy's fast path is one-dimensional


def build_curves(fgs1: Series, airs: Series, config: FeaturesConfig) -> Curves:
    """Light curves of a visit from what ``calibrate`` left of both detectors."""
    which = METHODS.index(config.photometry)
    flux, variance = fgs1.flux[:, which], fgs1.variance[:, which]
    white, white_variance = resample_mean(flux, variance, fgs1.time_h, airs.time_h)
    step_h = float(np.median(np.diff(fgs1.time_h))) if len(fgs1.time_h) > 1 else np.inf
    window = round(config.jitter_window_min / _MINUTES_AN_HOUR / step_h)
    centroid = fgs1.pointing[:, :2]
    moved = [resample_mean(x, x, fgs1.time_h, airs.time_h)[0] for x in fgs1.pointing.T]
    return Curves(
        fgs1=fgs1.flux[:, which],
        fgs1_variance=fgs1.variance[:, which],
        fgs1_time_h=fgs1.time_h,
        centroid=centroid,
        fgs1_jitter=jitter(centroid, max(window, 3)),
        airs_time_h=airs.time_h,
        pointing=np.column_stack([*moved, airs.pointing[:, [0, 2]]]).astype(np.float32),
        bins=np.column_stack([white, airs.flux]).astype(np.float32),
        bins_variance=np.column_stack([white_variance, airs.variance]).astype(np.float32),
    )
