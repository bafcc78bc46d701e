"""Calibrated frames, for those who want to see them: the contract's frames, variance and mask."""

import numpy as np
from numpy.typing import NDArray

from spectramind.calibration.kernel.pixels import Samples
from spectramind.calibration.kernel.stream import Stream
from spectramind.calibration.steps.bad_pixels import MASKING
from spectramind.calibration.steps.interpolation import fill_in_space
from spectramind.config.calib import KillChainConfig
from spectramind.instrument.detectors import AIRS, AIRS_SCIENCE, Detector

_REACH_PX = 8  # rows (FGS1: columns too) on either side of the star's that a cropped cube keeps
_BYTES_A_SAMPLE = 4 + 4 + 1

Window = tuple[slice, slice]


def calibrated_cube(
    stream: Stream, samples: Samples, config: KillChainConfig
) -> dict[str, NDArray[np.generic]]:
    """Cube of a detector that was run whole and holds its exposures; those are filled in place.

    Returns:
        frames, variance: float32 (T, H, W) [e], [e^2]; mask: bool (T, H, W), True where filled;
        origin: row and column of the cube's first pixel on the detector.

    Raises:
        SchemaError: no good pixel on the detector.
    """
    shape = (stream.detector.height, stream.detector.width)
    interpolation = config.interpolation
    fill_in_space(
        stream.exposures,
        samples.variance,
        stream.bad.reshape(shape),
        interpolation.width_px(stream.detector),
        interpolation.noise_floor,
    )
    mask = (samples.flags & MASKING) != 0
    mask[stream.bad] = True
    rows, columns = _window(stream, shape) if config.keep_cubes == "cropped" else (slice(None),) * 2

    def as_cube(values: NDArray[np.generic]) -> NDArray[np.generic]:
        return np.ascontiguousarray(np.moveaxis(values.reshape(*shape, -1)[rows, columns], -1, 0))

    return {
        "frames": as_cube(stream.exposures),
        "variance": as_cube(samples.variance),
        "mask": as_cube(mask),
        "origin": np.array([rows.start or 0, columns.start or 0]),
    }


def cube_bytes(detector: Detector, exposures: int, config: KillChainConfig) -> int:
    """Size of a detector's cube on disk: two float32 and a bool a sample."""
    pixels = detector.pixels
    if config.keep_cubes == "cropped":
        rows = 2 * _REACH_PX + 1
        columns = AIRS_SCIENCE.stop - AIRS_SCIENCE.start if detector == AIRS else rows
        pixels = rows * columns
    return _BYTES_A_SAMPLE * pixels * exposures


def _window(stream: Stream, shape: tuple[int, int]) -> Window:
    """Around the brightest row, in the science columns; on FGS1 around the brightest column too."""
    image = np.where(stream.bad, 0.0, stream.mean).reshape(shape)
    rows = _around(image.sum(axis=1))
    return rows, AIRS_SCIENCE if stream.detector == AIRS else _around(image.sum(axis=0))


def _around(profile: NDArray[np.float64]) -> slice:
    peak = int(np.argmax(profile))
    return slice(max(peak - _REACH_PX, 0), min(peak + _REACH_PX + 1, len(profile)))
