"""The contrast over the continuum."""

import pytest
import torch

from spectramind.symbolic.contrast import contrast


def test_depth_of_the_disc_and_fgs1_do_not_matter() -> None:
    rng = torch.Generator().manual_seed(0)
    depth = torch.rand(3, 283, generator=rng, dtype=torch.float64)
    shifted = depth + torch.tensor([[0.0], [50.0], [-7.0]])
    torch.testing.assert_close(contrast(shifted, 0.1), contrast(depth, 0.1))
    depth_fgs1 = depth.clone()
    depth_fgs1[:, 0] = 1e6
    torch.testing.assert_close(contrast(depth_fgs1, 0.1)[:, 1:], contrast(depth, 0.1)[:, 1:])


@pytest.mark.parametrize("quantile", [0.0, 0.1, 0.5])
def test_so_many_bins_lie_below(quantile: float) -> None:
    depth = torch.randperm(283).double().unsqueeze(0)
    below = (contrast(depth, quantile)[:, 1:] < 0).double().mean().item()
    assert below == pytest.approx(quantile, abs=0.01)
