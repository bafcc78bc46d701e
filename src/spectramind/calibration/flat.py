"""Step 6, flat field: divide by each pixel's relative response.

A factor that does not change with time commutes with CDS: dividing the difference costs half of
dividing both reads.
"""

import numpy as np
from numpy.typing import NDArray


def usable_flat(flat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Flat with 1, which changes nothing, where it is not finite or not positive."""
    return np.where(np.isfinite(flat) & (flat > 0), flat, 1.0)


def divide(
    exposures: NDArray[np.float64], variance: NDArray[np.float64], flat: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """E / F and Var / F^2; exposures and variance (..., pixels), flat (pixels,)."""
    return exposures / flat, variance / flat**2
