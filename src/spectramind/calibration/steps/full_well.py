"""Saturation: which exposures hold a read that says less than the charge that was there.

Two causes, two bits. A read at or above ``saturation_counts`` comes from a full well, which no
polynomial undoes; one at the converter's rails was cut off on its way. Both are told by the counts,
so this could stand before or after the ADC's reversal, but not after any later step. One bad read
spoils its pair.

A pixel near its full well loses its upward fluctuations, and more of them out of transit than in:
of an exposure share f, filling leaves a bias of about phi(z_f) sigma, 5 % of sigma at f = 0.02 (140
ppm of a pixel with 1.2e5 e an exposure), 0.6 % at 0.002. Such a pixel is worse than none. One that
a cosmic ray saturates is not: it stands out of its series, which a habit does not.

A well can fill below the converter's clip, and nobody says where. A pixel tells it itself: its end
reads pile up at the full well, with the read noise for a width, while light alone thins out towards
the brightest read. So a pixel whose photon noise is wider than half a band of a few read noises,
and which holds more end reads in the band under its highest than in the band under that one, is
full. Of a pixel that is full less than a tenth of the time this sees nothing.
"""

import numpy as np
from numpy.typing import NDArray

from spectramind.calibration.steps.adc_reversal import RAILS, quantisation_variance, reverse
from spectramind.dataset.tables import AdcInfo

CHRONIC = 0.002  # share of exposures clipped by habit above which a pixel is masked for good
BAND = 6.0  # read noises: holds what piles up at a full well
PILE_SIGMA = 4.0  # excess in the highest band, in standard deviations by chance
GLANCE = 16  # exposures that tell whether a pixel is bright enough


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


def piled_up(
    raw: NDArray[np.uint16], read_noise: NDArray[np.float64], adc: AdcInfo
) -> NDArray[np.bool_]:
    """Pixels whose end reads pile up at a full well, (P,).

    Args:
        raw: (P, 2 T) counts, start and end reads in turn.
        read_noise: (P,) [e].
        adc: gain in counts an electron, and offset.
    """
    full = np.zeros(len(raw), dtype=bool)
    ends = raw[:, 1::2]
    glance = reverse(ends[:, :: max(ends.shape[1] // GLANCE, 1)], adc)
    photon_noise = np.sqrt(np.maximum(glance.mean(axis=1), 0.0)) if glance.size else full
    band = BAND * np.sqrt(read_noise**2 + quantisation_variance(adc))
    for pixel in np.flatnonzero(photon_noise > band / 2):
        below_top = ends[pixel].max() - ends[pixel]
        reach = band[pixel] * adc.gain
        near = np.count_nonzero(below_top <= reach)
        under = np.count_nonzero(below_top <= 2 * reach) - near
        full[pixel] = near - under > PILE_SIGMA * np.sqrt(near + under)
    return full
