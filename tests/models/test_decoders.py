"""The multi-scale decoder and the heads."""

import numpy as np
import pytest
import torch

from spectramind.models.decoders import BinHead, MultiScaleDecoder, scale_basis


@pytest.mark.parametrize("size", [3, 16, 64])
def test_basis_interpolates_straight_lines_exactly_and_leaves_fgs1_apart(size: int) -> None:
    basis = scale_basis(size)
    knots = np.linspace(1, 282, size - 1)
    line = np.concatenate([[-9.0], 3 + 2 * knots]) @ basis
    np.testing.assert_allclose(line, np.concatenate([[-9.0], 3 + 2 * np.arange(1, 283)]), rtol=1e-5)


def test_finest_basis_is_the_identity() -> None:
    np.testing.assert_array_equal(scale_basis(283), np.eye(283, dtype=np.float32))


def awake(module: torch.nn.Module) -> torch.nn.Module:
    """Zero-initialised layers, given something to say."""
    torch.manual_seed(0)
    for layer in module.modules():
        if isinstance(layer, torch.nn.Linear) and not layer.weight.any():
            torch.nn.init.normal_(layer.weight, std=0.1)
    return module


def test_heads_are_silent_until_trained() -> None:
    head = BinHead(6, 8, 16)
    assert not head(torch.randn(2, 283, 6), torch.randn(2, 8)).any()
    nodes = torch.randn(2, 283, 6)
    assert awake(head)(nodes, torch.randn(2, 8)).std() > 0


def test_coarse_scales_are_piecewise_linear_and_come_first(make_config) -> None:
    decoder = awake(MultiScaleDecoder(make_config().decoder_mu, d_latent=8, d_node=6))
    final, coarse = decoder(torch.randn(2, 8), torch.randn(2, 283, 6))
    assert [part.shape for part in coarse] == [(2, 283)] * 2
    for part, size in zip(coarse, (16, 64), strict=True):
        kinks = (part[:, 3:] - 2 * part[:, 2:-1] + part[:, 1:-2]).abs() > 1e-5
        # Every kink lies at a knot; a knot between two bins bends at both of them.
        assert 0 < kinks.sum(1).max() <= 2 * (16 + size)
    assert (final - coarse[-1]).abs().max() > 0


def test_nodes_refine_the_finest_scale_only(make_config) -> None:
    decoder = awake(MultiScaleDecoder(make_config().decoder_mu, d_latent=8, d_node=6))
    latent = torch.randn(2, 8)
    one, coarse_one = decoder(latent, torch.zeros(2, 283, 6))
    other, coarse_other = decoder(latent, torch.ones(2, 283, 6))
    assert torch.equal(coarse_one[-1], coarse_other[-1])
    assert not torch.equal(one, other)


def test_no_auxiliary_scales_when_off(make_config) -> None:
    config = make_config(decoder_mu={"aux_loss": False}).decoder_mu
    decoder = MultiScaleDecoder(config, d_latent=8, d_node=6)
    assert decoder(torch.randn(2, 8), torch.randn(2, 283, 6))[1] == ()
