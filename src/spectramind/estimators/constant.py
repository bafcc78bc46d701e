"""The metric's own naive prediction: its score is 0 by definition."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from spectramind.contracts.planet import LabelledPlanets, Planet
from spectramind.contracts.predictive import Predictive
from spectramind.contracts.spectra import Spectra
from spectramind.instrument.grid import N_BINS


@dataclass(frozen=True)
class Constant:
    """One depth and one sigma for every planet and bin.

    Attributes:
        mean, sigma: the metric's moments of all labels (``evaluation.official.naive_moments``).
    """

    mean: float
    sigma: float
    name: str = "constant"

    def fit(self, fold: LabelledPlanets, stop: LabelledPlanets) -> Self:
        """Itself: the metric takes its moments from all labels, not from a fold."""
        return self

    def predict(self, planets: Sequence[Planet]) -> Predictive:
        """The same for all."""
        shape = (len(planets), N_BINS)
        ids = tuple(planet.planet_id for planet in planets)
        return Predictive(Spectra(ids, np.full(shape, self.mean), np.full(shape, self.sigma)))
