"""Which edges of the bin graph the network's correction needs, by torch-geometric's explainer.

GNNExplainer (Ying et al. 2019, arXiv:1903.03894) learns a mask over the edges that keeps the
correction as it is with as few edges as possible. It masks torch-geometric's own layers, so our
attention layers are exchanged for ``GATv2Conv`` with the same weights, and ``RGCNConv`` for
``FastRGCNConv``, which knows all types of edges in one pass. Beside it, plainly: how far the
correction moves when all edges of a type are cut.
"""

import copy
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from spectramind.errors import ConfigError
from spectramind.instrument.graph import EDGE_TYPES, SELF
from spectramind.models.gat import AirsEncoder, GATv2, GraphLayer
from spectramind.models.network import Inputs, SpectraMind
from spectramind.models.relational import RelationalConvolution

Array = NDArray[np.float64]
# The share of edges left counts against keeping the answer; the answer is scaled to unit size.
_EDGE_SIZE, _RATE = 0.1, 0.05
_LEAST = 1e-9  # sigmas: a correction below it is none


@dataclass(frozen=True, eq=False)
class EdgeImportance:
    """Of each edge type there is, in one planet.

    Attributes:
        edges: how many. mask: mean of the explainer's mask over them, 0..1.
        cut: rms change of the correction without them, in physics sigmas.
    """

    edges: int
    mask: float
    cut: float


class _Layer(nn.Module):
    """A torch-geometric layer where ``GraphLayer`` has its own, for one planet."""

    def __init__(self, conv: nn.Module) -> None:
        super().__init__()
        self.conv = conv

    def forward(
        self, nodes: Tensor, source: Tensor, target: Tensor, edges: Tensor
    ) -> tuple[Tensor, Tensor]:
        out = self.conv(nodes[:, 0], torch.stack([source, target]), edges)
        return out.unsqueeze(1), nodes.new_zeros(len(source), 1, 0)


class CorrectionOnEdges(nn.Module):
    """The correction of one planet on edges that are given: node features (283, C), edges (2, E)
    and their features or types -> (283, 1), in physics sigmas.

    Args:
        network: it is copied. inputs: one planet, on the CPU.

    Raises:
        ConfigError: torch-geometric is not installed.
    """

    def __init__(self, network: SpectraMind, inputs: Inputs) -> None:
        super().__init__()
        _require()
        self.network = copy.deepcopy(network).cpu().eval()
        self.inputs, self.scale = inputs, 1.0
        encoder = self.encoder
        for layer in cast("list[GraphLayer]", encoder.layers):
            layer.conv = _Layer(_twin(layer.conv))
        types = encoder.edges if encoder.edges.dim() == 1 else None
        self.relational = types is not None
        # R-GCN has weights of its own for a bin itself: its loops are no edges.
        kept = slice(None) if types is None else types > EDGE_TYPES.index(SELF)
        self.source, self.target = encoder.source[kept], encoder.target[kept]
        self.told = encoder.edges[kept] if types is None else types[kept] - 1
        self.kept = kept

    @property
    def encoder(self) -> AirsEncoder:
        """The copy's graph encoder."""
        return self.network.airs

    @property
    def edge_index(self) -> Tensor:
        """All edges, (2, E)."""
        return torch.stack([self.source, self.target])

    def forward(self, nodes: Tensor, edge_index: Tensor, told: Tensor) -> Tensor:
        encoder = self.encoder
        encoder.source, encoder.target, encoder.edges = edge_index[0], edge_index[1], told
        one = self.inputs
        mu = self.network(Inputs(one.fgs1, nodes.unsqueeze(0), one.mu0, one.sigma0)).mu
        delta: Tensor = ((mu - one.mu0) / one.sigma0).T
        return delta / self.scale


def edge_importance(
    network: SpectraMind, types: NDArray[np.int64], inputs: Inputs, epochs: int, seed: int
) -> dict[str, EdgeImportance]:
    """Importance of each type of edge for one planet's correction; empty where there is none.

    Args:
        network: of any graph layers. types: (E,) of the graph it was built on (``BinGraph``).
        inputs: one planet, on the CPU. epochs: of the explainer. seed: of its first mask.

    Raises:
        ConfigError: torch-geometric is not installed.
    """
    explain = _require()
    model, nodes = CorrectionOnEdges(network, inputs), inputs.nodes[0]
    index, told = model.edge_index, model.told
    with torch.no_grad():
        whole = model(nodes, index, told)
    size = float(whole.square().mean().sqrt())
    if size < _LEAST:
        return {}
    kept_types = torch.from_numpy(types)[model.kept]
    cuts = {}
    for number in range(len(EDGE_TYPES)):
        if (of_type := kept_types == number).any():
            with torch.no_grad():
                without = model(nodes, index[:, ~of_type], told[~of_type])
            cuts[number] = float((without - whole).square().mean().sqrt())
    mask = _learnt_mask(explain, model, size, nodes, epochs, seed)
    return {
        EDGE_TYPES[number]: EdgeImportance(
            int((kept_types == number).sum()), float(mask[kept_types == number].mean()), cut
        )
        for number, cut in cuts.items()
    }


def _learnt_mask(
    explain: Any, model: CorrectionOnEdges, size: float, nodes: Tensor, epochs: int, seed: int
) -> Tensor:
    """The explainer's mask over the edges, (E,)."""
    model.scale = size
    learner = explain.GNNExplainer(
        epochs=epochs, lr=_RATE, edge_size=_EDGE_SIZE, edge_reduction="mean"
    )
    explainer = explain.Explainer(
        model,
        learner,
        explanation_type="model",
        node_mask_type=None,
        edge_mask_type="object",
        model_config={"mode": "regression", "task_level": "node", "return_type": "raw"},
    )
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        found = explainer(nodes, model.edge_index, told=model.told)
    mask: Tensor = found.edge_mask.detach()
    return mask


def _twin(conv: nn.Module) -> nn.Module:
    """Torch-geometric's layer of the same weights."""
    from torch_geometric.nn import (  # type: ignore[import-untyped]
        FastRGCNConv,
        GATv2Conv,
        MessagePassing,
    )

    twin: nn.Module
    if isinstance(conv, GATv2):
        d_in, d_out = conv.lin_l.in_features, conv.lin_l.out_features
        twin = GATv2Conv(
            d_in,
            d_out // conv.heads,
            heads=conv.heads,
            edge_dim=conv.lin_edge.in_features,
            add_self_loops=False,
        )
        twin.load_state_dict(conv.state_dict())
        return twin
    # It would take RGCNConv's compiled way, which knows no types, as its own to be explained by.
    one_pass = type("OnePassRGCNConv", (FastRGCNConv,), {"propagate": MessagePassing.propagate})
    own = cast(RelationalConvolution, conv).conv
    twin = one_pass(own.in_channels, own.out_channels, own.num_relations)
    twin.load_state_dict(own.state_dict())
    return twin


def _require() -> Any:
    try:
        from torch_geometric import explain  # type: ignore[import-untyped]
    except ImportError as error:
        raise ConfigError(
            f"diagnose shap needs torch-geometric for the network that was kept ({error}): "
            "pip install torch-geometric"
        ) from error
    return explain
