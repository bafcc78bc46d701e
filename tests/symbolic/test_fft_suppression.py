"""Power beyond the cutoff costs, slow structure does not."""

import numpy as np
import pytest
import torch
from scipy.fft import dct

from spectramind.symbolic.rules.fft_suppression import FftSuppression

AIRS = torch.arange(282, dtype=torch.float64)


def spectrum(airs: torch.Tensor) -> torch.Tensor:
    return torch.cat([torch.tensor([7.0], dtype=torch.float64), 100 + airs]).unsqueeze(0)


def wave(mode: int) -> torch.Tensor:
    """The cosine of so many half periods, of amplitude 1."""
    return torch.cos(torch.pi * mode * (AIRS + 0.5) / 282)


def test_waves_beyond_the_cutoff_cost_their_power() -> None:
    rule = FftSuppression(0.2, window_weight=1.0, seam=None)
    slow, fast = (rule(spectrum(wave(mode))).sum().item() for mode in (112, 114))  # 112.8
    assert slow == pytest.approx(0.0, abs=1e-6)
    assert fast == pytest.approx(0.5 * 282 / 283, rel=1e-5)


def test_it_is_parsevals_sum_over_the_cosine_transform() -> None:
    airs = np.random.default_rng(3).normal(size=282)
    power = dct(airs, norm="ortho") ** 2
    found = FftSuppression(0.2, window_weight=1.0, seam=None)(spectrum(torch.from_numpy(airs)))
    assert found.sum().item() == pytest.approx(power[113:].sum() / 283, rel=1e-5)


def test_ends_and_levels_are_free() -> None:
    """A slope has no step at its ends: its mirror image goes on from there."""
    found = FftSuppression(0.2, window_weight=1.0, seam=None)(spectrum(AIRS / 10))
    assert found.sum().item() < 1e-4
    assert found[0, 0] == 0.0


def test_molecule_windows_count_less() -> None:
    fast = spectrum(wave(250))
    all_alike, exempt = (FftSuppression(0.2, weight, None)(fast) for weight in (1.0, 0.0))
    assert exempt.sum() < all_alike.sum()
    assert exempt[0, 80] == 0.0 < all_alike[0, 80]
    assert exempt[0, 270] == all_alike[0, 270] > 0.0


def test_single_precision_tells_waves_beside_a_deep_transit() -> None:
    rule = FftSuppression(0.2, window_weight=1.0, seam=None)
    airs = 0.01 * wave(200)
    exact, single = rule(spectrum(airs)), rule(spectrum(airs).float())
    assert single.sum().item() == pytest.approx(exact.sum().item(), rel=0.02)


@pytest.mark.parametrize("seam", [2, 120, 282])
def test_a_step_at_the_seam_is_left_to_the_seam_rule(seam: int) -> None:
    step = spectrum(torch.where(seam - 1 <= AIRS, 3.0, 0.0))
    assert FftSuppression(0.2, 1.0, seam)(step).sum().item() == pytest.approx(0.0, abs=1e-12)
    assert FftSuppression(0.2, 1.0, None)(step).sum().item() > 1e-3
    assert FftSuppression(0.2, 1.0, seam)(spectrum(3 * wave(200))).sum().item() > 3.0
