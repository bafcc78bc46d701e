"""Effect: cosmic rays.

Units: electrons. Place in the chain: added to the charge, before non-linearity. Equation: Poisson
hits, 6e-7 a pixel a second, each leaving a log-normal charge of median 1500 e in one pixel; a hit
before the start read is in both reads of its exposure. Source: fewer than 5e-6 of real samples.
"""

import numpy as np
from numpy.typing import NDArray

_HITS_A_PIXEL_S = 6e-7
_MEDIAN_E = 1500.0
_LOG_SCATTER = 1.0


def add_hits(
    reads: NDArray[np.float64], start_s: float, integration_s: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Charge of each read with hits added.

    Args:
        reads: (W, T, 2) electrons.
        start_s, integration_s: see clock.Clock.
        rng: draws number, place, time and size of the hits.
    """
    width, pairs, _ = reads.shape
    seconds = start_s + integration_s
    count = rng.poisson(_HITS_A_PIXEL_S * seconds * width * pairs)
    pixel, exposure = rng.integers(width, size=count), rng.integers(pairs, size=count)
    charge = _MEDIAN_E * np.exp(_LOG_SCATTER * rng.standard_normal(count))
    early = rng.random(count) * seconds < start_s
    hit = reads.copy()
    np.add.at(hit, (pixel, exposure, 1), charge)
    np.add.at(hit, (pixel, exposure, 0), np.where(early, charge, 0.0))
    return hit
