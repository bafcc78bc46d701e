"""Effect: dark current.

Units: electrons a second. Place in the chain: added to the light behind the flat; its electrons
have shot noise. Equation: normal, mean 0.0063, scatter 0.0013, not below 0. Source: real frames.
"""

import numpy as np
from numpy.typing import NDArray

_MEAN_E_S = 0.0063
_SCATTER_E_S = 0.0013


def draw_dark(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Draw the dark current of each pixel [e/s]."""
    return np.maximum(rng.normal(_MEAN_E_S, _SCATTER_E_S, shape), 0.0)
