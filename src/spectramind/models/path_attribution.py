"""Integrated gradients of the network's correction (Sundararajan, Taly & Yan 2017,
arXiv:1703.01365), by captum.

What is explained is mu - mu0 [ppm]: what the network adds to the physics estimate, of FGS1 and as
the mean of AIRS's bins, averaged over an ensemble's members, dropout off. The path leads in a
straight line from a baseline to the planet; mu0 and sigma0 stay the planet's.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from spectramind.errors import ConfigError
from spectramind.instrument.grid import AIRS_BINS, FGS1_BIN
from spectramind.models.network import Inputs, SpectraMind

Array = NDArray[np.float64]
TARGETS = ("FGS1", "AIRS mean")
_PPM = 1e6


@dataclass(frozen=True, eq=False)
class PathAttribution:
    """Attributions to every input, [ppm], by ``TARGETS`` first.

    Attributes:
        curves: (2, B, L, C) light-curve channels. nodes: (2, B, 283, C) features of bins.
        change: (2, B) correction of the planet less that of its baseline.
    """

    curves: Array
    nodes: Array
    change: Array

    @property
    def residual(self) -> Array:
        """What the attributions miss of the change, (2, B): the completeness residual."""
        summed = self.curves.sum(axis=(2, 3)) + self.nodes.sum(axis=(2, 3))
        missed: Array = self.change - summed
        return missed


class _Correction(nn.Module):
    """Light-curve channels, nodes, mu0, sigma0 -> (B, 2) correction of ``TARGETS`` [ppm]."""

    def __init__(self, networks: Sequence[SpectraMind]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)

    def forward(self, curves: Tensor, nodes: Tensor, mu0: Tensor, sigma0: Tensor) -> Tensor:
        inputs = Inputs(curves, nodes, mu0, sigma0)
        added = torch.stack([network(inputs).mu - mu0 for network in self.networks]).mean(0)
        # A blind encoder leaves its input out of the graph, which captum refuses.
        added = added + 0 * (curves.sum() + nodes.sum())
        return _PPM * torch.stack([added[:, FGS1_BIN], added[:, AIRS_BINS].mean(1)], dim=1)


def require_captum() -> Any:
    """Its integrated gradients.

    Raises:
        ConfigError: it is not installed, or what it imports is not.
    """
    try:
        from captum.attr import IntegratedGradients  # type: ignore[import-untyped]
    except ImportError as error:
        raise ConfigError(
            f"diagnose shap needs the package captum for the network that was kept ({error}): "
            "pip install 'spectramind[explain]', then pip install captum --no-deps"
        ) from error
    return IntegratedGradients


def path_attribution(
    networks: Sequence[SpectraMind], inputs: Inputs, baseline: Inputs, steps: int
) -> PathAttribution:
    """Attribute the correction of a batch.

    Args:
        networks: one, or an ensemble's members; they stay as they are.
        inputs: the planets, on the CPU. baseline: where paths begin, light curves and nodes.
        steps: points on the path, by Gauss-Legendre quadrature.

    Raises:
        ConfigError: captum is not installed.
    """
    kind = require_captum()
    function = _Correction([copy.deepcopy(one).cpu().eval() for one in networks])
    one, two = inputs, baseline
    beside = (one.mu0, one.sigma0)
    gradients, curves, nodes = kind(function), [], []
    for target in range(len(TARGETS)):
        to_curves, to_nodes = gradients.attribute(
            (one.fgs1, one.nodes),
            baselines=(two.fgs1, two.nodes),
            target=target,
            additional_forward_args=beside,
            n_steps=steps,
            method="gausslegendre",
            internal_batch_size=max(steps, len(one.fgs1)),
        )
        curves.append(to_curves.detach().double().numpy())
        nodes.append(to_nodes.detach().double().numpy())
    with torch.no_grad():
        change = function(one.fgs1, one.nodes, *beside) - function(two.fgs1, two.nodes, *beside)
    return PathAttribution(np.stack(curves), np.stack(nodes), change.T.double().numpy())


def average_planet(inputs: Inputs) -> Inputs:
    """A baseline: a star without transit or noise, and bins as in the mean of the planets."""
    nodes = inputs.nodes.mean(0, keepdim=True).expand_as(inputs.nodes)
    return replace(inputs, fgs1=torch.zeros_like(inputs.fgs1), nodes=nodes)
