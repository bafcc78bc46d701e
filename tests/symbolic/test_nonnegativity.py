"""Negative depths cost; positive ones feel nothing."""

import pytest
import torch

from spectramind.symbolic.rules.nonnegativity import NonNegativity


def test_by_hand_and_no_gradient_above_zero() -> None:
    depth = torch.full((2, 283), 3.0)
    depth[0, 10], depth[0, 20] = -2.0, -4.0
    depth.requires_grad_()
    penalty = NonNegativity()(depth)
    assert penalty.sum(dim=1).tolist() == pytest.approx([6 / 283, 0.0])
    assert penalty[0, [10, 20]].tolist() == pytest.approx([2 / 283, 4 / 283])
    penalty.sum().backward()
    pushed = torch.nonzero(depth.grad)
    assert pushed.tolist() == [[0, 10], [0, 20]]
    assert (depth.grad[0, [10, 20]] < 0).all()


def test_squared_pushes_harder_where_it_is_deeper() -> None:
    depth = torch.full((1, 283), 3.0)
    depth[0, 10], depth[0, 20] = -2.0, -4.0
    depth.requires_grad_()
    penalty = NonNegativity(squared=True)(depth)
    assert penalty.sum().item() == pytest.approx((4 + 16) / 283)
    penalty.sum().backward()
    assert depth.grad[0, 20].item() == pytest.approx(2 * depth.grad[0, 10].item())


def test_the_log_counts_bins_and_tells_the_least() -> None:
    depth = torch.full((2, 283), 3.0)
    depth[0, 10], depth[0, 20] = -2.0, -4.0
    some, none = NonNegativity().violations(depth, unit=1e-4)["nonneg"]
    assert some.facts["count"] == 2
    assert some.facts["min"] == pytest.approx(-4e-4)
    assert some.score == pytest.approx(6 / 283)
    assert none.facts == {"count": 0, "min": 0.0}
