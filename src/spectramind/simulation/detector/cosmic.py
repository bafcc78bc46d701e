"""Effect: cosmic rays.

Units: electrons. Place in the chain: added to the charge, before non-linearity. Equation: Poisson
hits, each leaving a log-normal charge in one pixel; a hit before the start read is in both reads of
its exposure. Source: fewer than 5e-6 of real samples, so 6e-7 hits a pixel a second.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectramind.config.sim_detector import DetectorConfig
from spectramind.simulation.clock import Clock


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


def draw_hits(
    rng: np.random.Generator, pixels: int, clock: Clock, detector: DetectorConfig
) -> Hits:
    """Draw number, places, times and charges."""
    seconds = clock.start_s + clock.integration_s
    count = int(rng.poisson(detector.cosmic_a_pixel_s * seconds * pixels * clock.pairs))
    median, scatter = detector.cosmic_median_e, detector.cosmic_log_scatter
    return Hits(
        pixel=rng.integers(pixels, size=count),
        exposure=rng.integers(clock.pairs, size=count),
        charge=median * np.exp(scatter * rng.standard_normal(count)),
        early=rng.random(count) * seconds < clock.start_s,
    )


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
