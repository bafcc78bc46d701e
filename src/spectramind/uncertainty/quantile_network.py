"""A small graph network that says how the size of z differs between bins and planets.

Nodes are the 283 bins of one planet. A node knows: the planet's depth, its noise relative to it,
impact parameter, star temperature and whether its fit is doubted; the bin's sigma relative to the
planet's, its wavelength, and the quantile of \\|z\\| in that bin and smoothed over its neighbours,
both from the planets that teach. One graph attention layer over the bin graph (models/gat.py) lets
neighbours speak. Out comes log g. It starts at the smoothed quantile of each bin (the last layer is
0) and learns by the pinball loss at 1 - alpha; a third of its teachers stop it, and unless it gains
more than one standard error on them it stays as it started. Only the shape of g matters: its size
cancels when \\|z\\| / g is conformalised on planets that did not teach.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from spectramind.config.uq import QuantileNetworkConfig
from spectramind.contracts.circumstances import PlanetCircumstances
from spectramind.errors import SchemaError
from spectramind.instrument.grid import AIRS_BINS, N_BINS, bin_wavelengths
from spectramind.models.quantile_shape import evaluated, shapes_of, taught

Array = NDArray[np.float64]
_TINY = 1e-12
PLANET_INPUTS, BIN_INPUTS = 5, 4
_WIDE = PLANET_INPUTS + BIN_INPUTS
_NUMBERS = ("base", "centre", "spread", "fill")


@dataclass(frozen=True, eq=False)
class QuantileNetwork:
    """What was learnt: ``learn`` (or ``of``) is the only way to it.

    Attributes:
        weights: by parameter's name. base: (2, 283) quantile of each bin as it is and smoothed.
        centre, spread: (5 + 4,) of the inputs. fill: (2,) impact and star temperature [K] that
            stand in where they are not known.
    """

    weights: dict[str, NDArray[np.float32]]
    base: Array
    centre: Array
    spread: Array
    fill: Array

    @classmethod
    def learn(
        cls,
        size: Array,
        mu: Array,
        sigma: Array,
        circumstances: PlanetCircumstances,
        smoother: Array,
        alpha: float,
        settings: QuantileNetworkConfig,
    ) -> Self:
        """Learn from planets that will not conformalise. The same planets in the same order and the
        same settings give the same bits.

        Args:
            size: (n, 283) \\|z\\|. mu, sigma: (n, 283), sigma after the temperature.
            circumstances: of these planets. smoother: (283, 283). alpha: of the pinball loss.
        """
        plain = np.quantile(size, 1 - alpha, axis=0) + _TINY
        base = np.stack([plain, smoother @ plain])
        known = [
            values[np.isfinite(values)] for values in (circumstances.impact, circumstances.star_k)
        ]
        fill = np.array([np.median(one) if len(one) else 0.0 for one in known])
        bare = cls({}, base, np.zeros(_WIDE), np.ones(_WIDE), fill)
        raw = bare._inputs(mu, sigma, circumstances)
        centre, spread = raw.mean(axis=(0, 1)), raw.std(axis=(0, 1))
        spread = np.where(spread > _TINY, spread, 1.0)  # what does not differ says nothing
        ready = cls({}, base, centre, spread, fill)
        weights = taught(ready._inputs(mu, sigma, circumstances), size / base[1], alpha, settings)
        return cls(weights, base, centre, spread, fill)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """For a file, as ``names`` calls them."""
        weights = {f"network.{name}": value for name, value in self.weights.items()}
        return weights | {f"network_{name}": getattr(self, name) for name in _NUMBERS}

    @staticmethod
    def names() -> tuple[str, ...]:
        """What its arrays are called in a file."""
        weights = (f"network.{name}" for name in shapes_of(_WIDE, 2))
        return (*weights, *(f"network_{name}" for name in _NUMBERS))

    @classmethod
    def of(cls, held: Mapping[str, NDArray[np.generic]]) -> Self:
        """From the arrays of a file.

        Raises:
            SchemaError: some are missing, not finite, or of another network.
        """
        lacking = [name for name in cls.names() if name not in held]
        if lacking:
            raise SchemaError(f"the network lacks {lacking[0]}")
        numbers = [np.asarray(held[f"network_{name}"], dtype=np.float64) for name in _NUMBERS]
        weights = {
            name.removeprefix("network."): np.asarray(held[name], dtype=np.float32)
            for name in cls.names()
            if name.startswith("network.")
        }
        given = {name: value.shape for name, value in weights.items()}
        like = shapes_of(_WIDE, max(1, given["into.bias"][0])) if given["into.bias"] else {}
        if given != like or [one.shape for one in numbers] != [
            (2, N_BINS),
            (_WIDE,),
            (_WIDE,),
            (2,),
        ]:
            raise SchemaError("the network's arrays do not fit together")
        if not all(
            np.isfinite(one).all()
            for one in [*numbers, *(w.astype(float) for w in weights.values())]
        ):
            raise SchemaError("the network holds NaN or infinity")
        return cls(weights, *numbers)

    def scale(self, mu: Array, sigma: Array, circumstances: PlanetCircumstances) -> Array:
        """g, (n, 283), of any planets."""
        moved = evaluated(self.weights, self._inputs(mu, sigma, circumstances))
        return np.asarray(self.base[1] * np.exp(moved))

    def _inputs(self, mu: Array, sigma: Array, circumstances: PlanetCircumstances) -> Array:
        depth = np.median(np.maximum(mu[:, AIRS_BINS], _TINY), axis=1)
        level = np.median(sigma[:, AIRS_BINS], axis=1)
        of_planet = np.stack(
            [
                np.log(depth),
                np.log(level / depth),
                np.where(np.isfinite(circumstances.impact), circumstances.impact, self.fill[0]),
                np.where(np.isfinite(circumstances.star_k), circumstances.star_k, self.fill[1])
                / 1000,
                circumstances.doubted.astype(float),
            ],
            axis=1,
        )
        of_bin = np.stack([*np.log(self.base), np.log(bin_wavelengths())], axis=1)
        n = len(mu)
        parts = (
            np.broadcast_to(of_planet[:, None, :], (n, N_BINS, PLANET_INPUTS)),
            np.log(sigma / level[:, None])[:, :, None],
            np.broadcast_to(of_bin, (n, *of_bin.shape)),
        )
        return np.asarray((np.concatenate(parts, axis=2) - self.centre) / self.spread)
