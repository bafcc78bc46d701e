"""A small graph network that says how the size of z differs between bins and planets.

Nodes are the 283 bins of one planet. A node knows: the planet's depth, its noise relative to it,
impact parameter, star temperature and whether its fit is doubted; the bin's sigma relative to the
planet's, its wavelength, and the quantile of \\|z\\| in that bin and smoothed over its neighbours,
both from the planets that teach. One graph attention layer over the bin graph (models/gat.py) lets
neighbours speak. Out comes log g; it starts at the smoothed quantile of each bin (the last layer is
0), and learns by the pinball loss at 1 - alpha; a third of its teachers stop it, and unless it gains
more than one standard error on them it stays as it started. Only the shape of g matters: its size cancels when
\\|z\\| / g is conformalised on planets that did not teach.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from spectramind.config.uq import QuantileNetworkConfig
from spectramind.contracts.traits import Traits
from spectramind.errors import SchemaError
from spectramind.instrument.graph import build_graph
from spectramind.instrument.grid import AIRS_BINS, N_BINS, bin_wavelengths
from spectramind.models.gat import EDGE_FEATURES, GATv2

Array = NDArray[np.float64]
_BATCH = 32
_TINY = 1e-12
PLANET_INPUTS, BIN_INPUTS = 5, 4
_LOOK = 10  # steps between two looks at the planets that stop
_NUMBERS = ("base", "centre", "spread", "fill")
_BOUND = 1.5  # of log g about its start: the network may move a bin's quantile 4.5 times


class _Shape(nn.Module):
    """log g less its start, (B, 283), from inputs (B, 283, D)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        graph = build_graph()
        self.into = nn.Linear(PLANET_INPUTS + BIN_INPUTS, width)
        self.attend = GATv2(width, width, 1, len(EDGE_FEATURES), 0.0)
        self.out = nn.Linear(width, 1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)
        self.source, self.target = torch.from_numpy(graph.source), torch.from_numpy(graph.target)
        self.edges = torch.from_numpy(graph.features)

    def forward(self, inputs: Tensor) -> Tensor:
        nodes = torch.tanh(self.into(inputs)).transpose(0, 1)  # 283 B D
        message, _ = self.attend(nodes, self.source, self.target, self.edges)
        moved: Tensor = self.out(nodes + torch.tanh(message)).squeeze(-1)
        return _BOUND * torch.tanh(moved.transpose(0, 1) / _BOUND)


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
        traits: Traits,
        smoother: Array,
        alpha: float,
        settings: QuantileNetworkConfig,
    ) -> Self:
        """Learn from planets that will not conformalise. The same planets in the same order and same
        settings give the same bits.

        Args:
            size: (n, 283) \\|z\\|. mu, sigma: (n, 283), sigma after the temperature.
            traits: of these planets. smoother: (283, 283). alpha: of the pinball loss.
        """
        plain = np.quantile(size, 1 - alpha, axis=0) + _TINY
        base = np.stack([plain, smoother @ plain])
        known = [values[np.isfinite(values)] for values in (traits.impact, traits.star_k)]
        fill = np.array([np.median(one) if len(one) else 0.0 for one in known])
        width = PLANET_INPUTS + BIN_INPUTS
        bare = cls({}, base, np.zeros(width), np.ones(width), fill)
        raw = bare._inputs(mu, sigma, traits)
        centre, spread = raw.mean(axis=(0, 1)), raw.std(axis=(0, 1))
        spread = np.where(spread > _TINY, spread, 1.0)  # what does not differ says nothing
        ready = cls({}, base, centre, spread, fill)
        network = ready._taught(size, ready._inputs(mu, sigma, traits), alpha, settings)
        weights = {name: value.numpy() for name, value in network.state_dict().items()}
        return cls(weights, base, centre, spread, fill)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """For a file, as ``names`` calls them."""
        weights = {f"network.{name}": value for name, value in self.weights.items()}
        return weights | {f"network_{name}": getattr(self, name) for name in _NUMBERS}

    @staticmethod
    def names() -> tuple[str, ...]:
        """What its arrays are called in a file."""
        weights = (f"network.{name}" for name in _Shape(2).state_dict())
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
        like = {
            k: tuple(v.shape) for k, v in _Shape(len(weights["into.bias"])).state_dict().items()
        }
        wide = PLANET_INPUTS + BIN_INPUTS
        if {name: value.shape for name, value in weights.items()} != like or [
            one.shape for one in numbers
        ] != [(2, N_BINS), (wide,), (wide,), (2,)]:
            raise SchemaError("the network's arrays do not fit together")
        if not all(
            np.isfinite(one).all()
            for one in [*numbers, *(w.astype(float) for w in weights.values())]
        ):
            raise SchemaError("the network holds NaN or infinity")
        return cls(weights, *numbers)

    def scale(self, mu: Array, sigma: Array, traits: Traits) -> Array:
        """g, (n, 283), of any planets."""
        network = _Shape(len(self.weights["into.bias"]))
        network.load_state_dict({k: torch.from_numpy(v) for k, v in self.weights.items()})
        inputs = torch.from_numpy(self._inputs(mu, sigma, traits).astype(np.float32))
        with torch.no_grad():
            moved = [network(part) for part in inputs.split(_BATCH)]
        return np.asarray(self.base[1] * np.exp(torch.cat(moved).numpy().astype(np.float64)))

    def _inputs(self, mu: Array, sigma: Array, traits: Traits) -> Array:
        depth = np.median(np.maximum(mu[:, AIRS_BINS], _TINY), axis=1)
        level = np.median(sigma[:, AIRS_BINS], axis=1)
        of_planet = np.stack(
            [
                np.log(depth),
                np.log(level / depth),
                np.where(np.isfinite(traits.impact), traits.impact, self.fill[0]),
                np.where(np.isfinite(traits.star_k), traits.star_k, self.fill[1]) / 1000,
                traits.doubted.astype(float),
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

    def _taught(
        self, size: Array, inputs: Array, alpha: float, settings: QuantileNetworkConfig
    ) -> _Shape:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            network = _Shape(settings.width)
        rng = np.random.default_rng(settings.seed)
        given = torch.from_numpy(inputs.astype(np.float32))
        asked = torch.from_numpy((size / self.base[1]).astype(np.float32))
        adam = torch.optim.AdamW(
            network.parameters(), lr=settings.rate, weight_decay=settings.decay
        )
        stops = np.isin(np.arange(len(size)), rng.permutation(len(size))[: len(size) // 3])
        held, taught = torch.from_numpy(np.flatnonzero(stops)), np.flatnonzero(~stops)
        untouched = _judged(network, given[held], asked[held], alpha)
        best, kept = float(untouched.mean()), deepcopy(network.state_dict())
        for step in range(1, settings.steps + 1):
            drawn = rng.choice(taught, min(_BATCH, len(taught)), replace=False)
            rows = torch.from_numpy(drawn)
            loss = _pinball(network(given[rows]), asked[rows], alpha).mean()
            adam.zero_grad()
            loss.backward()
            adam.step()
            if step % _LOOK and step != settings.steps:
                continue
            now = _judged(network, given[held], asked[held], alpha)
            gain = untouched - now
            error = float(gain.std(ddof=1)) / len(gain) ** 0.5 if len(gain) > 1 else np.inf
            if float(gain.mean()) > error and float(now.mean()) < best:
                best, kept = float(now.mean()), deepcopy(network.state_dict())
        network.load_state_dict(kept)
        return network


def _pinball(log_scale: Tensor, asked: Tensor, alpha: float) -> Tensor:
    """Loss of the 1 - alpha quantile exp(log_scale) where ``asked`` was found."""
    beyond = asked - log_scale.exp()
    return torch.maximum((1 - alpha) * beyond, -alpha * beyond)


@torch.no_grad()
def _judged(network: _Shape, given: Tensor, asked: Tensor, alpha: float) -> Array:
    """Mean loss of each planet, (n,)."""
    loss = _pinball(network(given), asked, alpha).mean(dim=1)
    return loss.numpy().astype(np.float64)
