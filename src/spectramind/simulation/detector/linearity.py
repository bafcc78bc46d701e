"""Effect: non-linearity, per pixel.

Units: electrons. Place in the chain: between charge and read noise. Equation: the published
polynomial gives linear = sum_k c_k measured^k; this is its inverse, by Newton's method.
Source: real coefficients; +0.10 % at 1e4 e, +0.9 % at 3e4, +3 % at 6e4, and a pixel's own gain
scatters by 0.5 %; one live pixel in a hundred lies far outside. The mean curve is a constant, for
it is published; ``linearity.factor`` scales how far it is from a line. It ascends for any factor,
and the settings' ranges keep each pixel's ascending over the ADC's range.

Summing N cycles sums N equal ramps: coefficient k becomes c_k / N^(k-1).
"""

import numba
import numpy as np
from numpy.typing import NDArray

from spectramind.config.sim_detector import LinearityConfig

TERMS = 6
_MEAN = np.array([0.2, 1.0, 0.0, 1.18e-11, -6.0e-17, 1.34e-22])
_TOLERANCE_E = 1e-5
_MOST_STEPS = 20


def draw_coefficients(
    rng: np.random.Generator, shape: tuple[int, int], config: LinearityConfig
) -> NDArray[np.float64]:
    """Draw c_0..c_5 of each pixel, (6, H, W), monotonic over the ADC's range."""
    outlier = rng.random(shape) < config.outlier_fraction
    spread = np.where(outlier, config.outlier_factor, 1.0)
    variate = np.clip(rng.standard_normal((4, *shape)), -3, 3)
    coefficients = np.tile(_MEAN[:, None, None], (1, *shape))
    coefficients[0] += config.offset_e * variate[0]
    coefficients[1] += config.gain * spread * variate[1]
    coefficients[2] += config.square * spread * variate[2]
    coefficients[3:] *= config.factor * (1 + config.high * variate[3])
    return coefficients


def identity(shape: tuple[int, int]) -> NDArray[np.float64]:
    """Coefficients of a linear detector, (6, H, W)."""
    coefficients = np.zeros((TERMS, *shape))
    coefficients[1] = 1.0
    return coefficients


def coadded(coefficients: NDArray[np.float64], cadence: int) -> NDArray[np.float64]:
    """Coefficients that hold for the sum of ``cadence`` cycles."""
    power = np.arange(TERMS, dtype=np.float64) - 1
    return coefficients / np.float64(cadence) ** power[:, None, None]


@numba.njit(cache=True)
def _invert(
    linear: NDArray[np.float64], coefficients: NDArray[np.float64], measured: NDArray[np.float64]
) -> None:
    pixels, reads = linear.shape
    for pixel in range(pixels):
        c0, c1, c2, c3, c4, c5 = coefficients[:, pixel]
        for read in range(reads):
            target = linear[pixel, read]
            x = target
            for _ in range(_MOST_STEPS):
                value = c0 + x * (c1 + x * (c2 + x * (c3 + x * (c4 + x * c5))))
                slope = c1 + x * (2 * c2 + x * (3 * c3 + x * (4 * c4 + x * 5 * c5)))
                step = (value - target) / slope
                x -= step
                if abs(step) < _TOLERANCE_E:
                    break
            measured[pixel, read] = x


def measure(linear: NDArray[np.float64], coefficients: NDArray[np.float64]) -> NDArray[np.float64]:
    """What a non-linear pixel reads.

    Args:
        linear: (W, reads) true electrons.
        coefficients: (6, W).

    Returns:
        (W, reads) electrons x with polynomial(x) = linear to 1e-3 e.
    """
    measured = np.empty(linear.shape)
    _invert(np.ascontiguousarray(linear), np.ascontiguousarray(coefficients), measured)
    return measured
