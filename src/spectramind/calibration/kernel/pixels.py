"""What goes into the kernel and what comes out, beside the reads and the exposures themselves."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Pixels(NamedTuple):
    """Per-pixel references of a block: coefficients (P, 6), the rest (P,); all finite."""

    coefficients: NDArray[np.float64]
    dark: NDArray[np.float64]
    flat: NDArray[np.float64]
    read_noise: NDArray[np.float64]
    flags: NDArray[np.uint16]

    def take(self, indices: slice | NDArray[np.integer]) -> "Pixels":
        """The references of some pixels."""
        return Pixels(
            np.ascontiguousarray(self.coefficients[indices]),
            self.dark[indices],
            self.flat[indices],
            self.read_noise[indices],
            self.flags[indices],
        )


class Readout(NamedTuple):
    """What all pixels share; times in seconds since the reset, errors and floor as fractions."""

    gain: float
    offset: float
    quantisation: float
    start_s: float
    end_s: float
    saturation_counts: int
    cosmic_sigma: float
    persistence_sigma: float
    flat_error: float
    noise_floor: float


class Samples(NamedTuple):
    """What is known of each sample beside its value, (P, T), when cubes are kept.

    The variance holds the flat's own error too, which all exposures of a pixel share.
    """

    variance: NDArray[np.float32]
    flags: NDArray[np.uint16]


class PixelStats(NamedTuple):
    """What is kept of each pixel of a block.

    Attributes:
        mean, variance: time means of the signal and of its stated variance, without the flat's
            error, which does not change from exposure to exposure [e], [e^2]; (P,).
        counts: flagged samples by cause, bit by bit of ``Flag``; (P, causes).
        bad: masked for good, (P,): by its references, or clipped or masked too often.
    """

    mean: NDArray[np.float64]
    variance: NDArray[np.float64]
    counts: NDArray[np.int64]
    bad: NDArray[np.bool_]
