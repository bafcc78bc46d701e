"""Effect: detector seam.

Units: relative gain. Place in the chain: after saturation, before read noise. Equation: columns
from the seam on are read with gain 1 + step, which no reference frame shows. Source: none, no seam
is known on AIRS-CH0; off unless asked for.
"""

import numpy as np
from numpy.typing import NDArray

from spectramind.config.sim_detector import SeamConfig
from spectramind.instrument.detectors import AIRS, Detector


def column_gain(seam: SeamConfig, detector: Detector) -> NDArray[np.float64]:
    """Gain of each column, (W,)."""
    gain = np.ones(detector.width)
    if detector == AIRS and seam.column is not None:
        gain[seam.column :] += seam.step
    return gain
