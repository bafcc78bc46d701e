"""Effect: persistence.

Units: electrons a second. Place in the chain: added to the light and the dark current, before
photons are counted. Equation: a fraction f of all charge is trapped and released exponentially, so
the current p released by charge that arrives at the rate r follows

    dp/dt = (f r - p) / tau

solved exactly for a rate that is constant within each exposure. The visit begins with what an
earlier target left: its image is taken to be the same, its brightness so many times as large.
Source: the usual trap model (Smith et al. 2008); not seen in the competition's data, where a
quartic in time leaves white noise, so 5e-5 by default.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from spectramind.config.sim_detector import DetectorConfig


@dataclass(frozen=True)
class Persistence:
    """How a visit's charge comes back.

    Attributes:
        fraction: share of the charge that is trapped.
        release_s: time constant [s].
        before: brightness of the earlier target, of this one's.
    """

    fraction: float
    release_s: float
    before: float

    def release(self, rate: NDArray[np.float64], cycle_s: float) -> NDArray[np.float64]:
        """Mean current released in each exposure, (W, T) [e/s].

        Args:
            rate: (W, T) at which charge arrives [e/s].
            cycle_s: from one exposure to the next.
        """
        left = np.exp(-cycle_s / self.release_s)
        early = (1 - left) * self.release_s / cycle_s  # mean over the exposure of what is left
        source = self.fraction * rate
        first = self.before * source[:, :1]
        later, _ = lfilter([1 - left], [1.0, -left], source[:, :-1], axis=1, zi=left * first)
        current = np.concatenate([first, later], axis=1)  # at the begin of each exposure
        return np.asarray(early * current + (1 - early) * source)


def draw_persistence(rng: np.random.Generator, detector: DetectorConfig) -> Persistence:
    """Draw what came before the visit."""
    before = rng.uniform(*detector.persistence_before)
    return Persistence(detector.persistence_fraction, detector.persistence_s, float(before))


def no_persistence() -> Persistence:
    """The effect switched off."""
    return Persistence(0.0, 1.0, 0.0)
