"""Fused latent and node embeddings -> corrections of depth and of sigma, zero when untrained."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from spectramind.config.model import DecoderConfig
from spectramind.instrument.grid import FGS1_BIN, N_BINS


def scale_basis(size: int) -> NDArray[np.float32]:
    """Linear interpolation from ``size`` values to the 283 bins, (size, 283).

    The first value is FGS1 alone; the others are evenly spaced knots over the AIRS bins. Nothing is
    interpolated across the gap between the two instruments. Of 283 values it is the identity.
    """
    basis = np.zeros((size, N_BINS), dtype=np.float32)
    basis[0, FGS1_BIN] = 1.0
    airs = np.arange(FGS1_BIN + 1, N_BINS)
    knots = np.linspace(airs[0], airs[-1], size - 1)
    for row, peak in enumerate(np.eye(size - 1), start=1):
        basis[row, FGS1_BIN + 1 :] = np.interp(airs, knots, peak)
    return basis


def _zero(layer: nn.Linear) -> nn.Linear:
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


class BinHead(nn.Module):
    """Values a bin from its node embedding and the fused latent; exactly zero at first."""

    def __init__(self, d_node: int, d_latent: int, hidden: int, values: int = 1) -> None:
        super().__init__()
        self.from_node = nn.Linear(d_node, hidden)
        self.from_latent = nn.Linear(d_latent, hidden, bias=False)
        self.out = _zero(nn.Linear(hidden, values))

    def forward(self, nodes: Tensor, latent: Tensor) -> Tensor:
        """(B, 283, d_node), (B, d_latent) -> (B, 283), or (B, 283, values) of several."""
        hidden = self.from_node(nodes) + self.from_latent(latent).unsqueeze(1)
        return self.out(nn.functional.gelu(hidden)).squeeze(-1)


class ScaleHead(nn.Module):
    """Values at one scale from the latent and what the coarser scales said, over the 283 bins."""

    basis: Tensor

    def __init__(self, size: int, d_latent: int, hidden: int) -> None:
        super().__init__()
        basis = torch.from_numpy(scale_basis(size))
        self.register_buffer("basis", basis, persistent=False)
        self.mix = nn.Linear(d_latent + N_BINS, hidden)
        self.out = _zero(nn.Linear(hidden, size))

    def forward(self, latent: Tensor, coarser: Tensor) -> Tensor:
        """(B, d_latent), (B, 283) -> (B, 283)."""
        hidden = nn.functional.gelu(self.mix(torch.cat([latent, coarser], dim=-1)))
        return self.out(hidden).float() @ self.basis


class MultiScaleDecoder(nn.Module):
    """Coarse to fine: every scale adds to the sum of the coarser ones; nodes refine the finest.

    Args:
        config: scales and sizes. d_latent, d_node: widths of the latent and of the nodes.
    """

    def __init__(self, config: DecoderConfig, d_latent: int, d_node: int) -> None:
        super().__init__()
        self.aux_loss = config.aux_loss
        self.heads = nn.ModuleList(
            ScaleHead(size, d_latent, config.hidden) for size in config.scales
        )
        self.refine = BinHead(d_node + 1, d_latent, config.hidden)

    def forward(self, latent: Tensor, nodes: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Decode.

        Returns:
            the correction (B, 283), and those after each coarser scale, each (B, 283), coarsest
            first (none when ``aux_loss`` is off). Units of the physics estimate's own sigma.
        """
        total = latent.new_zeros(latent.shape[0], N_BINS, dtype=torch.float32)
        sums = []
        for head in self.heads:
            total = total + head(latent, total)
            sums.append(total)
        skip = torch.cat([nodes, total.unsqueeze(-1)], dim=-1)
        refined = total + self.refine(skip, latent).float()
        return refined, tuple(sums[:-1]) if self.aux_loss else ()
