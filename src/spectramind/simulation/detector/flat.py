"""Effect: flat field.

Units: relative response. Place in the chain: multiplies all light, before photons are counted.
Equation: normal around 1, cut at eight standard deviations, so that no pixel is without response.
Source: real flats, which scatter by 1.2-1.3 %.
"""

import numpy as np
from numpy.typing import NDArray

from spectramind.config.sim_detector import DetectorConfig

_FARTHEST_SIGMA = 8.0  # no pixel of a detector is drawn so far


def draw_flat(
    rng: np.random.Generator, shape: tuple[int, int], detector: DetectorConfig
) -> NDArray[np.float64]:
    """Draw the response of each pixel."""
    farthest = _FARTHEST_SIGMA * detector.flat_scatter
    return np.clip(rng.normal(1.0, detector.flat_scatter, shape), 1 - farthest, 1 + farthest)
