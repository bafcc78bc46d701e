"""The chunked state-space scan against the recurrence it stands for."""

import copy
import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

from spectramind.models import mamba, state_scan
from spectramind.models.mamba import Mamba2
from spectramind.models.state_scan import (
    chunked_scan,
    empty_state,
    scan_path,
    ssd_scan,
    triton_scan,
)

PARTS = pytest.mark.parametrize("length", [15, 16, 17, 50, 64])


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


@PARTS
def test_parts_hand_their_state_over(monkeypatch: pytest.MonkeyPatch, length: int) -> None:
    monkeypatch.setattr(state_scan, "PART", 16)
    answers = []
    for scan in (lambda *a: ssd_scan(*a, chunk=8), sequential_scan):
        inputs = [tensor.requires_grad_() for tensor in scan_inputs(length, 2)]
        y = scan(*inputs)
        answers.append([y, *torch.autograd.grad(y.sin().sum(), inputs)])
    for fast, slow in zip(*answers, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-10, atol=1e-10)


def test_a_scan_goes_on_from_the_state_of_another() -> None:
    x, dt, A, B, C, D = scan_inputs(40)
    whole, end = chunked_scan(x, dt, A, B, C, D, empty_state(x, B), chunk=8)
    cut = [[m[:, :13], m[:, 13:]] for m in (x, dt, B, C)]
    first, state = chunked_scan(*pick(cut, 0, A), D, empty_state(x, B), chunk=8)
    second, last = chunked_scan(*pick(cut, 1, A), D, state, chunk=8)
    torch.testing.assert_close(torch.cat([first, second], dim=1), whole)
    torch.testing.assert_close(last, end)


def pick(cut: list[list[Tensor]], which: int, A: Tensor) -> list[Tensor]:
    x, dt, B, C = (both[which] for both in cut)
    return [x, dt, A, B, C]


