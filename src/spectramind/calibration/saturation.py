"""Step 2a, saturation: which exposures hold a read that says less than the charge that was there.

Two causes, two bits. A read at or above ``saturation_counts`` comes from a full well, which no
polynomial undoes; one at the converter's rails was cut off on its way. Both are told by the counts,
so this could stand before or after the ADC's reversal, but not after any later step. One bad read
spoils its pair.

A pixel near its full well loses its upward fluctuations, and more of them out of transit than in:
of an exposure share f, filling leaves a bias of about phi(z_f) sigma, 5 % of sigma at f = 0.02 (140
ppm of a pixel with 1.2e5 e an exposure), 0.6 % at 0.002. Such a pixel is worse than none. One that
a cosmic ray saturates is not: it stands out of its series, which a habit does not.
"""

import numpy as np
from numpy.typing import NDArray

from spectramind.calibration.adc import RAILS

CHRONIC = 0.002  # share of exposures clipped by habit above which a pixel is masked for good


def _pairs(bad_reads: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return bad_reads[0::2] | bad_reads[1::2]


def saturated(raw: NDArray[np.uint16], saturation_counts: int) -> NDArray[np.bool_]:
    """Exposures with a read of a full well; raw (2 T, ...) counts to (T, ...)."""
    return _pairs(raw >= saturation_counts)


def adc_clipped(raw: NDArray[np.uint16]) -> NDArray[np.bool_]:
    """Exposures with a read at either rail; raw (2 T, ...) counts to (T, ...)."""
    return _pairs((raw == RAILS[0]) | (raw == RAILS[1]))


def habitual(clipped: NDArray[np.bool_], struck: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels clipped too often, (...), without being struck by cosmic rays; both (T, ...)."""
    return np.count_nonzero(clipped & ~struck, axis=0) > CHRONIC * len(clipped)
