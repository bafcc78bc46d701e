"""The fusions: each hears what it says it hears."""

import pytest
import torch

from spectramind.models.fusion import build_fusion

TYPES = ("concat_mlp", "concat", "gate", "cross-attend")


def latents() -> list[torch.Tensor]:
    rng = torch.Generator().manual_seed(3)
    shapes = [(2, 6), (2, 9, 6), (2, 10), (2, 283, 10)]
    return [torch.randn(*shape, generator=rng).requires_grad_() for shape in shapes]


@pytest.mark.parametrize("kind", TYPES)
def test_what_reaches_the_latent(make_config, kind: str) -> None:
    torch.manual_seed(0)
    fusion = build_fusion(make_config(fusion={"type": kind}).fusion, d_fgs1=6, d_airs=10).eval()
    inputs = latents()
    fused = fusion(*inputs)
    assert fused.shape == (2, 24)
    gradients = torch.autograd.grad(fused.square().sum(), inputs, allow_unused=True)
    heard = [g is not None and bool(g.abs().max() > 0) for g in gradients]
    tokens = kind == "cross-attend"
    assert heard == [True, tokens, True, tokens]


def test_gate_stays_between_the_two_instruments(make_config) -> None:
    torch.manual_seed(0)
    fusion = build_fusion(make_config(fusion={"type": "gate"}).fusion, 6, 10).eval()
    fgs1, steps, airs, nodes = latents()
    ends = torch.stack([fusion.project_fgs1(fgs1), fusion.project_airs(airs)])
    fused = fusion(fgs1, steps, airs, nodes)
    assert (fused >= ends.amin(0) - 1e-6).all()
    assert (fused <= ends.amax(0) + 1e-6).all()


def test_cross_attention_does_not_mind_the_order_of_tokens(make_config) -> None:
    torch.manual_seed(0)
    fusion = build_fusion(make_config(fusion={"type": "cross-attend"}).fusion, 6, 10).eval()
    fgs1, steps, airs, nodes = latents()
    shuffled = fusion(fgs1, steps.flip(1), airs, nodes.flip(1))
    torch.testing.assert_close(fusion(fgs1, steps, airs, nodes), shuffled, rtol=1e-4, atol=1e-5)
