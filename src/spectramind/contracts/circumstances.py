"""What is known of planets beside their spectra, without any label: what intervals may lean on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from spectramind.errors import SchemaError


@dataclass(frozen=True, eq=False)
class PlanetCircumstances:
    """PlanetCircumstances of n planets.

    Attributes:
        planet_ids: their names.
        doubted: (n,) bool, no visit's fit is trusted.
        impact: (n,) fitted impact parameter [stellar radii], NaN where nothing was fitted.
        star_k: (n,) temperature of the star [K], NaN where the star table does not say.
        noise_ppm: (n,) median over AIRS of the measured depths' independent noise, visits together.
    """

    planet_ids: tuple[str, ...]
    doubted: NDArray[np.bool_]
    impact: NDArray[np.float64]
    star_k: NDArray[np.float64]
    noise_ppm: NDArray[np.float64]

    def select(self, planet_ids: Sequence[str]) -> Self:
        """The given planets, in that order.

        Raises:
            SchemaError: a planet is not here.
        """
        row = {planet: i for i, planet in enumerate(self.planet_ids)}
        lacking = [planet for planet in planet_ids if planet not in row]
        if lacking:
            raise SchemaError(
                f"nothing is known of planet {lacking[0]} beside its spectrum: intervals that "
                "depend on groups or on the network need its features, run `spectramind features`"
            )
        rows = [row[planet] for planet in planet_ids]
        return type(self)(
            tuple(planet_ids),
            self.doubted[rows],
            self.impact[rows],
            self.star_k[rows],
            self.noise_ppm[rows],
        )
