"""A planet as estimators see it, and planets whose spectra are known."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectramind.contracts.measurement import Measurement

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Planet:
    """Features of one planet.

    Attributes:
        planet_id: as in the tree.
        measurements: depths of each visit that counts.
        white, model: (T, 2) light curves without star and drift, and transit models, of FGS1 and
            AIRS, first of these visits; T = 0 when nothing was measured.
        jitter: (T, 2) FGS1 jitter on the same samples [px].
        visits: names of all its visits, the first first; usable: those that count.
    """

    planet_id: str
    measurements: tuple[Measurement, ...]
    white: Array
    model: Array
    jitter: Array
    visits: tuple[str, ...] = ()
    usable: tuple[str, ...] = ()


@dataclass(frozen=True)
class LabelledPlanets:
    """Planets of one fold with their spectra, (n, 283), in the same order."""

    planets: tuple[Planet, ...]
    truth: Array

    def __len__(self) -> int:
        return len(self.planets)

    @property
    def ids(self) -> tuple[str, ...]:
        """The planets' names."""
        return tuple(planet.planet_id for planet in self.planets)
