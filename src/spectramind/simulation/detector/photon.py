"""Effect: photon noise, and the accumulation of charge in pairs of reads.

Units: electrons. Place in the chain: turns rates into charge; everything later acts on reads.
Equation: a ramp starts at reset; the start read holds Q0 of mean r t0, the end read Q0 + Q1 with Q1
of mean r t1. Both have Poisson variance, drawn as normal variates: where a mean is so low that the
difference would show, 13 e of read noise hide it. The two reads share Q0, so a correlated double
sample has variance r t1 alone.
"""

import numba
import numpy as np
from numpy.typing import NDArray


@numba.njit(cache=True)
def _accumulate(
    rate: NDArray[np.float64],
    start_s: float,
    integration_s: float,
    noise: NDArray[np.float32],
    reads: NDArray[np.float64],
) -> None:
    pixels, exposures = rate.shape
    for pixel in range(pixels):
        for exposure in range(exposures):
            start, more = rate[pixel, exposure] * start_s, rate[pixel, exposure] * integration_s
            if start > 0.0:
                start += noise[0, pixel, exposure] * np.sqrt(start)
            if more > 0.0:
                more += noise[1, pixel, exposure] * np.sqrt(more)
            reads[pixel, exposure, 0] = start
            reads[pixel, exposure, 1] = start + more


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
    if rng is None:
        return rate[..., None] * np.array([start_s, start_s + integration_s])
    noise = rng.standard_normal((2, *rate.shape), dtype=np.float32)
    reads = np.empty((*rate.shape, 2))
    _accumulate(np.ascontiguousarray(rate), start_s, integration_s, noise, reads)
    return reads
