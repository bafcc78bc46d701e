"""Effect: intra-pixel response.

Units: relative response. Place in the chain: weights the light inside each pixel as the image
moves; its mean over a pixel is 1, so the flat does not show it. Equation, with (u, v) the place in
the pixel, -1/2..1/2, and d the depth:

    s(u, v) = 1 + a u + b v - 4 d (u^2 + v^2 - <u^2 + v^2>)

a, b normal with scatter d / 2, each pixel its own. Source: infrared arrays lose a few per cent
towards the edges of their pixels (Hardy et al. 2014); not measured on the competition's data, so
small by default.
"""

import numpy as np
from numpy.typing import NDArray


def draw_sensitivity(
    rng: np.random.Generator, shape: tuple[int, int], depth: float
) -> NDArray[np.float64]:
    """Coefficients of (1, u, v, u^2 + v^2 - mean) in each pixel, (4, H, W)."""
    tilt = depth / 2 * rng.standard_normal((2, *shape))
    ones = np.ones((1, *shape))
    return np.concatenate([ones, tilt, -4 * depth * ones])
