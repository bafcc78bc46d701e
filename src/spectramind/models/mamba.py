"""Mamba-2: a selective state-space layer by state-space duality (Dao & Gu 2024, arXiv:2405.21060).

The scan is in ``state_scan``. Parameter names and shapes are those of ``mamba_ssm.Mamba2``, so
weights interchange.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from spectramind.models.state_scan import PART, scan_path

_CONV_WIDTH = 4
_DT_RANGE = (1e-3, 1e-1)
_A_RANGE = (1.0, 16.0)


class Mamba2(nn.Module):
    """One selective state-space layer, (b, l, d_model) -> the same; causal along l.

    Args:
        d_model: width. d_state: N. head_dim: P. expand: inner width over ``d_model``.
    """

    def __init__(self, d_model: int, d_state: int, head_dim: int, expand: int) -> None:
        super().__init__()
        inner = expand * d_model
        heads = inner // head_dim
        self.inner, self.state, self.head_dim = inner, d_state, head_dim
        mixed = inner + 2 * d_state
        self.in_proj = nn.Linear(d_model, inner + mixed + heads, bias=False)
        self.conv1d = nn.Conv1d(mixed, mixed, _CONV_WIDTH, groups=mixed)
        low, high = (math.log(bound) for bound in _DT_RANGE)
        dt = torch.exp(low + (high - low) * torch.rand(heads))
        self.dt_bias = nn.Parameter(dt + torch.log(-torch.expm1(-dt)))  # softplus inverse
        self.A_log = nn.Parameter(torch.empty(heads).uniform_(*_A_RANGE).log())
        self.D = nn.Parameter(torch.ones(heads))
        self.norm = nn.RMSNorm(inner, eps=1e-5)
        self.out_proj = nn.Linear(inner, d_model, bias=False)

    def forward(self, tokens: Tensor, backward: bool = False) -> Tensor:
        """Mix along the sequence, from its end if ``backward``. The scan runs in float32 at least,
        also under autocast.

        A sequence longer than ``PART`` goes through part by part, and a part's inner values are
        computed again for the gradient: memory then grows with ``d_model`` a step and no more.
        """
        batch, length, _ = tokens.shape
        full = torch.promote_types(tokens.dtype, torch.float32)
        before = tokens.new_zeros(batch, _CONV_WIDTH - 1, self.conv1d.in_channels)
        heads = self.dt_bias.shape[0]
        state = tokens.new_zeros(batch, heads, self.head_dim, self.state, dtype=full)
        if length <= PART:
            return self._part(tokens, before, state, backward)[0]
        mixed = []
        parts = tokens.split(PART, dim=1)
        for part in reversed(parts) if backward else parts:
            if torch.is_grad_enabled():
                out, before, state = checkpoint(
                    self._part,
                    part,
                    before,
                    state,
                    backward,
                    use_reentrant=False,
                    preserve_rng_state=False,
                )
            else:
                out, before, state = self._part(part, before, state, backward)
            mixed.append(out)
        return torch.cat(mixed[::-1] if backward else mixed, dim=1)

    def _part(
        self, tokens: Tensor, before: Tensor, state: Tensor, backward: bool
    ) -> tuple[Tensor, Tensor, Tensor]:
        """A part of the sequence, what the convolution saw before it, the state before it -> the
        part mixed, and both for the next part.
        """
        if backward:  # here, so that no flipped copy of the sequence is kept
            tokens = tokens.flip(1)
        z, mixed, dt = self.in_proj(tokens).split(
            [self.inner, self.inner + 2 * self.state, self.dt_bias.shape[0]], dim=-1
        )
        seen = torch.cat([before.to(mixed.dtype), mixed], dim=1)
        causal = self.conv1d(seen.transpose(1, 2)).transpose(1, 2)
        x, B, C = F.silu(causal).split([self.inner, self.state, self.state], dim=-1)
        with torch.autocast(tokens.device.type, enabled=False):
            full = state.dtype
            y, state = scan_path(tokens.device, full).scan(
                x.to(full).unflatten(-1, (-1, self.head_dim)),
                F.softplus(dt.to(full) + self.dt_bias),
                -self.A_log.exp(),
                B.to(full).unsqueeze(2),
                C.to(full).unsqueeze(2),
                self.D,
                state,
            )
            gated = self.norm(y.flatten(-2) * F.silu(z.to(full)))
        out = self.out_proj(gated)
        # Copies: views would keep the whole part for its last steps.
        return out.flip(1) if backward else out, seen[:, 1 - _CONV_WIDTH :].clone(), state.clone()
