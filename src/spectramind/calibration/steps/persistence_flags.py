"""Persistence: the tail of charge that a saturated pixel or a hit leaves behind.

After the cosmic rays, whose hits it starts from. The tail is the run of exposures right after the
hit that stay above the level before it. It must come to an end: an excess that lasts to the end of
the visit is a change of level (an egress just after a hit), and flagging it would cost the pixel.
What a tail leaves below the threshold stays in the data, less than ``sigma`` an exposure.
"""

import numpy as np
from numpy.typing import NDArray

from spectramind.calibration.steps.cosmics import WINDOW, scatter


def persistence(
    signal: NDArray[np.float64],
    variance: NDArray[np.float64],
    hit: NDArray[np.bool_],
    sigma: float,
) -> NDArray[np.bool_]:
    """Tails of one pixel, (T,).

    Args:
        signal, variance: its exposures (T,) [e], [e^2].
        hit: saturated, clipped or struck (T,).
        sigma: in units of the noise before the hit: the larger of the pixel's robust sigma and the
            stated noise; level and stated noise are medians of the last five good exposures.
    """
    tail = np.zeros(len(signal), dtype=bool)
    seen, t = float(scatter(signal)), 0
    while t < len(signal):
        if not hit[t]:
            t += 1
            continue
        before = np.flatnonzero(~(hit | tail)[:t])[-WINDOW:]
        t += int(np.argmin(np.append(hit[t:], False)))  # where the run of hits ends
        if not before.size:
            continue
        level = np.median(signal[before])
        noise = max(seen, float(np.sqrt(np.median(variance[before]))))
        above = signal[t:] - level > sigma * noise
        if not above.all():
            end = t + int(np.argmin(above))
            tail[t:end] = True
            t = end
    return tail
