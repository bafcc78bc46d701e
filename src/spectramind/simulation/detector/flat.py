"""Effect: flat field.

Units: relative response. Place in the chain: multiplies all light, before photons are counted.
Equation: normal around 1, scatter 1.25 % (real flats: 1.2-1.3 %).
"""

import numpy as np
from numpy.typing import NDArray

_SCATTER = 0.0125


def draw_flat(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Draw the response of each pixel."""
    return np.clip(rng.normal(1.0, _SCATTER, shape), 0.9, 1.1)
