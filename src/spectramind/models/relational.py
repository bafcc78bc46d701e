"""Convolution with weights of each type of edge: R-GCN (Schlichtkrull et al. 2018,
arXiv:1703.06103), by torch-geometric's own layer.

    out_i = W_0 x_i + sum over types r of mean over the edges j -> i of type r of W_r x_j.
A bin itself is W_0's: its loop is no edge here.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from spectramind.errors import ConfigError
from spectramind.instrument.graph import EDGE_TYPES, SELF


class RelationalConvolution(nn.Module):
    """One layer, (N, B, width) -> the same.

    Args:
        width: channels.

    Raises:
        ConfigError: torch-geometric is not installed.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        try:
            from torch_geometric.nn import RGCNConv  # type: ignore[import-untyped]
        except ImportError as error:
            raise ConfigError(
                f"model.airs_gnn.type=rgcn needs torch-geometric ({error}): "
                "pip install torch-geometric, or use gat"
            ) from error
        # As many bases as types restrict nothing. Without bases, where pyg_lib is installed, the
        # layer takes a path that averages over all edges instead of those of a type.
        self.conv = RGCNConv(width, width, len(EDGE_TYPES) - 1)

    def forward(
        self, nodes: Tensor, source: Tensor, target: Tensor, edges: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Convolve.

        Args:
            nodes: (N, B, width). source, target: (E,) node of each edge's ends.
            edges: (E,) type of each edge.

        Returns:
            (N, B, width), and no attention, (E, B, 0).
        """
        count, batch, width = nodes.shape
        true = (edges > EDGE_TYPES.index(SELF)).nonzero().squeeze(1)
        ends = torch.stack([source[true], target[true]])
        # The layer knows one graph: planet b's bins are its nodes b, B + b, 2 B + b, ...
        planets = torch.arange(batch, device=nodes.device).unsqueeze(1)
        copies = (ends.unsqueeze(1) * batch + planets).flatten(1)
        with _mean_by_type():
            out = self.conv(nodes.reshape(-1, width), copies, edges[true].repeat(batch) - 1)
        return out.view(count, batch, width), nodes.new_zeros(len(edges), batch, 0)


@contextmanager
def _mean_by_type() -> Iterator[None]:
    """Keep the layer from a path that averages over all edges instead of those of a type: it
    chooses that by sizes where pyg_lib is installed, and asks in a way torch.export cannot follow.
    """
    from torch_geometric import backend  # type: ignore[import-untyped]

    before = backend.use_segment_matmul
    backend.use_segment_matmul = False
    try:
        yield
    finally:
        backend.use_segment_matmul = before
