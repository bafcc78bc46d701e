"""Effect: the wrong last exposure.

Units: relative flux. Place in the chain: the transit. Equation: the last reset cycle of a visit
shows the star without its planet, so nothing is wrong with it outside transit; in a sum of N cycles
that is 1 / N of the exposure. Source: participants found the last exposure wrong in transit.
"""

import numpy as np
from numpy.typing import NDArray


def without_transit_at_last(change: NDArray[np.float64], cadence: int) -> NDArray[np.float64]:
    """Relative flux (bins, pairs), the last of its ``cadence`` x pairs cycles at 1."""
    wrong = change.copy()
    wrong[:, -1] += (1 - wrong[:, -1]) / cadence
    return wrong
