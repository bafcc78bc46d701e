"""How the FGS1 encoder and the AIRS encoder meet: two sets of latents -> one, (B, dim).

Every fusion takes the same four tensors: pooled FGS1 (B, Df), FGS1 along time (B, L, Df),
pooled AIRS (B, Da), AIRS nodes (B, 283, Da).
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from spectramind.config.model import FusionConfig


def _mlp(width: int, config: FusionConfig) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(width, config.hidden),
        nn.GELU(),
        nn.Dropout(config.dropout),
        nn.Linear(config.hidden, config.dim),
    )


class ConcatFusion(nn.Module):
    """Two layers over both pooled latents."""

    def __init__(self, config: FusionConfig, d_fgs1: int, d_airs: int) -> None:
        super().__init__()
        self.mlp = _mlp(d_fgs1 + d_airs, config)

    def forward(self, fgs1: Tensor, steps: Tensor, airs: Tensor, nodes: Tensor) -> Tensor:
        """-> (B, dim)."""
        return self.mlp(torch.cat([fgs1, airs], dim=-1))


class GateFusion(nn.Module):
    """g * P fgs1 + (1 - g) * Q airs, the gate g (B, dim) in 0..1 a function of both."""

    def __init__(self, config: FusionConfig, d_fgs1: int, d_airs: int) -> None:
        super().__init__()
        self.project_fgs1 = nn.Linear(d_fgs1, config.dim)
        self.project_airs = nn.Linear(d_airs, config.dim)
        self.gate = _mlp(d_fgs1 + d_airs, config)

    def forward(self, fgs1: Tensor, steps: Tensor, airs: Tensor, nodes: Tensor) -> Tensor:
        """-> (B, dim)."""
        gate = torch.sigmoid(self.gate(torch.cat([fgs1, airs], dim=-1)))
        return torch.lerp(self.project_airs(airs), self.project_fgs1(fgs1), gate)


class CrossAttendFusion(nn.Module):
    """Each instrument's pooled latent asks the other's tokens; two layers over both answers."""

    def __init__(self, config: FusionConfig, d_fgs1: int, d_airs: int) -> None:
        super().__init__()
        self.project_fgs1 = nn.Linear(d_fgs1, config.dim)
        self.project_airs = nn.Linear(d_airs, config.dim)

        def attention() -> nn.MultiheadAttention:
            return nn.MultiheadAttention(
                config.dim, config.heads, dropout=config.dropout, batch_first=True
            )

        self.ask_nodes = attention()
        self.ask_steps = attention()
        self.mlp = _mlp(2 * config.dim, config)

    def forward(self, fgs1: Tensor, steps: Tensor, airs: Tensor, nodes: Tensor) -> Tensor:
        """-> (B, dim)."""
        fgs1, steps = self.project_fgs1(fgs1), self.project_fgs1(steps)
        airs, nodes = self.project_airs(airs), self.project_airs(nodes)
        from_nodes, _ = self.ask_nodes(fgs1.unsqueeze(1), nodes, nodes, need_weights=False)
        from_steps, _ = self.ask_steps(airs.unsqueeze(1), steps, steps, need_weights=False)
        both = [fgs1 + from_nodes.squeeze(1), airs + from_steps.squeeze(1)]
        return self.mlp(torch.cat(both, dim=-1))


_BUILDERS: dict[str, Callable[[FusionConfig, int, int], nn.Module]] = {
    "concat_mlp": ConcatFusion,
    "concat": ConcatFusion,
    "gate": GateFusion,
    "cross-attend": CrossAttendFusion,
}


def build_fusion(config: FusionConfig, d_fgs1: int, d_airs: int) -> nn.Module:
    """The fusion that ``config.type`` names, for encoders of these widths."""
    return _BUILDERS[config.type](config, d_fgs1, d_airs)
