"""Filling masked samples: in time where a pixel is bad for moments, from its neighbours in
the frame where it is bad for good (cubes alone: light curves give such pixels no weight).

After all per-pixel steps, because neighbours are comparable only once flat-fielded. The filled
value's variance is what its sources give plus epsilon^2, epsilon = noise_floor x |value| (a
fraction, so that it means the same at any exposure length).
"""

from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from spectramind.errors import SchemaError

_REACH = 2.5  # half size of the neighbourhood in widths of the kernel


def neighbour_weights(
    good: NDArray[np.bool_], row: int, column: int, width_px: tuple[float, float]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Good pixels around one pixel, as indices into the flattened frame, and weights of sum 1.

    The kernel doubles its width until it finds a good pixel.

    Raises:
        SchemaError: the detector has no good pixel.
    """
    if not good.any():
        raise SchemaError("every pixel of the detector is flagged: its reference frames are broken")
    scale = 1.0
    while True:
        rows, columns = (
            np.arange(max(0, ceil(at - _REACH * scale * px)), floor(at + _REACH * scale * px) + 1)
            for at, px in zip((row, column), width_px, strict=True)
        )
        rows, columns = rows[rows < good.shape[0]], columns[columns < good.shape[1]]
        near = good[np.ix_(rows, columns)]
        if near.any():
            down, along = (rows - row) / width_px[0], (columns - column) / width_px[1]
            weight = np.exp(-0.5 * np.add.outer(down**2, along**2) / scale**2)[near]
            pixels = np.add.outer(rows * good.shape[1], columns)[near]
            return pixels, weight / weight.sum()
        scale *= 2.0


def fill_in_time(
    values: NDArray[np.float64],
    variance: NDArray[np.float64],
    bad: NDArray[np.bool_],
    noise_floor: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """One pixel's series (T,) with bad exposures on the line between the good ones around them.

    Args:
        noise_floor: epsilon as a fraction of the filled value.

    Returns:
        Values and variance. A series without good exposures comes back as it was.
    """
    holes, good = np.flatnonzero(bad), np.flatnonzero(~bad)
    filled, wider = values.copy(), variance.copy()
    if good.size:
        filled[holes] = np.interp(holes, good, values[good])
        wider[holes] = np.interp(holes, good, variance[good])
        wider[holes] += (noise_floor * filled[holes]) ** 2
    return filled, wider


def fill_in_space(
    frames: NDArray[np.float32],
    variance: NDArray[np.float32],
    bad: NDArray[np.bool_],
    width_px: tuple[float, float],
    noise_floor: float,
) -> None:
    """Replace, in place, the series of pixels bad for good by their good neighbours' weighted mean.

    Args:
        frames, variance: (H * W, T), a row a pixel.
        bad: (H, W).
        width_px: the kernel's widths along row and column numbers [px].
        noise_floor: epsilon as a fraction of the filled value.

    Raises:
        SchemaError: no good pixel on the detector.
    """
    for pixel in np.flatnonzero(bad):
        row, column = divmod(int(pixel), bad.shape[1])
        sources, weights = neighbour_weights(~bad, row, column, width_px)
        frames[pixel] = np.einsum("p,pt->t", weights, frames[sources])
        variance[pixel] = np.einsum("p,pt->t", weights**2, variance[sources])
        variance[pixel] += (noise_floor * frames[pixel]) ** 2
