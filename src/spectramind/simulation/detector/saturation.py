"""Effect: saturation.

Units: electrons. Place in the chain: after non-linearity, before read noise. Equation: a read stops
at the full well; in a sum of N cycles, all alike, at N of them. Source: the ADC clips at 149,000 e,
real detectors of this kind fill at about 1e5; no real pixel is seen to (brightest: 5.9e4 e).
"""

import numpy as np
from numpy.typing import NDArray


def saturate(electrons: NDArray[np.float64], full_well_e: float) -> NDArray[np.float64]:
    """Electrons of each read, none above the full well."""
    return np.minimum(electrons, full_well_e)
