"""Graph attention against torch_geometric, and its own invariants."""

import pytest
import torch
import torch_geometric.nn as geometric

from spectramind.errors import ConfigError
from spectramind.instrument.graph import EDGE_TYPES, build_graph
from spectramind.models.attention_shares import attention_by_type
from spectramind.models.gat import AirsEncoder, GATv2, softmax_by_target

GRAPH = build_graph()
SOURCE, TARGET = torch.from_numpy(GRAPH.source), torch.from_numpy(GRAPH.target)
EDGES = torch.from_numpy(GRAPH.features)


def test_equals_torch_geometric_with_its_own_weights() -> None:
    theirs = geometric.GATv2Conv(6, 5, heads=3, edge_dim=4, add_self_loops=False).double()
    ours = GATv2(6, 15, heads=3, edge_dim=4, dropout=0.0).double()
    ours.load_state_dict(theirs.state_dict())
    nodes = torch.randn(283, 2, 6, dtype=torch.float64, requires_grad=True)
    out, attention = ours(nodes, SOURCE, TARGET, EDGES.double())
    for planet in range(2):
        expected, (_, weights) = theirs(
            nodes[:, planet],
            torch.stack([SOURCE, TARGET]),
            EDGES.double(),
            return_attention_weights=True,
        )
        torch.testing.assert_close(out[:, planet], expected)
        torch.testing.assert_close(attention[:, planet], weights)
        (mine,) = torch.autograd.grad(out[:, planet].sin().sum(), nodes, retain_graph=True)
        (other,) = torch.autograd.grad(expected.sin().sum(), nodes)
        torch.testing.assert_close(mine, other)


def test_softmax_by_hand() -> None:
    logits = torch.tensor([0.0, 1000.0, 1000.0, -5.0]).view(4, 1, 1)
    weights = softmax_by_target(logits, torch.tensor([0, 0, 0, 1]), nodes=2)
    torch.testing.assert_close(weights.flatten(), torch.tensor([0.0, 0.5, 0.5, 1.0]))


def test_attention_sums_to_one_at_every_bin(make_config) -> None:
    encoder = AirsEncoder(make_config().airs_gnn, GRAPH, channels=5)
    pooled, nodes, attention = encoder(torch.randn(3, 283, 5))
    assert pooled.shape == (3, 16)
    assert nodes.shape == (3, 283, 16)
    assert attention.shape == (3, 2, len(SOURCE), 2)
    summed = torch.zeros(3, 2, 283, 2).index_add(2, TARGET, attention)
    torch.testing.assert_close(summed, torch.ones_like(summed))


def test_a_bin_sees_its_neighbours_only() -> None:
    layer = GATv2(4, 4, heads=1, edge_dim=4, dropout=0.0)
    nodes = torch.randn(283, 1, 4)
    changed = nodes.clone()
    changed[200] += 1.0
    before, _ = layer(nodes, SOURCE, TARGET, EDGES)
    after, _ = layer(changed, SOURCE, TARGET, EDGES)
    moved = set(torch.nonzero((before - after).abs().amax((1, 2)) > 1e-7).flatten().tolist())
    assert moved == set(TARGET[SOURCE == 200].tolist())


def test_edge_features_are_chosen_by_name(make_config) -> None:
    config = make_config(airs_gnn={"edge_features": ["seam", "delta_lambda"]}).airs_gnn
    encoder = AirsEncoder(config, GRAPH, channels=5)
    torch.testing.assert_close(encoder.edges, EDGES[:, [3, 0]])
    assert encoder.layers[0].conv.lin_edge.weight.shape == (16, 2)


def test_graph_is_not_part_of_the_weights(make_config) -> None:
    encoder = AirsEncoder(make_config().airs_gnn, GRAPH, channels=5)
    assert not {"source", "target", "edges"} & set(encoder.state_dict())


def test_attention_apart_by_type_of_edge(make_config) -> None:
    graph = build_graph(seam=150)
    encoder = AirsEncoder(make_config().airs_gnn, graph, channels=5)
    _, _, attention = encoder(torch.randn(3, 283, 5))
    found = attention_by_type(attention, graph)
    assert tuple(found) == EDGE_TYPES
    assert sum(len(part.source) for part in found.values()) == len(graph.types)
    torch.testing.assert_close(sum(part.share for part in found.values()), torch.ones(3, 2, 283, 2))
    for number, part in enumerate(found.values()):
        own = torch.from_numpy(graph.types == number)
        assert torch.equal(part.weight, attention[:, :, own])
        assert torch.equal(part.source, torch.from_numpy(graph.source)[own])
    detector = found["detector"]
    into = detector.target == 150
    torch.testing.assert_close(detector.share[:, :, 150], detector.weight[:, :, into].sum(2))
    assert detector.share[:, :, 100].max() == 0  # neither an anchor of FGS1 nor near the seam


def test_attention_of_another_graph_or_of_none_is_refused(make_config) -> None:
    with pytest.raises(ValueError, match="attention on 7 edges"):
        attention_by_type(torch.ones(1, 1, 7, 2), GRAPH)
    with pytest.raises(ConfigError, match="rgcn has no attention"):
        attention_by_type(torch.ones(1, 1, len(SOURCE), 0), GRAPH)
