"""The 283 spectral bins: 0 is FGS1, 1..282 are AIRS columns 320..39, ascending in wavelength."""

import numpy as np
from numpy.typing import NDArray

from spectramind.instrument.detectors import AIRS, AIRS_SCIENCE

N_BINS = 283
FGS1_BIN = 0
AIRS_BINS = slice(FGS1_BIN + 1, N_BINS)
FGS1_WAVELENGTH_UM = 0.7
FGS1_BANDPASS_UM = (0.60, 0.80)

# Chebyshev coefficients over the detector's columns; reproduces the published axis to 3e-15 um.
_DISPERSION = (2.964766721553117, -1.2226052102268348, -0.10890879088107853)


def airs_column_wavelengths() -> NDArray[np.float64]:
    """Wavelength of each AIRS-CH0 column [um], shape (356,), descending."""
    half = (AIRS.width - 1) / 2
    x = (np.arange(AIRS.width) - half) / half
    return np.polynomial.chebyshev.chebval(x, _DISPERSION)


def bin_wavelengths() -> NDArray[np.float64]:
    """Wavelength of each of the 283 bins [um], ascending."""
    return np.concatenate([[FGS1_WAVELENGTH_UM], columns_to_bins(airs_column_wavelengths())])


def bin_widths() -> NDArray[np.float64]:
    """Width of each of the 283 bins [um]: the FGS1 bandpass, then the AIRS column spacing."""
    airs = columns_to_bins(np.abs(np.gradient(airs_column_wavelengths())))
    return np.concatenate([[FGS1_BANDPASS_UM[1] - FGS1_BANDPASS_UM[0]], airs])


def bin_edges() -> NDArray[np.float64]:
    """Lower and upper edge of each of the 283 bins [um], (283, 2): the FGS1 bandpass, then halfway
    to the neighbouring AIRS columns, so that AIRS's bins meet and are as wide as ``bin_widths``.
    """
    columns = airs_column_wavelengths()
    halfway = (columns[1:] + columns[:-1]) / 2
    low, high = np.full(AIRS.width, np.nan), np.full(AIRS.width, np.nan)
    low[:-1], high[1:] = halfway, halfway  # columns descend in wavelength; none of its ends counts
    airs = np.stack([columns_to_bins(low), columns_to_bins(high)], axis=1)
    return np.concatenate([[FGS1_BANDPASS_UM], airs])


def columns_to_bins(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pick the science columns of a (..., 356) array and order them as bins 1..282, (..., 282)."""
    return columns[..., AIRS_SCIENCE][..., ::-1]
