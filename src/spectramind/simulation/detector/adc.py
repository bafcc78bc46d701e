"""The analogue-to-digital converter.

Units: electrons to counts. Place in the chain: the last. Equation: floor((e - offset) gain), cut to
16 bits (saturation near 149,000 e); reading back, e = counts / gain + offset. Source: adc_info.csv.
A sum of N cycles keeps its 16 bits with gain / N and offset * N.
"""

import numpy as np
from numpy.typing import NDArray

from spectramind.dataset.tables import AdcInfo

_GAIN = 0.4369
_OFFSET_E = -1000.0
_MOST = np.iinfo(np.uint16).max


def adc_info(cadence: int) -> AdcInfo:
    """The converter's settings for sums of ``cadence`` cycles."""
    return AdcInfo(gain=_GAIN / cadence, offset=_OFFSET_E * cadence)


def encode(electrons: NDArray[np.float64], adc: AdcInfo) -> NDArray[np.uint16]:
    """Counts of the given electrons."""
    counts = np.floor((electrons - adc.offset) * adc.gain)
    return np.clip(counts, 0, _MOST).astype(np.uint16)
