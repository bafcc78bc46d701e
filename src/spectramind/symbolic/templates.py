"""The shape a molecule's bands draw inside its windows, coarse on purpose.

Centres and relative strengths after ``instrument.molecules`` (HITRAN band sums); the widths are the
rotational envelopes at about 1,000 K. A saturated band grows as the logarithm of its cross-section,
so strengths of neighbouring bands differ by tens of per cent, not by orders of magnitude.
"""

import numpy as np
from numpy.typing import NDArray

from spectramind.instrument.grid import bin_wavelengths
from spectramind.instrument.molecules import window_bins

# Centre [um], standard deviation [um], relative strength.
BANDS_UM: dict[str, tuple[tuple[float, float, float], ...]] = {
    "h2o": ((2.69, 0.15, 1.0),),
    "co2": ((2.69, 0.04, 0.9), (2.77, 0.04, 1.0)),
    "ch4": ((2.32, 0.10, 0.6), (3.32, 0.15, 1.0)),
    "co": ((2.35, 0.04, 1.0),),
    "nh3": ((2.25, 0.06, 0.9), (2.96, 0.07, 1.0)),
}


def template(molecule: str) -> NDArray[np.float64]:
    """Non-negative, of unit norm, on the bins ``window_bins(molecule)``."""
    wavelength = bin_wavelengths()[window_bins(molecule)]
    shape = np.zeros(wavelength.shape)
    for centre, width, strength in BANDS_UM[molecule]:
        shape += strength * np.exp(-0.5 * ((wavelength - centre) / width) ** 2)
    return shape / np.linalg.norm(shape)
