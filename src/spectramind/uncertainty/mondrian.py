"""Mondrian groups: planets of a kind get quantiles of their own, where there are enough of them.

A planet's group depends on its features alone, never on its label, and each planet stands in one:
the first of those asked for that fits, else ``rest``. Scores of one group are exchangeable, so
split conformal within it promises 1 - alpha of *its* planets (Vovk, Lindsay, Nouretdinov &
Gammerman 2003, Mondrian confidence machine). A group that holds fewer planets than its quantile
needs and a margin joins the rest; where even these are too few, all planets give their quantile
and nothing is promised of them apart from the others. Which groups are large enough is read off the
calibration planets: exact for groups by themselves, and for the rest as long as one planet more
would not have changed it.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from spectramind.config.uq import CorelConfig, GroupName
from spectramind.contracts.circumstances import PlanetCircumstances
from spectramind.evaluation.coverage import ConformalKind, planets_needed, promise

REST, ALL = "rest", "all"


@dataclass(frozen=True)
class Mondrian:
    """Which planets belong together.

    Attributes:
        names: the groups asked for, the first that fits takes a planet.
        margin: planets beyond those needed. grazing_impact, faint_ppm: see ``CorelConfig``.
    """

    names: tuple[GroupName, ...] = ()
    margin: int = 0
    grazing_impact: float = 0.8
    faint_ppm: float = 200.0

    @classmethod
    def of(cls, settings: CorelConfig) -> Self:
        """As the settings ask."""
        return cls(
            settings.groups, settings.group_margin, settings.grazing_impact, settings.faint_ppm
        )

    @property
    def rows(self) -> tuple[str, ...]:
        """Names of the groups as ``labels`` counts them."""
        return (*self.names, REST)

    def labels(self, circumstances: PlanetCircumstances | None, n: int) -> NDArray[np.int64]:
        """Number of each planet's group in ``rows``, (n,); all rest where no group is asked for."""
        found = np.full(n, len(self.names))
        if not self.names or circumstances is None:
            return found
        member = {
            "doubted": circumstances.doubted,
            "grazing": circumstances.impact >= self.grazing_impact,
            "faint": circumstances.noise_ppm >= self.faint_ppm,
        }
        for number in reversed(range(len(self.names))):
            found[member[self.names[number]]] = number
        return found

    def teachers(
        self, labels: NDArray[np.int64], alpha: float
    ) -> tuple[list[NDArray[np.bool_]], list[str]]:
        """Whose scores give each group's quantile.

        Args:
            labels: (n,) of the calibration planets. alpha: of the quantile.

        Returns:
            For each of ``rows`` a mask (n,), and what it is: the group's name, ``rest`` or ``all``.
        """
        least = planets_needed(alpha) + self.margin
        groups = range(len(self.names))
        own = [number for number in groups if (labels == number).sum() >= least]
        rest, name = ~np.isin(labels, own), REST
        if not own or rest.sum() < least:
            rest, name = np.ones(len(labels), dtype=bool), ALL
        masks = [labels == number if number in own else rest for number in groups]
        return [*masks, rest], [self.names[n] if n in own else name for n in groups] + [name]


def corel_promise(kind: ConformalKind, alpha: float, grouped: bool) -> str:
    """What intervals promise, in words."""
    if not grouped:
        return promise(kind, alpha)
    return (
        f"{promise(kind, alpha)}, of each group that gave its own quantiles; of planets that got "
        "those of all, nothing apart from the others"
    )
