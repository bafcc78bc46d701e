"""A part that gives another shape than its settings say is named when the network is built."""

import pytest
import torch
from torch import nn

from spectramind.errors import ConfigError
from spectramind.instrument.graph import build_graph
from spectramind.models.network import SpectraMind
from spectramind.models.shape_contracts import check_shapes


class Bent(nn.Module):
    """A part whose answers are one channel short, or are none."""

    def __init__(self, part: nn.Module, broken: bool) -> None:
        super().__init__()
        self.part, self.broken = part, broken

    def forward(self, *inputs: torch.Tensor):
        if self.broken:
            raise RuntimeError("shapes cannot be multiplied")
        given = self.part(*inputs)
        return (
            given[..., 1:] if isinstance(given, torch.Tensor) else (given[0][..., 1:], *given[1:])
        )


KEYS = {
    "fgs1_mamba": "fgs1",
    "airs_gnn": "airs",
    "fusion": "fusion",
    "decoder_mu": "decoder_mu",
    "head_sigma": "head_sigma",
}


@pytest.mark.parametrize("stride", [1, 2, 3, 5])
@pytest.mark.parametrize(("graph", "sigma"), [("gat", "gaussian"), ("rgcn", "quantile")])
def test_the_networks_own_parts_keep_them(make_config, stride: int, graph: str, sigma: str) -> None:
    config = make_config(
        fgs1_mamba={"stride": stride}, airs_gnn={"type": graph}, head_sigma={"type": sigma}
    )
    network = SpectraMind(config, build_graph(), 3, 5).train()
    check_shapes(network, config, 3, 5)
    assert network.training


@pytest.mark.parametrize("broken", [True, False])
@pytest.mark.parametrize("key", KEYS)
def test_a_part_that_does_not_is_named(make_config, key: str, broken: bool) -> None:
    config = make_config()
    network = SpectraMind(config, build_graph(), 3, 5)
    setattr(network, KEYS[key], Bent(getattr(network, KEYS[key]), broken))
    said = "breaks on .*multiplied" if broken else "gives .* its settings say"
    with pytest.raises(ConfigError, match=rf"^model\.{key}: Bent {said}"):
        check_shapes(network, config, 3, 5)
