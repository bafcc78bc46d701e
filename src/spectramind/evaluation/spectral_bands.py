"""Bands that part the spectrum: FGS1, and AIRS between the edges of its molecules' windows."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from spectramind.instrument.grid import FGS1_BIN, bin_wavelengths
from spectramind.instrument.molecules import WINDOWS_UM

FGS1_BAND = "FGS1"
# Windows overlap; between these edges hardly any do, and each band is wide enough to be seen.
_EDGES_UM = (1.95, 2.15, 2.45, 2.66, 2.82, 3.10, 3.60, 3.90)
_FORMULA = {"h2o": "H₂O", "co2": "CO₂", "ch4": "CH₄", "co": "CO", "nh3": "NH₃"}
_HALF = 0.5  # of a band that a molecule's windows fill if it is named by it


def spectral_bands() -> dict[str, NDArray[np.intp]]:
    """By name, the bins of each band, ascending; every bin is in exactly one."""
    place = np.searchsorted(_EDGES_UM[1:-1], bin_wavelengths(), side="right")
    place[FGS1_BIN] = -1
    bands = {FGS1_BAND: np.array([FGS1_BIN])}
    for band, (low, high) in enumerate(pairwise(_EDGES_UM)):
        bands[_name(low, high)] = np.flatnonzero(place == band)
    return bands


def _name(low: float, high: float) -> str:
    filled = {
        molecule: sum(max(min(end, high) - max(start, low), 0.0) for start, end in windows)
        for molecule, windows in WINDOWS_UM.items()
    }
    named = [_FORMULA[each] for each, width in filled.items() if width >= _HALF * (high - low)]
    return " ".join([f"{low:.2f}–{high:.2f}", *named])
