"""The seam rule sees one step only."""

import pytest
import torch

from spectramind.symbolic.seam import SeamContinuity


def test_by_hand() -> None:
    depth = torch.arange(283.0).repeat(2, 1)
    depth[1, 120:] += 4.0
    assert SeamContinuity(120)(depth).tolist() == pytest.approx([1.0, 25.0])
    assert SeamContinuity(121)(depth).tolist() == pytest.approx([1.0, 1.0])
