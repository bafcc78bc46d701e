"""Two visits of one planet: does the difference of their depths keep to its stated error?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectramind.contracts.measurement import Measurement
from spectramind.evaluation.coverage import PPM
from spectramind.instrument.grid import FGS1_BIN

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class VisitDifference:
    """The second visit's depths minus the first's, and in units of the stated error (``_z``).

    ``level`` is the mean over AIRS bins, ``shape`` what remains of each of them without it.

    Attributes:
        fgs1_ppm, fgs1_z, level_ppm, level_z: numbers.
        bins_z: (283,); shape_z: (282,).
    """

    fgs1_ppm: float
    fgs1_z: float
    level_ppm: float
    level_z: float
    bins_z: Array
    shape_z: Array


def compare_visits(first: Measurement, second: Measurement) -> VisitDifference:
    """Compare two visits whose errors are taken to be independent: their covariances add up.

    What both visits share (the planet's limb darkening) leaves the difference alone but is in both
    errors: z is then smaller than that of a standard normal.
    """
    difference = second.depth - first.depth
    variance = first.variance + second.variance
    modes = np.concatenate([first.modes, second.modes], axis=1)
    total = variance + (modes**2).sum(axis=1)
    airs = slice(FGS1_BIN + 1, None)
    n = len(difference) - 1
    common = modes[airs].mean(axis=0)
    mean_variance = variance[airs].sum() / n**2
    level, level_variance = difference[airs].mean(), mean_variance + (common**2).sum()
    own = variance[airs] * (1 - 2 / n) + mean_variance
    shape_variance = own + ((modes[airs] - common) ** 2).sum(axis=1)
    return VisitDifference(
        fgs1_ppm=float(difference[FGS1_BIN] * PPM),
        fgs1_z=float(difference[FGS1_BIN] / np.sqrt(total[FGS1_BIN])),
        level_ppm=float(level * PPM),
        level_z=float(level / np.sqrt(level_variance)),
        bins_z=difference / np.sqrt(total),
        shape_z=(difference[airs] - level) / np.sqrt(shape_variance),
    )
