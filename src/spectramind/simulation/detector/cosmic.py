"""Effect: cosmic rays.

Units: electrons. Place in the chain: added to the charge, before non-linearity. Equation: Poisson
hits (6e-7 a pixel a second), each leaving a log-normal charge of median 1500 e in one pixel; a hit
before the start read is in both reads of its exposure. Source: fewer than 5e-6 of real samples.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectramind.simulation.clock import Clock

_MEDIAN_E = 1500.0
_LOG_SCATTER = 1.0


@dataclass(frozen=True)
class Hits:
    """All hits of one detector in one visit, one element a hit.

    Attributes:
        pixel, exposure: where and when.
        charge: what it leaves [e].
        early: whether it came before the start read.
    """

    pixel: NDArray[np.int64]
    exposure: NDArray[np.int64]
    charge: NDArray[np.float64]
    early: NDArray[np.bool_]

    def among(self, first: int, count: int) -> "Hits":
        """Those on ``count`` pixels from ``first`` on, numbered from there."""
        here = (self.pixel >= first) & (self.pixel < first + count)
        return Hits(
            self.pixel[here] - first, self.exposure[here], self.charge[here], self.early[here]
        )


def draw_hits(rng: np.random.Generator, pixels: int, clock: Clock, hits_a_pixel_s: float) -> Hits:
    """Draw number, places, times and charges."""
    seconds = clock.start_s + clock.integration_s
    count = int(rng.poisson(hits_a_pixel_s * seconds * pixels * clock.pairs))
    return Hits(
        pixel=rng.integers(pixels, size=count),
        exposure=rng.integers(clock.pairs, size=count),
        charge=_MEDIAN_E * np.exp(_LOG_SCATTER * rng.standard_normal(count)),
        early=rng.random(count) * seconds < clock.start_s,
    )


def variance(hits_a_pixel_s: float, integration_s: float) -> float:
    """Variance of a correlated double sample [e^2]: the mean square charge of its hits."""
    mean_square = _MEDIAN_E**2 * np.exp(2 * _LOG_SCATTER**2)
    return float(hits_a_pixel_s * integration_s * mean_square)


def no_hits() -> Hits:
    """The effect switched off."""
    nowhere = np.empty(0, dtype=np.int64)
    return Hits(nowhere, nowhere, np.empty(0), np.empty(0, dtype=bool))


def add_hits(reads: NDArray[np.float64], hits: Hits) -> NDArray[np.float64]:
    """Charge of each read (W, T, 2) with the hits on these W pixels added."""
    hit = reads.copy()
    np.add.at(hit[..., 1], (hits.pixel, hits.exposure), hits.charge)
    np.add.at(hit[..., 0], (hits.pixel, hits.exposure), np.where(hits.early, hits.charge, 0.0))
    return hit
