"""The contract's light curves: FGS1 white light, and 283 bins on the AIRS clock."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectramind.config.features import PhotometryConfig
from spectramind.features.extraction import Spectra, extract_spectra
from spectramind.features.photometry import Photometry, jitter, measure

_MINUTES_AN_HOUR = 60.0


@dataclass(frozen=True)
class Curves:
    """One visit's light curves.

    Attributes:
        fgs1: photometry at FGS1's own cadence.
        fgs1_time_h, airs_time_h: float64, middle of each exposure [h].
        fgs1_jitter: float32 (T, 2) [px].
        bins, bins_variance: float32 (T, 283); column 0 is FGS1 on the AIRS clock, NaN with infinite
            variance where no FGS1 exposure fell into the AIRS cycle.
    """

    fgs1: Photometry
    fgs1_time_h: NDArray[np.float64]
    fgs1_jitter: NDArray[np.float32]
    airs_time_h: NDArray[np.float64]
    bins: NDArray[np.float32]
    bins_variance: NDArray[np.float32]


def resample_mean(
    values: NDArray[np.float32],
    variance: NDArray[np.float32],
    time_h: NDArray[np.float64],
    clock_h: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean of the samples within each cycle of another clock.

    A cycle reaches halfway to its neighbours; the first and the last are as long as the one next
    to them. A single cycle holds everything.

    Returns:
        Mean and its variance, each (len(clock_h),); NaN and inf in a cycle without sample.
    """
    middles = (clock_h[1:] + clock_h[:-1]) / 2
    if len(middles):
        first, last = 2 * clock_h[0] - middles[0], 2 * clock_h[-1] - middles[-1]
    else:
        first, last = -np.inf, np.inf
    edges = np.concatenate([[first], middles, [last]])
    bounds = np.searchsorted(time_h, edges)
    count = np.diff(bounds)
    sums = [
        np.diff(np.concatenate([[0.0], np.cumsum(x, dtype=np.float64)])[bounds])
        for x in (values, variance)
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(count > 0, sums[0] / count, np.nan)
        spread = np.where(count > 0, sums[1] / count**2.0, np.inf)
    return mean, spread


def build_curves(
    fgs1: tuple[NDArray[np.float32], NDArray[np.float32]],
    airs: tuple[NDArray[np.float32], NDArray[np.float32]],
    fgs1_time_h: NDArray[np.float64],
    airs_time_h: NDArray[np.float64],
    config: PhotometryConfig,
) -> Curves:
    """Light curves of a visit from its calibrated cubes.

    Args:
        fgs1, airs: frames and variance, (T, 32, 32) and (T, 32, 356).
    """
    star, spectra = measure(*fgs1, config), extract_spectra(*airs)
    return assemble(star, spectra, fgs1_time_h, airs_time_h, config)


def assemble(
    star: Photometry,
    spectra: Spectra,
    fgs1_time_h: NDArray[np.float64],
    airs_time_h: NDArray[np.float64],
    config: PhotometryConfig,
) -> Curves:
    """Light curves of a visit from its photometry and its spectra."""
    white, white_variance = resample_mean(star.flux, star.variance, fgs1_time_h, airs_time_h)
    step_h = float(np.median(np.diff(fgs1_time_h))) if len(fgs1_time_h) > 1 else np.inf
    window = round(config.jitter_window_min / _MINUTES_AN_HOUR / step_h)
    return Curves(
        fgs1=star,
        fgs1_time_h=fgs1_time_h,
        fgs1_jitter=jitter(star.centroid, max(window, 3)),
        airs_time_h=airs_time_h,
        bins=np.column_stack([white, spectra.flux]).astype(np.float32),
        bins_variance=np.column_stack([white_variance, spectra.variance]).astype(np.float32),
    )
