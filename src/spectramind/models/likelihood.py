"""Gaussian likelihood of a spectrum, the main part of the objective."""

import math

from torch import Tensor

from spectramind.models.network import Outputs
from spectramind.models.quantiles import pinball


def gaussian_nll(mu: Tensor, sigma: Tensor, y: Tensor, weight: Tensor) -> Tensor:
    """Negative log-likelihood a planet, averaged over bins (seeds' doctrine, section 6.1).

    sum_i w_i [ln(2 pi sigma_i^2) / 2 + (y_i - mu_i)^2 / (2 sigma_i^2)] / sum_i w_i: a mean
    instead of the doctrine's sum, so that the symbolic weights do not hang on the number of bins.

    Args:
        mu, sigma, y: (B, 283), sigma > 0, the same unit.
        weight: (283,), not negative; the official metric gives FGS1 57.846 and the others 1.

    Returns:
        (B,), in nats.
    """
    residual = (y - mu) / sigma
    each = 0.5 * residual.square() + sigma.log() + 0.5 * math.log(2 * math.pi)
    return (each * weight).sum(-1) / weight.sum()


def head_loss(outputs: Outputs, y: Tensor, weight: Tensor) -> Tensor:
    """What the kind of sigma head makes small, a planet, (B,): the likelihood of mu and sigma, and
    with quantiles their pinball loss as well, which tells one side from the other.
    """
    nll = gaussian_nll(outputs.mu, outputs.sigma, y, weight)
    if outputs.quantiles is None:
        return nll
    return nll + pinball(outputs.quantiles, outputs.sigma, y, weight)
