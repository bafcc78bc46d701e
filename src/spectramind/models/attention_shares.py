"""What the graph attention looked at, by type of edge."""

from dataclasses import dataclass

import torch
from torch import Tensor

from spectramind.errors import ConfigError
from spectramind.instrument.graph import EDGE_TYPES, BinGraph
from spectramind.instrument.grid import N_BINS


@dataclass(frozen=True, eq=False)
class TypedAttention:
    """Attention on the edges of one type.

    Attributes:
        source, target: int64 (E',), bins at each edge's ends.
        weight: (B, layers, E', heads), softmax over all edges that end in a bin.
        share: (B, layers, 283, heads), what a bin gives to this type; over all types it sums to 1.
    """

    source: Tensor
    target: Tensor
    weight: Tensor
    share: Tensor


def attention_by_type(attention: Tensor, graph: BinGraph) -> dict[str, TypedAttention]:
    """Attention of each layer apart by type of edge.

    Args:
        attention: ``Outputs.attention``, (B, layers, E, heads).
        graph: the graph that the network was built on.

    Returns:
        by name, those of ``EDGE_TYPES`` that the graph has.

    Raises:
        ConfigError: the network has no attention.
        ValueError: it is that of another graph.
    """
    if attention.shape[3] == 0:
        raise ConfigError("model.airs_gnn.type=rgcn has no attention: train with gat to look at it")
    if attention.shape[2] != len(graph.types):
        raise ValueError(
            f"attention on {attention.shape[2]} edges, the graph has {len(graph.types)}"
        )
    found = {}
    for number, name in enumerate(EDGE_TYPES):
        of_type = torch.from_numpy(graph.types == number)
        if of_type.any():
            source = torch.from_numpy(graph.source)[of_type]
            target = torch.from_numpy(graph.target)[of_type]
            weight = attention[:, :, of_type.to(attention.device)]
            empty = weight.new_zeros(*weight.shape[:2], N_BINS, weight.shape[3])
            share = empty.index_add(2, target.to(weight.device), weight)
            found[name] = TypedAttention(source, target, weight, share)
    return found
