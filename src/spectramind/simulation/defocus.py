"""Effect: defocus.

Units: FGS1 pixels squared. Place in the chain: with the jitter; changes the width of the star's
image. Equation: the variance of the width follows noise with the pointing's power spectrum, drawn
on its own: the same motions of the telescope cause both. Source: participants saw the width vary;
0.002 px^2 is 0.1 % of the core's width.
"""

import numpy as np
from numpy.typing import NDArray

from spectramind.config.sim_detector import JitterConfig
from spectramind.simulation.jitter import noise


def draw_width(rng: np.random.Generator, jitter: JitterConfig, samples: int) -> NDArray[np.float64]:
    """What is added to the variance of the image's width at every FGS1 cycle, (samples,)."""
    return jitter.factor * jitter.defocus_px2 * noise(rng, jitter, 1, samples)[0]
