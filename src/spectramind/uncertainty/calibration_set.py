"""Planets whose truth is known, as an estimator tells them: what calibrators learn from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from spectramind.contracts.circumstances import PlanetCircumstances
from spectramind.errors import ConfigError

Array = NDArray[np.float64]
_FOLDS = 5


@dataclass(frozen=True, eq=False)
class CalibrationSet:
    """n planets.

    Attributes:
        ids: their names.
        z: (n, 283), (y - mu) / sigma; mu, sigma: (n, 283), sigma after the temperature.
        folds: (n,) number of the group that a planet is held out with in trials.
        circumstances: of the same planets, None where nothing asks for them.
    """

    ids: tuple[str, ...]
    z: Array
    mu: Array
    sigma: Array
    folds: NDArray[np.int64]
    circumstances: PlanetCircumstances | None = None

    @classmethod
    def of(
        cls,
        ids: Sequence[str],
        z: Array,
        mu: Array,
        sigma: Array,
        groups: Sequence[Sequence[str]] = (),
        circumstances: PlanetCircumstances | None = None,
    ) -> Self:
        """Planets in the order of their names, whatever order they came in: sums, draws and so
        the bits of what is fitted do not depend on it.

        Args:
            groups: planets held out together; empty: five groups, by name.
        """
        order = np.argsort(np.array(ids), kind="stable")
        names = tuple(ids[i] for i in order)
        number = {planet: i for i, group in enumerate(groups) for planet in group}
        numbers = [number.get(planet, i % _FOLDS) for i, planet in enumerate(names)]
        known = None if circumstances is None else circumstances.select(names)
        return cls(names, z[order], mu[order], sigma[order], np.array(numbers), known)

    def where(self, chosen: NDArray[np.bool_]) -> Self:
        """Some of them."""
        names = tuple(planet for planet, one in zip(self.ids, chosen, strict=True) if one)
        circumstances = None if self.circumstances is None else self.circumstances.select(names)
        parts = (self.z[chosen], self.mu[chosen], self.sigma[chosen], self.folds[chosen])
        return type(self)(names, *parts, circumstances)

    @property
    def needed_circumstances(self) -> PlanetCircumstances:
        """PlanetCircumstances, asked for by who cannot do without.

        Raises:
            ConfigError: there are none.
        """
        if self.circumstances is None:
            raise ConfigError(
                "calib.corel.groups and kind=gnn|auto lean on planets' features, which are not "
                "known here: set calib.corel.groups=[] and calib.corel.kind=split or lift"
            )
        return self.circumstances
