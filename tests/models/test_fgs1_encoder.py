"""The FGS1 encoder: shapes for any length, both directions of time, the last incomplete stride."""

import pytest
import torch

from spectramind.models.fgs1_encoder import Fgs1Encoder


@pytest.mark.parametrize(("length", "steps"), [(1, 1), (2, 1), (3, 2), (64, 32), (131, 66)])
def test_any_length(make_config, length: int, steps: int) -> None:
    encoder = Fgs1Encoder(make_config().fgs1_mamba, channels=3)
    pooled, tokens = encoder(torch.randn(2, length, 3))
    assert pooled.shape == (2, 16)
    assert tokens.shape == (2, steps, 16)
    torch.testing.assert_close(pooled, tokens.mean(1))


def test_incomplete_stride_repeats_the_last_step(make_config) -> None:
    encoder = Fgs1Encoder(make_config().fgs1_mamba, channels=3).eval()
    series = torch.randn(2, 9, 3)
    filled = torch.cat([series, series[:, -1:]], dim=1)
    torch.testing.assert_close(encoder(series)[1], encoder(filled)[1])


@pytest.mark.parametrize("bidir", [True, False])
def test_only_both_directions_let_the_first_step_see_the_last(make_config, bidir: bool) -> None:
    torch.manual_seed(0)
    encoder = Fgs1Encoder(make_config(fgs1_mamba={"bidir": bidir}).fgs1_mamba, channels=3).eval()
    series = torch.randn(1, 16, 3)
    changed = series.clone()
    changed[:, -1] += 5.0
    moved = (encoder(series)[1][:, 0] - encoder(changed)[1][:, 0]).abs().max().item()
    assert (moved > 1e-6) is bidir


def test_dropout_acts_in_training_only(make_config) -> None:
    encoder = Fgs1Encoder(make_config(fgs1_mamba={"dropout": 0.5}).fgs1_mamba, channels=3)
    series = torch.randn(2, 16, 3)
    assert not torch.equal(encoder(series)[0], encoder(series)[0])
    encoder.eval()
    assert torch.equal(encoder(series)[0], encoder(series)[0])
