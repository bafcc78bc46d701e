"""Effect: diffuse foreground (zodiacal light and stray light).

Units: electrons a second a pixel. Place in the chain: added to the star's image before the flat.
Equation: constant in time, even over the rows; over AIRS columns it follows the throughput, so a
share of the star's own spectrum, tilted at random. Stray light (foreign.telescope.stray_gradient,
off by default) makes it uneven: times exp(gradient (n_1 row + n_2 column)), n normal, places from
-1/2 to 1/2. Source: in real visits an ignored foreground biases depths by about 0.6 %.
"""

import numpy as np
from numpy.typing import NDArray

from spectramind.config.sim_detector import DetectorConfig


def draw_foreground(
    rng: np.random.Generator,
    column_light: NDArray[np.float64],
    height: int,
    detector: DetectorConfig,
) -> NDArray[np.float64]:
    """Draw the foreground of one detector.

    Args:
        column_light: (W,) the star's light that sets the level of each column [e/s].
        height: rows.
        detector: strengths, the median share among them.

    Returns:
        (height, W) [e/s].
    """
    drawn = detector.foreground_share * np.exp(
        detector.foreground_log_scatter * rng.standard_normal()
    )
    tilt = (
        detector.foreground_tilt * rng.standard_normal() * np.linspace(-0.5, 0.5, column_light.size)
    )
    return np.tile(drawn * np.exp(tilt) * column_light / height, (height, 1))


def draw_gradient(
    rng: np.random.Generator, shape: tuple[int, int], gradient: float
) -> NDArray[np.float64]:
    """What an uneven foreground is multiplied by, (H, W), 1 in the middle."""
    steep = gradient * rng.standard_normal(2)
    row, column = (np.linspace(-0.5, 0.5, count) for count in shape)
    return np.exp(steep[0] * row[:, None] + steep[1] * column)
