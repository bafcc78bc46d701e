"""The chunked state-space scan against the recurrence it stands for."""

import pytest
import torch
from torch import Tensor

from spectramind.models.mamba import Mamba2, ssd_scan


def sequential_scan(x: Tensor, dt: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor) -> Tensor:
    """The definition, one step after the other."""
    heads = x.shape[2]
    B, C = (m.repeat_interleave(heads // m.shape[2], dim=2) for m in (B, C))
    state = x.new_zeros(x.shape[0], heads, B.shape[-1], x.shape[-1])
    out = []
    for t in range(x.shape[1]):
        decay = (dt[:, t] * A).exp()[..., None, None]
        state = decay * state + B[:, t, :, :, None] * (dt[:, t, :, None] * x[:, t])[:, :, None]
        out.append((state * C[:, t, :, :, None]).sum(2) + D[:, None] * x[:, t])
    return torch.stack(out, dim=1)


def scan_inputs(length: int, groups: int = 1, heads: int = 4) -> list[Tensor]:
    rng = torch.Generator().manual_seed(length)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=rng, dtype=torch.float64)

    return [
        normal(2, length, heads, 3),
        torch.nn.functional.softplus(normal(2, length, heads)),
        -normal(heads).exp(),
        normal(2, length, groups, 5),
        normal(2, length, groups, 5),
        normal(heads),
    ]


@pytest.mark.parametrize("length", [1, 5, 8, 23, 64])
@pytest.mark.parametrize("groups", [1, 2])
def test_chunked_scan_is_the_recurrence(length: int, groups: int) -> None:
    answers = []
    for scan in (lambda *a: ssd_scan(*a, chunk=8), sequential_scan):
        inputs = [tensor.requires_grad_() for tensor in scan_inputs(length, groups)]
        y = scan(*inputs)
        answers.append([y, *torch.autograd.grad(y.sin().sum(), inputs)])
    for fast, slow in zip(*answers, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-10, atol=1e-10)


def test_one_step_by_hand() -> None:
    one = torch.ones(1, 1, 1, 1)
    y = ssd_scan(2 * one, 0.5 * one[..., 0], -one[0, 0, 0], 3 * one, 5 * one, 7 * one[0, 0, 0])
    assert y.item() == pytest.approx(0.5 * 2 * 3 * 5 + 7 * 2)


def test_strong_decay_stays_finite() -> None:
    x, dt, A, B, C, D = (tensor.float() for tensor in scan_inputs(200))
    A = (A * 100).requires_grad_()
    y = ssd_scan(x, dt, A, B, C, D)
    y.sum().backward()
    assert torch.isfinite(y).all()
    assert torch.isfinite(A.grad).all()


def test_parameters_are_those_of_mamba_ssm() -> None:
    layer = Mamba2(d_model=16, d_state=8, head_dim=4, expand=2)
    inner, heads, mixed = 32, 8, 32 + 2 * 8
    assert {name: tuple(p.shape) for name, p in layer.named_parameters()} == {
        "in_proj.weight": (inner + mixed + heads, 16),
        "conv1d.weight": (mixed, 1, 4),
        "conv1d.bias": (mixed,),
        "dt_bias": (heads,),
        "A_log": (heads,),
        "D": (heads,),
        "norm.weight": (inner,),
        "out_proj.weight": (16, inner),
    }


def test_initial_time_steps_lie_in_their_range() -> None:
    dt = torch.nn.functional.softplus(Mamba2(256, 8, 4, 2).dt_bias)
    assert dt.min() >= 0.9e-3
    assert dt.max() <= 0.11
    assert dt.std() > 0.01


def test_layer_is_causal() -> None:
    torch.manual_seed(0)
    layer = Mamba2(16, 8, 4, 2).double()
    tokens = torch.randn(1, 70, 16, dtype=torch.float64)
    later = tokens.clone()
    later[:, 40:] += 1.0
    before, after = layer(tokens), layer(later)
    torch.testing.assert_close(before[:, :40], after[:, :40])
    assert (before[:, 40] - after[:, 40]).abs().max() > 1e-4


def test_scan_keeps_float32_under_autocast() -> None:
    torch.manual_seed(0)
    layer = Mamba2(16, 8, 4, 2)
    tokens = torch.randn(2, 30, 16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = layer(tokens)
    assert mixed.dtype == torch.bfloat16
    torch.testing.assert_close(mixed.float(), layer(tokens), rtol=0.05, atol=0.02)
