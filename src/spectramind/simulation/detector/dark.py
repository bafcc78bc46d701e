"""Effect: dark current.

Units: electrons a second. Place in the chain: added to the light behind the flat; its electrons
have shot noise. Equation: normal, not below 0. Source: real frames (mean 0.0063, scatter 0.0013).
"""

import numpy as np
from numpy.typing import NDArray

from spectramind.config.sim_detector import DetectorConfig


def draw_dark(
    rng: np.random.Generator, shape: tuple[int, int], detector: DetectorConfig
) -> NDArray[np.float64]:
    """Draw the dark current of each pixel [e/s]."""
    return np.maximum(rng.normal(detector.dark_e_s, detector.dark_scatter_e_s, shape), 0.0)
