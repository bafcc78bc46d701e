"""The graph network that says how a size differs between the bins of spectra, and its training.

What goes in and out: uncertainty/quantile_network.py.
"""

from collections.abc import Mapping
from copy import deepcopy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from spectramind.config.uq import QuantileNetworkConfig
from spectramind.instrument.graph import build_graph
from spectramind.models.gat import EDGE_FEATURES, GATv2

Array = NDArray[np.float64]
Weights = dict[str, NDArray[np.float32]]
BATCH, LOOK = 32, 10  # planets a step; steps between two looks at the planets that stop
_BOUND = 1.5  # of log g about its start: the network may move a bin's quantile 4.5 times


class QuantileShape(nn.Module):
    """log g less its start, (B, 283), from inputs (B, 283, D).

    Args:
        inputs: D. width: numbers a bin holds inside.
    """

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        graph = build_graph()
        self.into = nn.Linear(inputs, width)
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


def shapes_of(inputs: int, width: int) -> dict[str, tuple[int, ...]]:
    """Shapes of the weights by name."""
    state = QuantileShape(inputs, width).state_dict()
    return {name: tuple(value.shape) for name, value in state.items()}


def evaluated(weights: Mapping[str, NDArray[np.float32]], inputs: Array) -> Array:
    """log g less its start, (n, 283), of inputs (n, 283, D)."""
    network = QuantileShape(inputs.shape[2], len(weights["into.bias"]))
    network.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    given = torch.from_numpy(inputs.astype(np.float32))
    with torch.no_grad():
        moved = torch.cat([network(part) for part in given.split(BATCH)])
    return moved.numpy().astype(np.float64)


def taught(inputs: Array, size: Array, alpha: float, settings: QuantileNetworkConfig) -> Weights:
    """Weights for the 1 - alpha quantile of ``size``, (n, 283) in units of the start, from inputs
    (n, 283, D).

    A third of the planets stops: kept is the step that does best on them, if it gains more than
    one standard error over the start; else the start.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        network = QuantileShape(inputs.shape[2], settings.width)
    rng = np.random.default_rng(settings.seed)
    given = torch.from_numpy(inputs.astype(np.float32))
    asked = torch.from_numpy(size.astype(np.float32))
    adam = torch.optim.AdamW(network.parameters(), lr=settings.rate, weight_decay=settings.decay)
    stops = np.isin(np.arange(len(size)), rng.permutation(len(size))[: len(size) // 3])
    held, taught = torch.from_numpy(np.flatnonzero(stops)), np.flatnonzero(~stops)
    untouched = _judged(network, given[held], asked[held], alpha)
    best, kept = float(untouched.mean()), deepcopy(network.state_dict())
    for step in range(1, settings.steps + 1):
        drawn = rng.choice(taught, min(BATCH, len(taught)), replace=False)
        rows = torch.from_numpy(drawn)
        loss = _pinball(network(given[rows]), asked[rows], alpha).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
        if step % LOOK and step != settings.steps:
            continue
        now = _judged(network, given[held], asked[held], alpha)
        gain = untouched - now
        error = float(gain.std(ddof=1)) / len(gain) ** 0.5 if len(gain) > 1 else np.inf
        if float(gain.mean()) > error and float(now.mean()) < best:
            best, kept = float(now.mean()), deepcopy(network.state_dict())
    return {name: value.numpy() for name, value in kept.items()}


def _pinball(log_scale: Tensor, asked: Tensor, alpha: float) -> Tensor:
    """Loss of the 1 - alpha quantile exp(log_scale) where ``asked`` was found."""
    beyond = asked - log_scale.exp()
    return torch.maximum((1 - alpha) * beyond, -alpha * beyond)


@torch.no_grad()
def _judged(network: QuantileShape, given: Tensor, asked: Tensor, alpha: float) -> Array:
    """Mean loss of each planet, (n,)."""
    loss = _pinball(network(given), asked, alpha).mean(dim=1)
    return loss.numpy().astype(np.float64)
