"""Dark current: subtract what leaked in since the reset, by each read's own charge time.

After linearisation, because dark charge fills the well like any other; before CDS, so that a read's
level means starlight alone.
"""

import numpy as np
from numpy.typing import NDArray

from spectramind.calibration.kernel.limits import LARGEST


def usable_dark(dark: NDArray[np.float64]) -> NDArray[np.float64]:
    """Dark current with 0, which subtracts nothing, where it is not a believable number."""
    return np.where(np.abs(dark) < LARGEST, dark, 0.0)


def subtract(
    linear: NDArray[np.float64], dark: NDArray[np.float64], charge_time_s: float
) -> NDArray[np.float64]:
    """Linearised electrons (..., pixels) less dark [e/s] (pixels,) times the charge time [s]."""
    return linear - dark * charge_time_s