@PARTS
def test_backward_is_the_layer_on_the_sequence_turned_round(
    monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    torch.manual_seed(0)
    layer = Mamba2(16, 8, 4, 2).double()
    tokens = torch.randn(2, length, 16, dtype=torch.float64)
    turned = layer(tokens.flip(1)).flip(1)
    torch.testing.assert_close(layer(tokens, backward=True), turned)
    monkeypatch.setattr(mamba, "PART", 16)
    torch.testing.assert_close(layer(tokens, backward=True), turned, rtol=1e-10, atol=1e-12)


@PARTS
def test_a_layer_in_parts_is_the_layer(monkeypatch: pytest.MonkeyPatch, length: int) -> None:
    torch.manual_seed(0)
    layer = Mamba2(16, 8, 4, 2).double()
    tokens = torch.randn(2, length, 16, dtype=torch.float64)
    whole, whole_gradients = mixed(layer, tokens)
    monkeypatch.setattr(mamba, "PART", 16)
    parts, gradients = mixed(layer, tokens)
    torch.testing.assert_close(parts, whole, rtol=1e-10, atol=1e-12)
    for mine, other in zip(gradients, whole_gradients, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-9, atol=1e-11)
    with torch.no_grad():
        torch.testing.assert_close(layer(tokens), whole, rtol=1e-10, atol=1e-12)


def mixed(layer: Mamba2, tokens: Tensor) -> tuple[Tensor, list[Tensor]]:
    tokens = tokens.clone().requires_grad_()
    out = layer(tokens)
    return out.detach(), list(torch.autograd.grad(out.sin().sum(), [tokens, *layer.parameters()]))


def test_parts_under_autocast(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    layer, tokens = Mamba2(16, 8, 4, 2), torch.randn(2, 50, 16, requires_grad=True)
    exact, _ = mixed(copy.deepcopy(layer).double(), tokens.detach().double())
    monkeypatch.setattr(mamba, "PART", 16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = layer(tokens)
    assert half.dtype == torch.bfloat16
    half.float().square().sum().backward()
    assert torch.isfinite(tokens.grad).all()
    torch.testing.assert_close(half.double(), exact, rtol=0.05, atol=0.03)


def kept_for_the_gradient(layer: Mamba2, length: int) -> int:
    """Bytes of distinct tensors that a forward pass keeps: saved by autograd, or held by Python."""
    gc.collect()
    before = {id(one) for one in gc.get_objects() if type(one) is Tensor}
    sizes: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        sizes[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    tokens = torch.randn(1, length, 16, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(note, lambda kept: kept):
        out = layer(tokens)
    assert out.shape == tokens.shape
    for one in gc.get_objects():
        if type(one) is Tensor and id(one) not in before:
            note(one)
    return sum(sizes.values())


def test_memory_grows_with_the_length_and_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    layer, size = Mamba2(16, 8, 4, 2), 1024 * 16 * 4
    whole = kept_for_the_gradient(layer, 1024)
    monkeypatch.setattr(mamba, "PART", 64)
    short, long = (kept_for_the_gradient(layer, length) for length in (1024, 4096))
    assert short < 3 * size < whole / 30  # input, output and little more
    assert long < 4.1 * short


def test_which_code_scans_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu, gpu = torch.device("cpu"), torch.device("cuda")
    assert scan_path(cpu).why == "no GPU computes"
    assert scan_path(cpu).scan is chunked_scan
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (7, 5))
    assert scan_path(gpu).why.startswith("the GPU's capability is 7.5")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (9, 0))
    monkeypatch.setattr(state_scan, "_triton_kernel", lambda: (None, "x is not installed"))
    assert scan_path(gpu).why == "x is not installed"
    monkeypatch.setattr(state_scan, "_triton_kernel", lambda: (ssd_scan, ""))
    assert scan_path(gpu).scan is triton_scan
    assert scan_path(gpu, torch.float64).scan is chunked_scan
    torch.use_deterministic_algorithms(True)
    try:
        assert scan_path(gpu).scan is chunked_scan
    finally:
        torch.use_deterministic_algorithms(False)


def test_triton_kernel_is_the_recurrence() -> None:
    """Alone, and handed a state; needs a GPU."""
    if not torch.cuda.is_available():
        pytest.skip("no GPU: mamba_ssm's Triton kernel is not compared")
    path = scan_path(torch.device("cuda"))
    if path.scan is not triton_scan:
        pytest.skip(f"mamba_ssm's Triton kernel is not compared: {path.why}")
    inputs = scan_inputs(200)
    x, _, _, B, *_ = inputs
    state = torch.randn_like(empty_state(x, B))
    expected = chunked_scan(*inputs, state)
    found = triton_scan(*(m.float().cuda() for m in (*inputs, state)))
    for mine, other in zip(found, expected, strict=True):
        torch.testing.assert_close(mine.cpu().double(), other, rtol=1e-2, atol=1e-2)


_INTERPRETED = """
import contextlib, importlib.util, sys, torch
from types import SimpleNamespace

if importlib.util.find_spec("triton") is None:
    print("triton is not installed")
    sys.exit(77)
# What asks for a GPU beside the kernels: which one is current, its size, which tuning is fastest.
torch.cuda.device = lambda index: contextlib.nullcontext()
torch.cuda.get_device_properties = lambda device: SimpleNamespace(multi_processor_count=1)
from triton.runtime.autotuner import Autotuner

Autotuner._bench = lambda self, *arguments, **options: [0.0]
from spectramind.models.state_scan import _triton_kernel, triton_scan

kernel, why = _triton_kernel()
if kernel is None:
    print(why)
    sys.exit(77)
inputs = [m.requires_grad_() for m in torch.load(sys.argv[1], weights_only=True)]
found = triton_scan(*inputs)
loss = found[0].sin().sum() + found[1].cos().sum()
torch.save([*(m.detach() for m in found), *torch.autograd.grad(loss, inputs)], sys.argv[2])
"""


def test_triton_kernel_is_the_recurrence_when_interpreted(tmp_path: Path) -> None:
    """On the CPU, in Triton's interpreter; needs triton and mamba_ssm. A process of its own, for
    the interpreter is chosen when triton is imported.
    """
    inputs = scan_inputs(70, heads=2)
    x, _, _, B, *_ = inputs
    inputs = [m.requires_grad_() for m in (*inputs, torch.randn_like(empty_state(x, B)))]
    y, state = chunked_scan(*inputs)
    gradients = torch.autograd.grad(y.sin().sum() + state.cos().sum(), inputs)
    expected = [y, state, *gradients]
    given, answer = tmp_path / "inputs.pt", tmp_path / "answer.pt"
    torch.save([m.detach().float() for m in inputs], given)
    done = subprocess.run(
        [sys.executable, "-c", _INTERPRETED, str(given), str(answer)],
        env=os.environ | {"TRITON_INTERPRET": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 77:
        pytest.skip(f"mamba_ssm's Triton kernel is not interpreted: {done.stdout.strip()}")
    assert done.returncode == 0, done.stderr
    for mine, other in zip(torch.load(answer, weights_only=True), expected, strict=True):
        torch.testing.assert_close(mine.double(), other, rtol=1e-3, atol=1e-3)


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
