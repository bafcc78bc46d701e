"""Wavelength windows [um] in which a molecule's bands stand out between 1.95 and 3.90 um.

Band centres from ``band_model`` constants (HITRAN band sums): H2O 2.66-2.73 (and the wing of 1.88),
CO2 2.69-2.77, CH4 2.20-2.45 and 3.15-3.55, CO 2.35, NH3 2.25 and 2.96.
"""

import numpy as np
from numpy.typing import NDArray

from spectramind.instrument.grid import bin_wavelengths

WINDOWS_UM: dict[str, tuple[tuple[float, float], ...]] = {
    "h2o": ((2.45, 2.95),),
    "co2": ((2.66, 2.82),),
    "ch4": ((2.15, 2.45), (3.10, 3.60)),
    "co": ((2.29, 2.42),),
    "nh3": ((2.19, 2.33), (2.88, 3.06)),
}
MOLECULES = tuple(WINDOWS_UM)


def window_bins(molecule: str) -> NDArray[np.int64]:
    """Bins of a molecule's windows, ascending; FGS1 never among them."""
    wavelength = bin_wavelengths()
    inside = np.zeros(wavelength.shape, dtype=bool)
    for low, high in WINDOWS_UM[molecule]:
        inside |= (wavelength >= low) & (wavelength <= high)
    return np.flatnonzero(inside)


def window_matrix() -> NDArray[np.bool_]:
    """Membership, shape (len(MOLECULES), 283)."""
    table = np.zeros((len(MOLECULES), len(bin_wavelengths())), dtype=bool)
    for row, molecule in enumerate(MOLECULES):
        table[row, window_bins(molecule)] = True
    return table
