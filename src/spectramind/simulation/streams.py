"""Random streams: each planet, visit, effect and detector draws from its own.

So the same seed gives the same bytes whatever the number of workers, and switching one effect off
leaves what the others draw as it was.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from spectramind.instrument.detectors import DETECTORS, Detector


class Source(IntEnum):
    """What draws. The numbers are part of what a seed means: never reuse or reorder them."""

    POPULATION = 0
    ORBIT_PHASE = 1
    STAR_LIGHT = 2
    JITTER = 3
    DRIFT = 4
    FOREGROUND = 5
    FLAT = 6
    DEAD = 7
    DARK = 8
    HOT = 9
    NONLINEARITY = 10
    READ_MAP = 11
    PHOTON = 12
    COSMIC = 13
    READ = 14
    DEFOCUS = 15
    INTRA_PIXEL = 16
    PERSISTENCE = 17
    LIMB_DARKENING = 18
    AIRS_JITTER = 19
    AIRS_FLEXURE = 20
    RED_NOISE = 21
    FGS1_DRIFT = 22
    ODD_DRIFT = 23
    BREATHING = 24
    FLAT_ERROR = 25
    STRAY_GRADIENT = 26
    SKY_ORBIT = 40
    SKY_OPACITY = 41
    SKY_FACULAE = 42
    SKY_CROSSED_SPOT = 43
    SKY_MOON = 44
    STRENGTHS = 45


@dataclass(frozen=True)
class Streams:
    """The streams of one visit of one planet."""

    seed: int
    planet: int
    visit: int

    def __call__(self, source: Source, detector: Detector | None = None) -> np.random.Generator:
        """A fresh generator at the start of its stream."""
        which = 0 if detector is None else 1 + DETECTORS.index(detector)
        key = [self.seed, self.planet, self.visit, int(source), which]
        return np.random.default_rng(np.random.SeedSequence(key))


def planet_ids(seed: int, count: int) -> list[str]:
    """``count`` distinct ids that look like the competition's; the first ones never change."""
    rng = np.random.default_rng(np.random.SeedSequence([seed]))
    found: dict[str, None] = {}
    while len(found) < count:
        found[str(rng.integers(10**4, 2**32))] = None
    return list(found)
