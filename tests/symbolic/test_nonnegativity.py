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
