"""The state-space scan of Mamba-2 (Dao & Gu 2024, arXiv:2405.21060), and which code computes it.

Each head carries a state S (N, P) along the sequence:
    S_t = exp(dt_t A) S_(t-1) + dt_t B_t x_t^T,    y_t = S_t^T C_t + D x_t.
Inside a chunk that recurrence is a masked matrix product; between the chunks of a part only the
states move on, by a product over pairs of chunks; from part to part the state is handed over. So
time and memory grow with the length, not with its square.

Symbols: b batch, l length, c chunks, q steps a chunk, h heads, p channels a head (P),
g groups sharing B and C, r heads a group, n state size (N).

Two paths, same results: ``chunked_scan``, plain torch on any device, and mamba_ssm's Triton kernel
on a GPU of capability 8.0 or later where that package can be imported.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

CHUNK = 64
# Steps of a part. Longer parts pay for pairs of chunks, shorter ones for more calls.
PART = 2048  # 1,024 and 4,096 took as long, 512 a quarter longer
_CAPABILITY = (8, 0)
_TRITON = "mamba_ssm.ops.triton.ssd_combined"


def _decay(log_decay: Tensor) -> Tensor:
    """exp(sum of log_decay over (s, t]) for s <= t, else 0: (..., q) -> (..., q, q) as [t, s]."""
    total = log_decay.cumsum(-1)
    difference = total.unsqueeze(-1) - total.unsqueeze(-2)
    size = log_decay.shape[-1]
    causal = torch.ones(size, size, dtype=torch.bool, device=log_decay.device).tril()
    return difference.masked_fill(~causal, -torch.inf).exp()


def _part(
    x: Tensor, dt: Tensor, A: Tensor, B: Tensor, C: Tensor, state: Tensor, chunk: int
) -> tuple[Tensor, Tensor]:
    """Shapes as in ``chunked_scan``; D x is not in y."""
    batch, length, heads, channels = x.shape
    groups, size = B.shape[2:]
    pad = -length % chunk
    split = (batch, (length + pad) // chunk, chunk, groups)
    # dt = 0 in the padding: the state neither decays nor takes anything in.
    u = F.pad(x * dt.unsqueeze(-1), (0, 0, 0, 0, 0, pad)).view(*split, heads // groups, channels)
    u = u.permute(0, 1, 3, 4, 2, 5)  # b c g r q p
    a = F.pad(dt * A, (0, 0, 0, pad)).view(*split, heads // groups).permute(0, 1, 3, 4, 2)  # bcgrq
    Bc = F.pad(B, (0, 0, 0, 0, 0, pad)).view(*split, size).permute(0, 1, 3, 2, 4)  # b c g q n
    Cc = F.pad(C, (0, 0, 0, 0, 0, pad)).view(*split, size).permute(0, 1, 3, 2, 4)

    scores = (Cc @ Bc.transpose(-1, -2)).unsqueeze(3)  # b c g 1 q q
    y = (scores * _decay(a)) @ u

    total = a.cumsum(-1)  # b c g r q
    to_end = (total[..., -1:] - total).exp().unsqueeze(-1)
    added = Bc.transpose(-1, -2).unsqueeze(3) @ (u * to_end)  # b c g r n p, by each chunk alone
    first = state.unflatten(1, (groups, -1)).transpose(-1, -2).unsqueeze(1)  # b 1 g r n p
    # Chunk 0 stands for what was there before.
    between = _decay(F.pad(total[..., -1].permute(0, 2, 3, 1), (1, 0)))  # b g r c+1 c+1
    after = torch.einsum("bgrts,bsgrnp->btgrnp", between, torch.cat([first, added], dim=1))
    y = y + (Cc.unsqueeze(3) @ after[:, :-1]) * total.exp().unsqueeze(-1)

    y = y.permute(0, 1, 4, 2, 3, 5).reshape(batch, length + pad, heads, channels)[:, :length]
    return y, after[:, -1].flatten(1, 2).transpose(-1, -2)


def chunked_scan(
    x: Tensor,
    dt: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor,
    state: Tensor,
    chunk: int = CHUNK,
) -> tuple[Tensor, Tensor]:
    """The scan in plain torch, for any length.

    Args:
        x: (b, l, h, p). dt: (b, l, h), positive. A: (h,), negative. B, C: (b, l, g, n). D: (h,).
        state: (b, h, p, n), before the first step.
        chunk: steps a chunk.

    Returns:
        y (b, l, h, p), and the state after the last step (b, h, p, n).
    """
    found = []
    for start in range(0, x.shape[1], PART):
        here = slice(start, start + PART)
        y, state = _part(x[:, here], dt[:, here], A, B[:, here], C[:, here], state, chunk)
        found.append(y)
    whole = found[0] if len(found) == 1 else torch.cat(found, dim=1)
    return whole + D.unsqueeze(-1) * x, state


def empty_state(x: Tensor, B: Tensor) -> Tensor:
    """The state before any step, zero, (b, h, p, n)."""
    return x.new_zeros(x.shape[0], x.shape[2], x.shape[3], B.shape[3])


def ssd_scan(
    x: Tensor, dt: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, chunk: int = CHUNK
) -> Tensor:
    """``chunked_scan`` from a zero state: y alone."""
    return chunked_scan(x, dt, A, B, C, D, empty_state(x, B), chunk)[0]


def triton_scan(
    x: Tensor, dt: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, state: Tensor
) -> tuple[Tensor, Tensor]:
    """``chunked_scan`` by mamba_ssm's Triton kernel.

    Raises:
        ImportError: there is none; ``scan_path`` says so beforehand.
    """
    kernel, why = _triton_kernel()
    if kernel is None:
        raise ImportError(why)
    y, after = kernel(x, dt, A, B, C, CHUNK, D=D, initial_states=state, return_final_states=True)
    return y, after.to(state.dtype)


@cache
def _triton_kernel() -> tuple[Callable[..., tuple[Tensor, Tensor]] | None, str]:
    """The kernel, or why there is none; a build that does not fit its torch breaks in many ways."""
    try:
        return importlib.import_module(_TRITON).mamba_chunk_scan_combined, ""
    except ModuleNotFoundError as error:
        return None, f"{error.name} is not installed"
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        return None, f"mamba_ssm cannot be imported ({str(error).partition(chr(10))[0]})"


@dataclass(frozen=True)
class ScanPath:
    """Which code scans, and why."""

    name: str
    why: str
    scan: Callable[[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]


def scan_path(device: torch.device, dtype: torch.dtype = torch.float32) -> ScanPath:
    """The fastest path that this device and number format have."""
    why = _no_triton(device, dtype)
    if why:
        return ScanPath("chunked torch", why, chunked_scan)
    return ScanPath("mamba_ssm's Triton kernel", "importable, and the GPU has it", triton_scan)


def _no_triton(device: torch.device, dtype: torch.dtype) -> str:
    """Why the Triton kernel is not to be used, empty if it is."""
    if device.type != "cuda":
        return "no GPU computes"
    capability = torch.cuda.get_device_capability(device)
    if capability < _CAPABILITY:
        return f"the GPU's capability is {capability[0]}.{capability[1]}, Triton's kernel needs 8.0"
    if dtype == torch.float64:
        return "the Triton kernel has no float64"
    if torch.are_deterministic_algorithms_enabled():
        return "the Triton kernel adds in no fixed order, deterministic algorithms are asked for"
    return _triton_kernel()[1]
