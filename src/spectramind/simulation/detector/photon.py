"""Effect: photon noise, and the accumulation of charge in pairs of reads.

Units: electrons. Place in the chain: turns rates into charge; everything later acts on reads.
Equation: a ramp starts at reset; the start read holds Q0 of mean r t0, the end read Q0 + Q1 with Q1
of mean r t1. Both have Poisson variance, drawn as normal variates: where a mean is so low that the
difference would show, 13 e of read noise hide it. The two reads share Q0, so a correlated double
sample has variance r t1 alone.
"""

import numpy as np
from numpy.typing import NDArray


def accumulate(
    rate: NDArray[np.float64],
    start_s: float,
    integration_s: float,
    rng: np.random.Generator | None,
) -> NDArray[np.float64]:
    """Charge of each read, (W, T, 2): start, end.

    Args:
        rate: (W, T) electrons a second, light and dark current.
        start_s, integration_s: see clock.Clock.
        rng: None switches the noise off.
    """
    reads = np.empty((*rate.shape, 2))
    for index, seconds in enumerate((start_s, integration_s)):
        charge = rate * seconds
        if rng is not None:
            noise = rng.standard_normal(rate.shape, dtype=np.float32)
            charge += noise * np.sqrt(np.maximum(charge, 0.0))
        reads[..., index] = charge
    reads[..., 1] += reads[..., 0]
    return reads
