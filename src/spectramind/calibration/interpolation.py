"""Filling masked samples, after all per-pixel steps: in time where a pixel is bad for moments, from
its neighbours in the frame where it is bad for good.

The filled value's variance is what its sources give plus epsilon^2, epsilon = noise_floor x |value|
(a fraction, so that it means the same at any exposure length).
"""

from dataclasses import dataclass
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from spectramind.calibration.kernel import Cube
from spectramind.errors import SchemaError

_REACH = 2.5  # half size of the neighbourhood in widths of the kernel


@dataclass(frozen=True)
class Filled:
    """What was masked, bool (T, H * W), and the shares of all samples filled in either way."""

    mask: NDArray[np.bool_]
    in_time: float
    in_space: float


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


def fill_matrix(good: NDArray[np.bool_], width_px: tuple[float, float]) -> csr_array:
    """The filling in space as a matrix (pixels, pixels): 1 on the diagonal of good pixels.

    Raises:
        SchemaError: the detector has no good pixel.
    """
    kept = np.flatnonzero(good)
    rows, columns, values = [kept], [kept], [np.ones(len(kept))]
    for pixel in np.flatnonzero(~good):
        row, column = divmod(int(pixel), good.shape[1])
        sources, weights = neighbour_weights(good, row, column, width_px)
        rows.append(np.full(len(sources), pixel))
        columns.append(sources)
        values.append(weights)
    where = (np.concatenate(rows), np.concatenate(columns))
    return csr_array((np.concatenate(values), where), shape=(good.size, good.size))


def _add_floor(
    cube: Cube, where: tuple[NDArray[np.int64] | slice, int], noise_floor: float
) -> None:
    """Add epsilon^2 to the variance of values just filled."""
    cube.variance[where] += (noise_floor * cube.frames[where]) ** 2


def _fill_in_time(cube: Cube, pixel: int, bad: NDArray[np.bool_], noise_floor: float) -> None:
    """Replace a pixel's bad exposures by the line between the good ones around them."""
    holes, good = np.flatnonzero(bad), np.flatnonzero(~bad)
    for values in (cube.frames, cube.variance):
        values[holes, pixel] = np.interp(holes, good, values[good, pixel])
    _add_floor(cube, (holes, pixel), noise_floor)


def _fill_in_space(
    cube: Cube,
    pixel: int,
    good: NDArray[np.bool_],
    width_px: tuple[float, float],
    noise_floor: float,
) -> None:
    """Replace a pixel's whole series by the weighted mean of its good neighbours'."""
    row, column = divmod(pixel, good.shape[1])
    sources, weights = neighbour_weights(good, row, column, width_px)
    cube.frames[:, pixel] = cube.frames[:, sources] @ weights
    cube.variance[:, pixel] = cube.variance[:, sources] @ weights**2
    _add_floor(cube, (slice(None), pixel), noise_floor)


def fill_masked(
    cube: Cube, shape: tuple[int, int], width_px: tuple[float, float], noise_floor: float
) -> Filled:
    """Fill every flagged sample of a cube, in place.

    A pixel flagged in at most half of the exposures is filled in time; one flagged more often is
    masked throughout and filled in space.

    Args:
        cube: frames and variance (T, H * W) are written where ``flags`` is not 0.
        shape: (H, W).
        width_px: the spatial kernel's widths along row and column numbers [px].
        noise_floor: epsilon as a fraction of the filled value.

    Raises:
        SchemaError: no good pixel on the detector.
    """
    mask = cube.flags != 0
    share = mask.mean(axis=0)
    bad_for_good = share > 0.5
    for pixel in np.flatnonzero((share > 0) & ~bad_for_good):
        _fill_in_time(cube, int(pixel), mask[:, pixel], noise_floor)
    in_time = float(share[~bad_for_good].sum() / share.size)
    good = ~bad_for_good.reshape(shape)
    for pixel in np.flatnonzero(bad_for_good):
        _fill_in_space(cube, int(pixel), good, width_px, noise_floor)
    mask[:, bad_for_good] = True
    return Filled(mask, in_time, float(bad_for_good.mean()))
