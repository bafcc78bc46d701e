"""Effect: noise with memory.

Units: relative. Place in the chain: with the drift. Equation: an Ornstein-Uhlenbeck process common
to all bins of AIRS, another for FGS1. Source: on a hidden set 30 ppm in AIRS and 50 ppm in FGS1
with 1.5 h of memory made level errors 1.6 times those stated.
"""

import numpy as np

from spectramind.config.sim_telescope import RedNoiseConfig
from spectramind.instrument.grid import AIRS_BINS, FGS1_BIN, N_BINS
from spectramind.simulation.telescope.response import ResponseTerm
from spectramind.simulation.telescope.slow_course import wandering


def draw_red_noise(
    rng: np.random.Generator, noise: RedNoiseConfig, knots: int
) -> list[ResponseTerm]:
    """A term for either detector; the course is of unit rms, the loading the detector's rms."""
    airs, fgs1 = wandering(rng, 2, knots, noise.memory_h)
    loadings = np.zeros((2, N_BINS))
    loadings[0, AIRS_BINS] = noise.airs
    loadings[1, FGS1_BIN] = noise.fgs1
    return [
        ResponseTerm("airs_red_noise", airs, loadings[0]),
        ResponseTerm("fgs1_red_noise", fgs1, loadings[1]),
    ]
