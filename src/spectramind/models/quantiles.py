"""Three quantiles of a depth, their mean and sigma, and the loss that finds them.

A bin's median m has a sigma on either side, each by softplus above a floor: q10 = m - Z s_below,
q50 = m, q90 = m + Z s_above, Z = 1.2816, so that they cannot cross and equal sigmas are a Gaussian.
"""

import torch
from torch import Tensor

LEVELS = (0.1, 0.5, 0.9)
Z90 = 1.2815515655446004  # the standard normal's 90 % quantile
# Weights of q10, q50, q90 in Swanson's rule.
_OUTER, _MIDDLE = 0.3, 0.4


def ascending(median: Tensor, below: Tensor, above: Tensor) -> Tensor:
    """q10, q50, q90 (B, 3, 283) of a median and the sigmas on either side, (B, 283) each."""
    steps = [median - Z90 * below, Z90 * below, Z90 * above]
    return torch.stack(steps, dim=1).cumsum(1)


def moments(median: Tensor, below: Tensor, above: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and sigma of those quantiles, (B, 283) each, by Swanson's 30-40-30 rule (Hurst, Brown &
    Swanson 2000, AAPG Bulletin 84, 1883); sigma is scaled to be exact for a Gaussian.
    """
    shift = _OUTER * Z90 * (above - below)
    spread = _OUTER * ((Z90 * below + shift) ** 2 + (Z90 * above - shift) ** 2)
    variance = (spread + _MIDDLE * shift**2) / (2 * _OUTER * Z90**2)
    return median + shift, variance.sqrt()


def pinball(quantiles: Tensor, sigma: Tensor, y: Tensor, weight: Tensor) -> Tensor:
    """Pinball loss of q10, q50 and q90 in sigmas, a planet, averaged over bins (Koenker & Bassett
    1978): smallest in expectation at the true quantiles.

    Args:
        quantiles: (B, 3, 283). sigma: (B, 283), a scale alone: no gradient through it. y: (B, 283).
        weight: (283,), not negative.

    Returns:
        (B,).
    """
    level = quantiles.new_tensor(LEVELS).view(1, 3, 1)
    error = (y.unsqueeze(1) - quantiles) / sigma.detach().unsqueeze(1)
    each = torch.maximum(level * error, (level - 1) * error).sum(1)
    return (each * weight).sum(-1) / weight.sum()
