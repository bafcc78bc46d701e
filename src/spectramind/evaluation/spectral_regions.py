"""Coverage of the intervals in regions of the spectrum: FGS1, each molecule's windows, the rest."""

import numpy as np
from numpy.typing import NDArray

from spectramind.instrument.grid import FGS1_BIN, N_BINS
from spectramind.instrument.molecules import MOLECULES, window_matrix

Array = NDArray[np.float64]
FGS1_REGION, BETWEEN = "fgs1", "between bands"


def molecule_regions() -> dict[str, NDArray[np.bool_]]:
    """Molecule -> (283,) which bins lie in its windows; a bin may lie in several."""
    return dict(zip(MOLECULES, window_matrix(), strict=True))


def spectral_regions() -> dict[str, NDArray[np.bool_]]:
    """FGS1, the molecules, and AIRS's bins in no molecule's windows: every bin is in a region."""
    fgs1 = np.arange(N_BINS) == FGS1_BIN
    molecules = molecule_regions()
    between = ~fgs1 & ~np.any(list(molecules.values()), axis=0)
    return {FGS1_REGION: fgs1, **molecules, BETWEEN: between}


def molecule_coverage(covered_bins: Array) -> dict[str, float]:
    """Mean coverage of each molecule's bins.

    Args:
        covered_bins: (283,) coverage of every bin.
    """
    return {name: float(covered_bins[bins].mean()) for name, bins in molecule_regions().items()}
