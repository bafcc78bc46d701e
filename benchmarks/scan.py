"""How fast and how large the Mamba-2 layer is: ``python benchmarks/scan.py [--device cpu]``.

Forward and backward of one layer, ``d_model`` 128, state 32, heads of 32, beside references of the
same run: the layer as it was, whose products between chunks grow with the square of the length
("quadratic"), torch's GRU of the same width, and, where it is installed, mambapy's Mamba-1 block in
plain torch (MIT, ``pip install mambapy``) of the same width and expansion, with its usual state of
16, half of ours. One thread. Every measurement has a process of its own; memory is the peak over
what stood before the first pass. Times are medians of ``--repeats``.
"""

import argparse
import importlib
import importlib.util
import resource
import statistics
import subprocess
import sys
import time

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spectramind.models.mamba import Mamba2
from spectramind.models.state_scan import CHUNK, scan_path
from spectramind.run.devices import prepare_cpu

WIDTH, STATE, HEAD, EXPAND = 128, 32, 32, 2
SIZES = ((1_000, 4), (67_500, 1))
REFERENCES = ("quadratic", "gru", "mambapy")
# Beyond it mambapy's scan holds more than this machine may have: 0.24 MB a step, measured at 1,000.
_LONGEST = {"mambapy": 4_000}


def _decay(log_decay: Tensor) -> Tensor:
    total = log_decay.cumsum(-1)
    difference = total.unsqueeze(-1) - total.unsqueeze(-2)
    causal = torch.ones(difference.shape[-2:], dtype=torch.bool, device=difference.device).tril()
    return difference.masked_fill(~causal, -torch.inf).exp()


