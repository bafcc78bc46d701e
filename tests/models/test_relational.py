"""The R-GCN encoder: torch-geometric's layer on a batch, against its formula and plain planets."""

import sys

import pytest
import torch
from torch_geometric.nn import RGCNConv

from spectramind.errors import ConfigError
from spectramind.instrument.graph import EDGE_TYPES, build_graph
from spectramind.models.gat import AirsEncoder
from spectramind.models.relational import RelationalConvolution

GRAPH = build_graph(seam=150)
SOURCE, TARGET = torch.from_numpy(GRAPH.source), torch.from_numpy(GRAPH.target)
TYPES = torch.from_numpy(GRAPH.types)


@pytest.fixture
def layer() -> RelationalConvolution:
    torch.manual_seed(0)
    return RelationalConvolution(6).double()


def test_is_the_formula(layer: RelationalConvolution) -> None:
    nodes = torch.randn(283, 2, 6, dtype=torch.float64)
    out, attention = layer(nodes, SOURCE, TARGET, TYPES)
    assert attention.shape == (len(SOURCE), 2, 0)
    assert isinstance(layer.conv, RGCNConv)
    expected = nodes @ layer.conv.root + layer.conv.bias
    for number in range(1, len(EDGE_TYPES)):
        link = torch.zeros(283, 283, dtype=torch.float64)
        own = number == TYPES
        link[TARGET[own], SOURCE[own]] = 1.0
        link /= link.sum(1, keepdim=True).clamp_min(1.0)
        expected = (
            expected + torch.einsum("ts,sbd->tbd", link, nodes) @ layer.conv.weight[number - 1]
        )
    torch.testing.assert_close(out, expected)


def test_planets_do_not_see_each_other(layer: RelationalConvolution) -> None:
    nodes = torch.randn(283, 3, 6, dtype=torch.float64)
    together, _ = layer(nodes, SOURCE, TARGET, TYPES)
    alone, _ = layer(nodes[:, 1:2], SOURCE, TARGET, TYPES)
    torch.testing.assert_close(together[:, 1:2], alone)


def test_encoder_of_either_kind_has_one_contract(make_config) -> None:
    encoder = AirsEncoder(make_config(airs_gnn={"type": "rgcn"}).airs_gnn, GRAPH, channels=5)
    pooled, nodes, attention = encoder(torch.randn(3, 283, 5))
    assert pooled.shape == (3, 16)
    assert nodes.shape == (3, 283, 16)
    assert attention.shape == (3, 2, len(SOURCE), 0)


def test_without_torch_geometric_one_line_says_so(
    make_config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch_geometric.nn", None)
    AirsEncoder(make_config().airs_gnn, GRAPH, channels=5)  # attention is our own
    with pytest.raises(ConfigError, match=r"model\.airs_gnn\.type=rgcn needs torch-geometric"):
        AirsEncoder(make_config(airs_gnn={"type": "rgcn"}).airs_gnn, GRAPH, channels=5)
