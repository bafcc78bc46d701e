"""What `calibrate` leaves of a detector in a visit: its light curves and its pointing."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spectramind.errors import SchemaError
from spectramind.run.atomic import write_npz
from spectramind.run.npz import read_npz

_KEYS = ("time", "flux", "flux_variance", "pointing")
_MINUTES_AN_HOUR = 60.0
_LONGEST_H = 1.0  # step of a light curve: no transit shows in a slower one
GAP = 1.5  # times the usual step, beyond which samples are missing between two


@dataclass(frozen=True)
class Series:
    """Light curves of a detector.

    Attributes:
        time_h: float64 (T,), middle of each sample [h].
        flux, variance: float32 (T, B) [e an exposure], [e^2]. FGS1: the star by its own image, and
            by the aperture. AIRS: 282 bins, ascending in wavelength.
        pointing: float32 (T, 3) [px]. FGS1: row and column of the star, growth of its width.
            AIRS: shift along the slit and along the dispersion, growth of the width.
    """

    time_h: NDArray[np.float64]
    flux: NDArray[np.float32]
    variance: NDArray[np.float32]
    pointing: NDArray[np.float32]

    def binned(self, cadence_min: float) -> "Series":
        """Means of neighbouring samples, so that one lasts about ``cadence_min``.

        Samples stay as they are where they last longer. Cells are cut by the clock: where samples
        are missing a mean holds fewer of them and never reaches across a gap. One that holds less
        than half of what the median one does is left out, for fits weigh all alike; but for the
        last, which may always hold fewer.
        """
        count = len(self.time_h)
        step_h = usual_step(self.time_h) if count > 1 else 0.0
        group = round(cadence_min / _MINUTES_AN_HOUR / step_h) if step_h > 0 else 1
        if group <= 1:
            return self
        tick = np.maximum(np.round(np.diff(self.time_h) / step_h), 1).astype(np.int64)
        cell = np.cumsum(np.append(0, tick)) // group
        first = np.flatnonzero(np.diff(cell, prepend=-1))
        size = np.diff(np.append(first, count)).astype(np.float64)
        full = size >= np.median(size) / 2
        full[-1] = True

        def mean(values: NDArray[np.floating], power: int = 1) -> NDArray[np.float64]:
            total = np.add.reduceat(values, first, axis=0, dtype=np.float64)
            means = total / np.expand_dims(size, tuple(range(1, values.ndim))) ** power
            return np.asarray(means[full])

        return Series(
            mean(self.time_h),
            mean(self.flux).astype(np.float32),
            mean(self.variance, power=2).astype(np.float32),
            mean(self.pointing).astype(np.float32),
        )


def usual_step(time_h: NDArray[np.float64]) -> float:
    """From one sample to the next where none is missing, of two samples or more.

    The lower quartile of the steps: up to half of the samples may be missing, anywhere.
    """
    return float(np.quantile(np.diff(time_h), 0.25, method="lower"))


def cycle_bounds(
    time_h: NDArray[np.float64], clock_h: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the cycles of another clock begin and end (exclusive) among sorted sample times.

    A cycle reaches halfway to its neighbours, but not farther than is usual: beside a
    gap of the clock it holds no more than elsewhere. A single cycle holds everything.

    Returns:
        First sample of each cycle, and the first one after it, (T,) each.
    """
    if len(clock_h) < 2:
        nothing = np.zeros(len(clock_h), np.int64)
        return nothing, nothing + len(time_h)
    steps, middles = np.diff(clock_h), (clock_h[1:] + clock_h[:-1]) / 2
    usual = usual_step(clock_h)
    gap = steps > GAP * usual
    after = np.where(gap, clock_h[:-1] + usual / 2, middles)
    before = np.where(gap, clock_h[1:] - usual / 2, middles)
    begins = np.append(2 * clock_h[0] - after[0], before)
    ends = np.append(after, 2 * clock_h[-1] - before[-1])
    return np.searchsorted(time_h, begins), np.searchsorted(time_h, ends)


def write_series(path: Path, series: Series, **beside: ArrayLike) -> None:
    """Write light curves, and whatever else belongs into their file."""
    write_npz(
        path,
        time=series.time_h,
        flux=series.flux,
        flux_variance=series.variance,
        pointing=series.pointing,
        **beside,
    )


def read_series(path: Path, curves: int) -> Series:
    """Read the light curves of a detector that has so many.

    Raises:
        SchemaError: missing, broken, other shapes, values that are not finite, or times that do
            not ascend or are no hours.
    """
    raw = read_npz(path, *_KEYS, made_by="calibrate", texts=())
    time_h, flux, variance, pointing = (raw[key] for key in _KEYS)
    shapes = (time_h.shape, flux.shape, variance.shape, pointing.shape)
    count = len(time_h) if time_h.ndim else 0
    if shapes != ((count,), (count, curves), (count, curves), (count, 3)) or not all(
        np.isfinite(values).all() for values in (time_h, flux, pointing)
    ):
        raise SchemaError(
            f"{path} holds {shapes}, expected finite (T,), (T, {curves}), (T, {curves}), (T, 3): "
            "delete it and run `spectramind calibrate` again"
        )
    steps_h = np.diff(time_h)
    if (steps_h <= 0).any() or (count > 1 and np.median(steps_h) > _LONGEST_H):
        raise SchemaError(
            f"{path} holds times from {time_h[0]:.6g} to {time_h[-1]:.6g} in steps of "
            f"{np.median(steps_h):.4g}: they must ascend, in hours, by at most {_LONGEST_H:g} h: "
            "delete it and run `spectramind calibrate` again"
        )
    return Series(
        time_h.astype(np.float64),
        flux.astype(np.float32),
        variance.astype(np.float32),
        pointing.astype(np.float32),
    )
