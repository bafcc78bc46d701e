"""The analogue-to-digital converter.

Units: electrons to counts. Place in the chain: the last. Equation: floor((e - offset) gain), cut to
16 bits (saturation near 149,000 e); reading back, e = counts / gain + offset. Source: adc_info.csv.
A sum of N cycles keeps its 16 bits with gain / N and offset * N. Constants, for the instrument has
one converter, and a tree says in adc_info.csv which.
"""

import numba
import numpy as np
from numpy.typing import NDArray

from spectramind.dataset.tables import AdcInfo

_GAIN = 0.4369
_OFFSET_E = -1000.0
_MOST = 65535.0


def adc_info(cadence: int) -> AdcInfo:
    """The converter's settings for sums of ``cadence`` cycles."""
    return AdcInfo(gain=_GAIN / cadence, offset=_OFFSET_E * cadence)


def variance(adc: AdcInfo) -> float:
    """Variance of a correlated double sample [e^2]: two counts, each cut to a whole number."""
    return 2 / 12 / adc.gain**2


@numba.njit(cache=True)
def _encode(
    electrons: NDArray[np.float64], gain: float, offset: float, counts: NDArray[np.uint16]
) -> None:
    for index in range(electrons.size):
        count = np.floor((electrons[index] - offset) * gain)
        counts[index] = np.uint16(min(max(count, 0.0), _MOST))


def encode(electrons: NDArray[np.float64], adc: AdcInfo) -> NDArray[np.uint16]:
    """Counts of the given electrons."""
    counts = np.empty(electrons.shape, dtype=np.uint16)
    _encode(electrons.ravel(), adc.gain, adc.offset, counts.reshape(-1))
    return counts
