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

        Samples stay as they are where they last longer. The last mean may hold fewer of them.
        """
        count = len(self.time_h)
        step_h = (self.time_h[-1] - self.time_h[0]) / max(count - 1, 1)
        group = round(cadence_min / _MINUTES_AN_HOUR / step_h) if step_h > 0 else 1
        if group <= 1:
            return self
        first = np.arange(0, count, group)
        size = np.diff(np.append(first, count)).astype(np.float64)

        def mean(values: NDArray[np.floating], power: int = 1) -> NDArray[np.float64]:
            total = np.add.reduceat(values, first, axis=0, dtype=np.float64)
            return np.asarray(total / np.expand_dims(size, tuple(range(1, values.ndim))) ** power)

        return Series(
            mean(self.time_h),
            mean(self.flux).astype(np.float32),
            mean(self.variance, power=2).astype(np.float32),
            mean(self.pointing).astype(np.float32),
        )


def cycle_bounds(time_h: NDArray[np.float64], clock_h: NDArray[np.float64]) -> NDArray[np.int64]:
    """Where the cycles of another clock begin and end among sorted sample times, (T + 1,).

    A cycle reaches halfway to its neighbours; the first and the last are as long as the one next
    to them. A single cycle holds everything.
    """
    middles = (clock_h[1:] + clock_h[:-1]) / 2
    if len(middles):
        first, last = 2 * clock_h[0] - middles[0], 2 * clock_h[-1] - middles[-1]
    else:
        first, last = -np.inf, np.inf
    return np.searchsorted(time_h, np.concatenate([[first], middles, [last]]))


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
        SchemaError: missing, broken, other shapes, or values that are not finite.
    """
    raw = read_npz(path, *_KEYS, made_by="calibrate")
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
    return Series(
        time_h.astype(np.float64),
        flux.astype(np.float32),
        variance.astype(np.float32),
        pointing.astype(np.float32),
    )
