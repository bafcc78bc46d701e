"""Second differences: lines are free, kinks cost, gaps do not count."""

import pytest
import torch

from spectramind.instrument.molecules import window_matrix
from spectramind.symbolic.rules.smoothness import Smoothness


def test_straight_line_is_free() -> None:
    assert Smoothness(0.2, seam=None)(torch.arange(283.0).unsqueeze(0)).sum().item() == 0.0


def test_step_costs_more_than_a_ramp_of_the_same_height() -> None:
    rule = Smoothness(1.0, seam=None)
    step = torch.zeros(1, 283)
    step[:, 150:] = 1.0
    ramp = ((torch.arange(283.0) - 130) / 40).clamp(0, 1).unsqueeze(0)
    assert rule(step).sum().item() == pytest.approx(2 / 281)
    assert rule(ramp).sum().item() < 0.01 * rule(step).sum().item()


def test_bins_inside_a_molecule_window_count_less() -> None:
    inside = window_matrix().any(axis=0)
    assert inside[80]
    assert not inside[270]
    rule = Smoothness(0.2, seam=None)
    spike = torch.zeros(2, 283)
    spike[0, 80] = spike[1, 270] = 1.0
    in_window, outside = rule(spike).sum(dim=1).tolist()
    assert outside == pytest.approx((1 + 4 + 1) / 281)
    assert in_window == pytest.approx(0.2 * outside)


def test_fgs1_stands_apart() -> None:
    depth = torch.zeros(1, 283)
    depth[:, 0] = 50.0
    assert Smoothness(1.0, seam=None)(depth).sum().item() == 0.0


def test_step_at_the_seam_is_left_to_the_seam_rule() -> None:
    depth = torch.zeros(1, 283)
    depth[:, 100:] = 1.0
    assert Smoothness(1.0, seam=100)(depth).sum().item() == 0.0
    assert Smoothness(1.0, seam=None)(depth).sum().item() > 0.0
    assert Smoothness(1.0, seam=99)(depth).sum().item() > 0.0


def test_a_kink_is_told_where_it_is() -> None:
    depth = torch.zeros(1, 283)
    depth[:, 150] = 1.0
    values = Smoothness(1.0, seam=None)(depth)
    assert values.nonzero()[:, 1].tolist() == [149, 150, 151]
    assert values[0, 149:152].tolist() == pytest.approx([1 / 281, 4 / 281, 1 / 281])
