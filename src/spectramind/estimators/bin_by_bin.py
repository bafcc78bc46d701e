"""Depths taken as they are, every bin alone: what a better estimate must beat."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from spectramind.contracts.planet import LabelledPlanets, Planet
from spectramind.contracts.predictive import Predictive
from spectramind.contracts.spectra import Spectra
from spectramind.estimators.protocol import DepthsOf
from spectramind.run.progress import track


@dataclass(frozen=True)
class BinByBin:
    """Visits of a planet combined by inverse variance; it learns nothing."""

    name: str
    depths: DepthsOf

    def fit(self, fold: LabelledPlanets, stop: LabelledPlanets) -> Self:
        """Itself."""
        return self

    def predict(self, planets: Sequence[Planet]) -> Predictive:
        """Depths, negative ones, which are none, at zero, and sigma as the light curves scatter."""
        mu, sigma = [], []
        for planet in track(planets, self.name, len(planets)):
            found = self.depths(planet)
            weight = 1 / np.stack([one.total_variance for one in found])
            mu.append(np.average([one.depth for one in found], axis=0, weights=weight))
            sigma.append(1 / np.sqrt(weight.sum(axis=0)))
        ids = tuple(planet.planet_id for planet in planets)
        return Predictive(Spectra(ids, np.maximum(np.stack(mu), 0.0), np.stack(sigma)))
