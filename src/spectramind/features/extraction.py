"""AIRS extraction: the star's amplitude in each column, by least squares along the slit.

Each column of an exposure is modelled as A x profile + constant, where the profile is the visit's
mean image. Rows far from the trace hold starlight too, so the foreground is fitted, not read off
them: a mean image F p + B and an exposure (1 - d) F p + B give exactly A = 1 - d with the constant
d B, whatever the foreground B is. The weights are one over the visit's mean variance, the same for
all exposures: weights that followed each exposure's own noise would bias it (Horne 1986, PASP 98).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectramind.instrument.grid import columns_to_bins


@dataclass(frozen=True)
class Spectra:
    """A spectrum an exposure: float32 (T, 282), bins ascending in wavelength [e], [e^2]."""

    flux: NDArray[np.float32]
    variance: NDArray[np.float32]


def amplitude_weights(
    profile: NDArray[np.float64], variance: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Weights w such that sum over rows of w x column is the least-squares amplitude A.

    Weighted normal equations of A x profile + constant, solved for A: with <.> the weighted mean,
    w = (1/V) (p - <p>) / sum (1/V) (p - <p>)^2. A column without contrast gets zeros.

    Args:
        profile, variance: (rows, columns).
    """
    inverse = 1.0 / variance
    contrast = profile - (inverse * profile).sum(axis=0) / inverse.sum(axis=0)
    power = (inverse * contrast**2).sum(axis=0)
    return inverse * contrast / np.where(power > 0, power, 1.0)


def spectrum_weights(
    image: NDArray[np.float64], variance: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Weights along the slit that give electrons on the scale of the mean image's column sums.

    Args:
        image, variance: (32, 356) mean exposure and its variance [e], [e^2].
    """
    return amplitude_weights(image, variance) * image.sum(axis=0)


def extract_spectra(frames: NDArray[np.float32], variance: NDArray[np.float32]) -> Spectra:
    """Spectra of all exposures.

    Args:
        frames, variance: (T, 32, 356) [e], [e^2], masked samples filled.
    """
    image, spread = (cube.mean(axis=0, dtype=np.float64) for cube in (frames, variance))
    weights = spectrum_weights(image, spread).astype(np.float32)
    flux = np.einsum("thw,hw->tw", frames, weights)
    noise = np.einsum("thw,hw->tw", variance, weights**2)
    return Spectra(columns_to_bins(flux), columns_to_bins(noise))
