"""A depth's density of any shape: a monotone spline from its residual to a standard normal.

In a bin z = (y - centre) / scale and u = t(z) ~ N(0, 1), t a rational-quadratic spline on [-5, 5]
and the identity beyond (Durkan et al. 2019, arXiv:1906.04032; zuko's), so that

    -ln p(y) = u^2 / 2 + ln(2 pi) / 2 - ln t'(z) + ln scale.

Bin by bin and not along modes: what is submitted and scored is each bin's own mean and sigma. With
parameters of zero t is the identity, and the density is the Gaussian of centre and scale.
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from spectramind.errors import ConfigError
from spectramind.models.quantiles import Z90

# Trapezoidal nodes of the standard normal: exact to 1e-8 for the identity; of 8 pieces with normal
# parameters of size 0.5 the moments are right to 0.006 sigma, of size 1 to 0.04 (largest of 566).
_EDGE, _NODES = 6.0, 65


def require_zuko() -> Any:
    """zuko's spline, a class.

    Raises:
        ConfigError: zuko is not installed.
    """
    try:
        from zuko.transforms import MonotonicRQSTransform  # type: ignore[import-untyped]
    except ImportError as error:
        raise ConfigError(
            f"model.head_sigma.type=flow needs the package zuko ({error}): "
            "pip install --no-deps zuko, or use gaussian or quantile"
        ) from error
    return MonotonicRQSTransform


def parameter_count(pieces: int) -> int:
    """Numbers a bin that make a spline of so many pieces: widths, heights, inner slopes."""
    return 3 * pieces - 1


@dataclass(frozen=True)
class SplineDensity:
    """Densities of a batch of spectra.

    Attributes:
        centre, scale: (B, 283), scale > 0, one unit.
        parameters: (B, 283, 3 pieces - 1), of order one.
    """

    centre: Tensor
    scale: Tensor
    parameters: Tensor

    def nll(self, y: Tensor, weight: Tensor) -> Tensor:
        """Exact negative log-likelihood a planet, averaged over bins as ``gaussian_nll``'s.

        Args:
            y: (B, 283). weight: (283,), not negative.

        Returns:
            (B,), in nats.
        """
        u, log_slope = self._spline().call_and_ladj((y - self.centre) / self.scale)
        each = 0.5 * u.square() + 0.5 * math.log(2 * math.pi) - log_slope + self.scale.log()
        return (each * weight).sum(-1) / weight.sum()

    def moments(self) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation, (B, 283) each, by quadrature."""
        u = torch.linspace(-_EDGE, _EDGE, _NODES, dtype=torch.float64)
        share = torch.exp(-0.5 * u.square())
        share = (share / share.sum()).to(self.scale).view(-1, 1, 1)
        z = self._at(u)
        mean = (share * z).sum(0)
        spread = (share * (z - mean).square()).sum(0).sqrt()
        return self.centre + self.scale * mean, self.scale * spread

    def quantiles(self) -> Tensor:
        """q10, q50 and q90, (B, 3, 283), ascending."""
        z = self._at(torch.tensor([-Z90, 0.0, Z90]))
        return (self.centre + self.scale * z).transpose(0, 1)

    def _at(self, u: Tensor) -> Tensor:
        """z of some u, (n,) -> (n, B, 283)."""
        grid = u.to(self.scale).view(-1, 1, 1).expand(-1, *self.scale.shape)
        return self._spline().inv(grid)

    def _spline(self) -> Any:
        pieces = (self.parameters.shape[-1] + 1) // 3
        parts = self.parameters.split([pieces, pieces, pieces - 1], dim=-1)
        return require_zuko()(*parts)
