"""ADC reversal: raw counts to electrons.

E = R / gain + offset, which is the doctrine's (R - o) g with g = 1/gain, o = -offset gain. First,
because every later step but one is stated in electrons; saturation and clipping are seen in the
counts themselves, so their flags commute with it. The converter floors: E sits half a count low on
average, the same in both reads of a pair, so the difference is free of it.
"""

import numpy as np
from numpy.typing import NDArray

from spectramind.dataset.tables import AdcInfo

RAILS = (0, 65535)  # counts at which the converter clips


def reverse(raw: NDArray[np.uint16], adc: AdcInfo) -> NDArray[np.float64]:
    """Electrons of raw counts; same shape."""
    return raw / adc.gain + adc.offset


def quantisation_variance(adc: AdcInfo) -> float:
    """Variance of the rounding to whole counts [e^2]: that of a uniform one count wide."""
    return 1.0 / (12.0 * adc.gain**2)
