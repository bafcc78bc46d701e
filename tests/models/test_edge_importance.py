"""GNNExplainer on torch-geometric's twins of our layers."""

import sys
from typing import Any

import pytest
import torch

from spectramind.errors import ConfigError
from spectramind.instrument.graph import EDGE_TYPES, SELF, build_graph
from spectramind.models.edge_importance import CorrectionOnEdges, edge_importance
from spectramind.models.network import Inputs, SpectraMind

GRAPH = build_graph()


@pytest.fixture
def planet(batch: Inputs) -> Inputs:
    return Inputs(batch.fgs1[:1], batch.nodes[:1], batch.mu0[:1], batch.sigma0[:1])


def network_of(config: Any, scale: float = 0.2) -> SpectraMind:
    torch.manual_seed(1)
    network = SpectraMind(config, GRAPH, fgs1_channels=3, node_channels=5)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(scale * torch.randn_like(parameter))
    return network.eval()


@pytest.mark.parametrize("kind", ["gat", "rgcn"])
def test_the_twin_is_the_network(make_config: Any, planet: Inputs, kind: str) -> None:
    network = network_of(make_config(airs_gnn={"type": kind, "layers": 2}))
    twin = CorrectionOnEdges(network, planet)
    with torch.no_grad():
        expected = (network(planet).mu - planet.mu0) / planet.sigma0
        found = twin(planet.nodes[0], twin.edge_index, twin.told)
    torch.testing.assert_close(found.T, expected, atol=2e-4, rtol=1e-3)
    assert found.abs().max() > 0.1


@pytest.mark.parametrize("kind", ["gat", "rgcn"])
def test_every_type_there_is_gets_a_mask_and_a_cut(
    make_config: Any, planet: Inputs, kind: str
) -> None:
    network = network_of(make_config(airs_gnn={"type": kind}))
    found = edge_importance(network, GRAPH.types, planet, 20, 0)
    there = [name for name in EDGE_TYPES if kind == "gat" or name != SELF]
    assert list(found) == there
    for name, one in found.items():
        assert one.edges == (EDGE_TYPES.index(name) == GRAPH.types).sum()
        assert 0 < one.mask < 1
        assert one.cut > 0
    assert len({round(one.mask, 4) for one in found.values()}) > 1
    again = edge_importance(network, GRAPH.types, planet, 20, 0)
    for name, one in found.items():
        assert again[name].mask == pytest.approx(one.mask, rel=1e-4)


def test_edges_that_nothing_hangs_on_are_let_go(make_config: Any, planet: Inputs) -> None:
    """Two layers whose weights of one type are zero: cutting it changes nothing."""
    network = network_of(make_config(airs_gnn={"type": "rgcn"}))
    molecule = EDGE_TYPES.index("molecule")
    with torch.no_grad():
        for layer in network.airs.layers:
            layer.conv.conv.weight[molecule - 1] = 0
    found = edge_importance(network, GRAPH.types, planet, 60, 0)
    assert found["molecule"].cut == 0
    assert found["molecule"].mask < 0.5 * found["adjacent"].mask


def test_an_untrained_network_has_no_edge_to_explain(make_config: Any, planet: Inputs) -> None:
    network = SpectraMind(make_config(), GRAPH, fgs1_channels=3, node_channels=5)
    assert edge_importance(network, GRAPH.types, planet, 5, 0) == {}


def test_without_torch_geometric_a_line_says_how_to_get_it(
    make_config: Any, planet: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = network_of(make_config())
    monkeypatch.setitem(sys.modules, "torch_geometric", None)
    with pytest.raises(ConfigError, match="pip install torch-geometric"):
        edge_importance(network, GRAPH.types, planet, 5, 0)
