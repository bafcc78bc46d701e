"""Flat field: divide by each pixel's relative response.

A factor that does not change with time commutes with CDS: dividing the difference costs half of
dividing both reads. It must follow the dark, which the flat did not shape, and linearisation.

The flat is itself measured, to a relative error s: an exposure E_d / F then carries, beside
Var / F^2, the term (E_d s / F)^2. It is the same error in all exposures of a pixel, so it belongs
to the value of a sample and not to the scatter of a light curve.
"""

import numpy as np
from numpy.typing import NDArray

from spectramind.calibration.kernel.limits import SMALLEST_FLAT


def usable_flat(flat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Flat with 1, which changes nothing, where it is not finite or (nearly) not positive."""
    return np.where(np.isfinite(flat) & (flat >= SMALLEST_FLAT), flat, 1.0)


def divide(
    exposures: NDArray[np.float64], variance: NDArray[np.float64], flat: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """E / F and Var / F^2; exposures and variance (..., pixels), flat (pixels,)."""
    return exposures / flat, variance / flat**2


def error_variance(flattened: NDArray[np.float64], flat_error: float) -> NDArray[np.float64]:
    """Variance [e^2] that the flat's relative error gives exposures already divided by it [e]."""
    return np.asarray((flattened * flat_error) ** 2)
