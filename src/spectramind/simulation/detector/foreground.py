"""Effect: diffuse foreground (zodiacal light and stray light).

Units: electrons a second a pixel. Place in the chain: added to the star's image before the flat.
Equation: constant in time, even over the rows; over AIRS columns it follows the throughput, so a
share of the star's own spectrum, tilted at random. Source: in real visits an ignored foreground
biases depths by about 0.6 %.
"""

import numpy as np
from numpy.typing import NDArray

_SHARE_SCATTER = 0.3  # of the logarithm
_TILT_SCATTER = 0.5


def draw_foreground(
    rng: np.random.Generator, column_light: NDArray[np.float64], height: int, share: float
) -> NDArray[np.float64]:
    """Draw the foreground of one detector.

    Args:
        column_light: (W,) the star's light that sets the level of each column [e/s].
        height: rows.
        share: median foreground over the star's light.

    Returns:
        (height, W) [e/s].
    """
    drawn = share * np.exp(_SHARE_SCATTER * rng.standard_normal())
    tilt = _TILT_SCATTER * rng.standard_normal() * np.linspace(-0.5, 0.5, column_light.size)
    return np.tile(drawn * np.exp(tilt) * column_light / height, (height, 1))
