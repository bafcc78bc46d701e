"""Mamba-2: a selective state-space layer by state-space duality (Dao & Gu 2024, arXiv:2405.21060).

Each head carries a state S (N, P) along the sequence:
    S_t = exp(dt_t A) S_(t-1) + dt_t B_t x_t^T,    y_t = S_t^T C_t + D x_t.
Inside a chunk that recurrence is a masked matrix product; between chunks only the states move on.

Symbols: b batch, l length, c chunks, q steps a chunk, h heads, p channels a head (P),
g groups sharing B and C, r heads a group, n state size (N).
Parameter names and shapes are those of ``mamba_ssm.Mamba2``, so weights interchange.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CHUNK = 64
_CONV_WIDTH = 4
_DT_RANGE = (1e-3, 1e-1)
_A_RANGE = (1.0, 16.0)


def _decay(log_decay: Tensor) -> Tensor:
    """exp(sum of log_decay over (s, t]) for s <= t, else 0: (..., q) -> (..., q, q) as [t, s]."""
    total = log_decay.cumsum(-1)
    difference = total.unsqueeze(-1) - total.unsqueeze(-2)
    size = log_decay.shape[-1]
    causal = torch.ones(size, size, dtype=torch.bool, device=log_decay.device).tril()
    return difference.masked_fill(~causal, -torch.inf).exp()


def ssd_scan(
    x: Tensor, dt: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, chunk: int = CHUNK
) -> Tensor:
    """The state-space scan from a zero state, in chunks, for any length.

    Args:
        x: (b, l, h, p). dt: (b, l, h), positive. A: (h,), negative. B, C: (b, l, g, n). D: (h,).
        chunk: steps a chunk.

    Returns:
        y: (b, l, h, p).
    """
    batch, length, heads, channels = x.shape
    groups, state = B.shape[2:]
    pad = -length % chunk
    split = (batch, (length + pad) // chunk, chunk, groups)
    # dt = 0 in the padding: the state neither decays nor takes anything in.
    u = F.pad(x * dt.unsqueeze(-1), (0, 0, 0, 0, 0, pad)).view(*split, heads // groups, channels)
    u = u.permute(0, 1, 3, 4, 2, 5)  # b c g r q p
    a = F.pad(dt * A, (0, 0, 0, pad)).view(*split, heads // groups).permute(0, 1, 3, 4, 2)  # bcgrq
    Bc = F.pad(B, (0, 0, 0, 0, 0, pad)).view(*split, state).permute(0, 1, 3, 2, 4)  # b c g q n
    Cc = F.pad(C, (0, 0, 0, 0, 0, pad)).view(*split, state).permute(0, 1, 3, 2, 4)

    scores = (Cc @ Bc.transpose(-1, -2)).unsqueeze(3)  # b c g 1 q q
    y = (scores * _decay(a)) @ u

    total = a.cumsum(-1)  # b c g r q
    to_end = (total[..., -1:] - total).exp().unsqueeze(-1)
    states = Bc.transpose(-1, -2).unsqueeze(3) @ (u * to_end)  # b c g r n p, of each chunk alone
    between = _decay(total[..., -1].permute(0, 2, 3, 1))  # b g r c c
    after = torch.einsum("bgrts,bsgrnp->btgrnp", between, states)  # the state after each chunk
    entering = F.pad(after[:, :-1], (0, 0) * 4 + (1, 0))
    y = y + (Cc.unsqueeze(3) @ entering) * total.exp().unsqueeze(-1)

    y = y.permute(0, 1, 4, 2, 3, 5).reshape(batch, length + pad, heads, channels)[:, :length]
    return y + D.unsqueeze(-1) * x


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
        self.conv1d = nn.Conv1d(mixed, mixed, _CONV_WIDTH, groups=mixed, padding=_CONV_WIDTH - 1)
        low, high = (math.log(bound) for bound in _DT_RANGE)
        dt = torch.exp(low + (high - low) * torch.rand(heads))
        self.dt_bias = nn.Parameter(dt + torch.log(-torch.expm1(-dt)))  # softplus inverse
        self.A_log = nn.Parameter(torch.empty(heads).uniform_(*_A_RANGE).log())
        self.D = nn.Parameter(torch.ones(heads))
        self.norm = nn.RMSNorm(inner, eps=1e-5)
        self.out_proj = nn.Linear(inner, d_model, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Mix along the sequence. The scan runs in float32 at least, also under autocast."""
        z, mixed, dt = self.in_proj(tokens).split(
            [self.inner, self.inner + 2 * self.state, self.dt_bias.shape[0]], dim=-1
        )
        causal = self.conv1d(mixed.transpose(1, 2))[..., : tokens.shape[1]].transpose(1, 2)
        x, B, C = F.silu(causal).split([self.inner, self.state, self.state], dim=-1)
        with torch.autocast(tokens.device.type, enabled=False):
            full = torch.promote_types(x.dtype, torch.float32)
            y = ssd_scan(
                x.to(full).unflatten(-1, (-1, self.head_dim)),
                F.softplus(dt.to(full) + self.dt_bias),
                -self.A_log.exp(),
                B.to(full).unsqueeze(2),
                C.to(full).unsqueeze(2),
                self.D,
            ).flatten(-2)
            gated = self.norm(y * F.silu(z.to(full)))
        return self.out_proj(gated)
