"""The seam rule sees one step only."""

import pytest
import torch

from spectramind.symbolic.rules.seam import SeamContinuity


def test_by_hand() -> None:
    depth = torch.arange(283.0).repeat(2, 1)
    depth[1, 120:] += 4.0
    assert SeamContinuity(120)(depth).sum(dim=1).tolist() == pytest.approx([1.0, 25.0])
    assert SeamContinuity(121)(depth).sum(dim=1).tolist() == pytest.approx([1.0, 1.0])


def test_either_side_bears_half() -> None:
    depth = torch.zeros(1, 283)
    depth[:, 120:] = 3.0
    values = SeamContinuity(120)(depth)
    assert values.nonzero().tolist() == [[0, 119], [0, 120]]
    assert values[0, 119:121].tolist() == [4.5, 4.5]
