"""Narrow notches cost, narrow peaks and wide troughs do not."""

import pytest
import torch

from spectramind.symbolic.rules.asymmetry import AsymmetryGuard


def test_by_hand() -> None:
    depth = torch.full((3, 283), 100.0)
    depth[0, 150] = 97.0  # a notch of one bin
    depth[1, 150] = 103.0  # a peak of one bin
    depth[2, 150:156] = 97.0  # a trough of six
    values = AsymmetryGuard(width=5, allowed=0.5)(depth)
    assert values.nonzero().tolist() == [[0, 150]]
    assert values[0, 150].item() == pytest.approx(2.5**2 / 283)


@pytest.mark.parametrize(("bins", "seen"), [(1, True), (4, True), (5, False)])
def test_notches_narrower_than_the_window_are_seen(bins: int, seen: bool) -> None:
    depth = torch.full((1, 283), 100.0)
    depth[0, 100 : 100 + bins] = 90.0
    assert bool(AsymmetryGuard(5, 0.0)(depth).sum() > 0) == seen


def test_slopes_ends_and_fgs1_are_free() -> None:
    rule = AsymmetryGuard(5, 0.0)
    rising = torch.arange(283.0).unsqueeze(0)
    assert rule(rising).sum().item() == 0.0
    assert rule(-rising).sum().item() == 0.0
    rising[0, 0] = -50.0
    assert rule(rising).sum().item() == 0.0


def test_upside_down_noise_costs_alike_but_bands_do_not() -> None:
    rule = AsymmetryGuard(5, 0.5)
    rng = torch.Generator().manual_seed(4)
    noise = torch.randn((200, 283), generator=rng)
    up, down = rule(noise).sum(dim=1).mean(), rule(-noise).sum(dim=1).mean()
    assert up.item() == pytest.approx(down.item(), rel=0.05)
    lines = torch.zeros(1, 283)
    lines[0, 20::9] = 4.0
    assert rule(lines).sum().item() == 0.0
    assert rule(-lines).sum().item() > 0.5