def quadratic_scan(x: Tensor, dt: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor) -> Tensor:
    """The scan with a product over all pairs of chunks; shapes as ``ssd_scan``'s, one group."""
    batch, length, heads, channels = x.shape
    pad = -length % CHUNK
    split = (batch, (length + pad) // CHUNK, CHUNK)
    u = F.pad(x * dt.unsqueeze(-1), (0, 0, 0, 0, 0, pad)).view(*split, heads, channels)
    u = u.permute(0, 1, 3, 2, 4)
    a = F.pad(dt * A, (0, 0, 0, pad)).view(*split, heads).transpose(2, 3)
    Bc = F.pad(B, (0, 0, 0, 0, 0, pad)).view(*split, -1)
    Cc = F.pad(C, (0, 0, 0, 0, 0, pad)).view(*split, -1)
    y = ((Cc @ Bc.transpose(-1, -2)).unsqueeze(2) * _decay(a)) @ u
    total = a.cumsum(-1)
    to_end = (total[..., -1:] - total).exp().unsqueeze(-1)
    states = Bc.transpose(-1, -2).unsqueeze(2) @ (u * to_end)
    between = _decay(total[..., -1].permute(0, 2, 1))
    after = torch.einsum("brts,bsrnp->btrnp", between, states)
    entering = F.pad(after[:, :-1], (0, 0) * 3 + (1, 0))
    y = y + (Cc.unsqueeze(2) @ entering) * total.exp().unsqueeze(-1)
    y = y.permute(0, 1, 3, 2, 4).reshape(batch, length + pad, heads, channels)[:, :length]
    return y + D.unsqueeze(-1) * x


class Quadratic(Mamba2):
    """The layer with that scan, the whole sequence at once."""

    def forward(self, tokens: Tensor) -> Tensor:
        """(b, l, d_model) -> the same."""
        sizes = [self.inner, self.inner + 2 * self.state, self.dt_bias.shape[0]]
        z, mixed, dt = self.in_proj(tokens).split(sizes, dim=-1)
        causal = self.conv1d(F.pad(mixed.transpose(1, 2), (3, 0))).transpose(1, 2)
        x, B, C = F.silu(causal).split([self.inner, self.state, self.state], dim=-1)
        y = quadratic_scan(
            x.unflatten(-1, (-1, self.head_dim)),
            F.softplus(dt + self.dt_bias),
            -self.A_log.exp(),
            B.unsqueeze(2),
            C.unsqueeze(2),
            self.D,
        )
        return self.out_proj(self.norm(y.flatten(-2) * F.silu(z)))


class Recurrent(nn.Module):
    """torch's GRU."""

    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(WIDTH, WIDTH, batch_first=True)

    def forward(self, tokens: Tensor) -> Tensor:
        """(b, l, d_model) -> the same."""
        return self.gru(tokens)[0]


def layer(name: str) -> nn.Module:
    """``ours`` or a reference, the same weights in every process."""
    torch.manual_seed(1)
    if name == "gru":
        return Recurrent()
    if name == "mambapy":
        theirs = importlib.import_module("mambapy.mamba")
        block: nn.Module = theirs.MambaBlock(theirs.MambaConfig(WIDTH, n_layers=1))
        return block
    return (Quadratic if name == "quadratic" else Mamba2)(WIDTH, STATE, HEAD, EXPAND)


def measure(name: str, length: int, batch: int, repeats: int, device: str) -> tuple[float, float]:
    """Median seconds and peak MB over the base of forward and backward, in this process."""
    prepare_cpu(1)
    module = layer(name).to(device)
    tokens = torch.randn(batch, length, WIDTH, device=device, requires_grad=True)
    gpu = device == "cuda"

    def work(part: Tensor) -> None:
        module(part).square().mean().backward()
        if gpu:
            torch.cuda.synchronize()

    def peak() -> float:
        if gpu:
            return torch.cuda.max_memory_allocated() / 1e6
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1.024e-3

    work(tokens[:, :CHUNK])
    base, times = peak(), []
    for _ in range(repeats):
        start = time.perf_counter()
        work(tokens)
        times.append(time.perf_counter() - start)
    return statistics.median(times), peak() - base


def left_out(name: str, length: int) -> str:
    """Why a reference is not measured, empty if it is."""
    if name == "mambapy" and importlib.util.find_spec("mambapy") is None:
        return "not installed"
    longest = _LONGEST.get(name, length)
    return "" if length <= longest else f"left out beyond {longest} steps: too much memory"


def apart(name: str, length: int, batch: int, repeats: int, device: str) -> tuple[float, float]:
    """``measure`` in a process of its own."""
    wanted = [name, str(length), str(batch), str(repeats), device]
    done = subprocess.run(
        [sys.executable, __file__, "--one", *wanted], capture_output=True, text=True, check=True
    )
    seconds, peak = done.stdout.split()
    return float(seconds), float(peak)


def table(sizes: tuple[tuple[int, int], ...], repeats: int, device: str) -> list[str]:
    """A line a size and layer; ratios are the reference's over ours."""
    path = scan_path(torch.device(device))
    lines = [f"ours: {path.name} ({path.why})"]
    lines.append(
        f"{'steps x batch':>14} {'layer':>10} {'s':>8} {'MB':>7} {'time':>6} {'memory':>7}"
    )
    for length, batch in sizes:
        ours = apart("ours", length, batch, repeats, device)
        size = f"{length} x {batch}"
        lines.append(f"{size:>14} {'ours':>10} {ours[0]:8.3f} {ours[1]:7.0f}")
        for name in REFERENCES:
            if why := left_out(name, length):
                lines.append(f"{size:>14} {name:>10} {why}")
                continue
            seconds, peak = apart(name, length, batch, repeats, device)
            ratios = f"{seconds / ours[0]:5.2f}x {peak / max(ours[1], 1.0):6.2f}x"
            lines.append(f"{size:>14} {name:>10} {seconds:8.3f} {peak:7.0f} {ratios}")
    return lines


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--one", nargs=5, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        name, length, batch, repeats, device = chosen.one
        print(*measure(name, int(length), int(batch), int(repeats), device))
    else:
        print("\n".join(table(SIZES, chosen.repeats, chosen.device)))


if __name__ == "__main__":
    main()
