"""What every estimator can do, and how one gets a planet's depths."""

from collections.abc import Callable, Sequence
from typing import Protocol, Self

from spectramind.contracts.measurement import Measurement
from spectramind.contracts.planet import LabelledPlanets, Planet
from spectramind.contracts.predictive import Predictive

# Depths of each visit of a planet that counts.
DepthsOf = Callable[[Planet], Sequence[Measurement]]


def fitted_depths(planet: Planet) -> Sequence[Measurement]:
    """The depths that ``features`` left."""
    return planet.measurements


class Estimator(Protocol):
    """Spectra of planets, sigma as the estimator itself believes it: calibrators come after.

    Attributes:
        name: how tables, files and settings call it.
    """

    @property
    def name(self) -> str: ...

    def fit(self, fold: LabelledPlanets, stop: LabelledPlanets) -> Self:
        """The same, learnt from a fold.

        Args:
            fold: planets to learn from.
            stop: planets that only say when to stop, where there is something to stop.
        """
        ...

    def predict(self, planets: Sequence[Planet]) -> Predictive:
        """Spectra of planets, which may be of another kind than those that were learnt from."""
        ...
