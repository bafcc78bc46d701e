"""Correlated double sampling: an exposure is its end read minus its start read.

The difference removes the reset level and the ADC offset. Its photon noise is that of the charge
collected between the reads, star and dark alike; each read adds its own read noise and rounding.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class VarianceTerms:
    """Named variance terms of an exposure [e^2]; the total is their sum, never patched.

    Attributes:
        photon: charge collected between the reads, at least 0.
        read: read noise of both reads, stretched by the linearity slope.
        reference: rounding of both reads, stretched alike.
    """

    photon: NDArray[np.float64]
    read: NDArray[np.float64]
    reference: NDArray[np.float64]

    @property
    def total(self) -> NDArray[np.float64]:
        """Variance of the exposure."""
        return self.photon + self.read + self.reference


def difference(start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """Exposures [e]; may be negative and stays so."""
    return end - start


def variance_terms(
    collected: NDArray[np.float64],
    slope_start: NDArray[np.float64],
    slope_end: NDArray[np.float64],
    read_noise: NDArray[np.float64],
    quantisation: float,
) -> VarianceTerms:
    """Variance of the exposures.

    Args:
        collected: linearised electrons between the reads, dark included [e].
        slope_start, slope_end: dL/dE at either read.
        read_noise: noise of one read [e].
        quantisation: variance of the rounding of one read [e^2].
    """
    stretch = slope_start**2 + slope_end**2
    return VarianceTerms(
        photon=np.maximum(collected, 0.0),
        read=stretch * read_noise**2,
        reference=stretch * quantisation,
    )
