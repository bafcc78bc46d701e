"""The diffusion decoder: samples of a few coefficients of the spectrum, their mean and covariance.

The residual in sigmas of the physics estimate is z = (y - mu0) / sigma0 = P c + r: c are the
coefficients of 25 modes P, r what they leave, independent of c, of variance 1 - sum P^2 a bin. The
physics estimate is c ~ N(0, 1); what is learnt is p(c | latents). With noise e ~ N(0, 1) and

    x = cos(a) c + sin(a) e,    dx/da = v = cos(a) e - sin(a) c,    a from 0 (data) to pi / 2,

the network's v(x, a) is fitted to v by least squares, and dx/da = v(x, a) carries e back to a
sample of c: the probability-flow equation of variance-preserving diffusion in v and angle (Salimans
& Ho 2022, arXiv:2202.00512, appendix D), or flow matching on that path (Lipman et al. 2023,
arXiv:2210.02747). For c ~ N(0, 1) the best v is zero: so is an untrained network's, and its samples
are the physics estimate's.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from spectramind.config.model import DecoderConfig
from spectramind.instrument.grid import FGS1_BIN, N_BINS

Array = NDArray[np.float64]
_DRAWS = 8  # of angle and noise for each planet and step of training
_OCTAVES = 4  # of the angle that the network sees
_PER_MODE = 4  # numbers that the nodes say of each mode
# Correlation of z that is expected before any planet is seen: a common level, waves some 20 bins
# long in AIRS, the rest bin by bin. It counts as this many planets beside those of the fold.
_LEVEL, _WAVES, _LENGTH, _PLANETS = 0.6, 0.35, 20.0, 25
_OUTLIER = 5.0  # sigmas beyond which a bin tells no more of correlations


def correlation(z: Array) -> Array:
    """Correlation of residuals in sigmas, (n, 283) -> (283, 283), drawn to the expected one."""
    airs = np.arange(FGS1_BIN + 1, N_BINS)
    expected = np.full((N_BINS, N_BINS), _LEVEL)
    expected[1:, 1:] += _WAVES * np.exp(-np.abs(airs[:, None] - airs) / _LENGTH)
    np.fill_diagonal(expected, 1.0)
    seen = np.clip(z, -_OUTLIER, _OUTLIER)
    square = seen.T @ seen
    size = np.sqrt(np.maximum(np.diagonal(square), 1e-12))
    found = square / size[:, None] / size
    return (len(z) * found + _PLANETS * expected) / (len(z) + _PLANETS)


def modes_of(correlated: Array, count: int) -> tuple[Array, Array]:
    """Modes P and their readings Q, c = Q z: FGS1's own first, then the largest of what it leaves.

    Args:
        correlated: (283, 283), with ones on its diagonal. count: modes, 2 at least.

    Returns:
        (283, count) and (count, 283); Q z has covariance one if z has that correlation.
    """
    first = correlated[:, FGS1_BIN]
    left = correlated - np.outer(first, first)
    size, turn = np.linalg.eigh(left)
    size, turn = size[::-1][: count - 1], turn[:, ::-1][:, : count - 1]
    turn = turn * np.where(turn.sum(axis=0) < 0, -1.0, 1.0)
    own = np.eye(N_BINS)[FGS1_BIN]
    reading = (turn / np.sqrt(size)).T @ (np.eye(N_BINS) - np.outer(first, own))
    return np.column_stack([first, turn * np.sqrt(size)]), np.vstack([own, reading])


def even_noise(samples: int, modes: int) -> Array:
    """Fixed draws (samples, modes) whose mean is zero and whose covariance is one, to rounding."""
    half = np.random.default_rng(0).standard_normal((samples // 2, modes))
    root = np.linalg.cholesky(half.T @ half / len(half))
    half = np.linalg.solve(root, half.T).T
    return np.concatenate([half, -half])


class Velocity(nn.Module):
    """v(x, a) given a planet's context; zero at first."""

    def __init__(self, modes: int, hidden: int) -> None:
        super().__init__()
        self.from_point = nn.Linear(modes, hidden)
        self.from_angle = nn.Linear(2 * _OCTAVES, hidden, bias=False)
        self.mix = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, modes)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, point: Tensor, angle: Tensor, context: Tensor) -> Tensor:
        """(B, N, modes), (B or 1, N or 1, 1), (B, hidden) -> (B, N, modes), float32."""
        octaves = angle * 2.0 ** torch.arange(_OCTAVES, device=angle.device)
        told = self.from_angle(torch.cat([octaves.sin(), octaves.cos()], dim=-1))
        inner = nn.functional.gelu(self.from_point(point) + told + context.unsqueeze(1))
        return self.out(nn.functional.gelu(self.mix(inner))).float()


class DiffusionDecoder(nn.Module):
    """Samples of the spectrum's coefficients -> mean and sigma of every bin.

    Args:
        config: width, modes, samples, steps. d_latent, d_node: widths of the latent and the nodes.
    """

    modes: Tensor
    readings: Tensor
    noise: Tensor

    def __init__(self, config: DecoderConfig, d_latent: int, d_node: int) -> None:
        super().__init__()
        sizes = config.diffusion
        self.steps = sizes.steps
        modes, readings = modes_of(correlation(np.zeros((0, N_BINS))), sizes.modes)
        self.register_buffer("modes", torch.from_numpy(modes).float())
        self.register_buffer("readings", torch.from_numpy(readings).float())
        noise = torch.from_numpy(even_noise(sizes.samples, sizes.modes)).float()
        self.register_buffer("noise", noise, persistent=False)
        self.from_latent = nn.Linear(d_latent, config.hidden)
        self.from_nodes = nn.Linear(d_node, _PER_MODE)
        self.from_modes = nn.Linear(_PER_MODE * sizes.modes, config.hidden, bias=False)
        self.velocity = Velocity(sizes.modes, config.hidden)

    def learn_modes(self, z: Array) -> None:
        """Take the modes from residuals of labelled planets, (n, 283), in the estimate's sigmas."""
        modes, readings = modes_of(correlation(z), self.modes.shape[1])
        self.modes.copy_(torch.from_numpy(modes))
        self.readings.copy_(torch.from_numpy(readings))

    def forward(self, latent: Tensor, nodes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Sample.

        Returns:
            mean and standard deviation of z, (B, 283) each, 0 and 1 when untrained; the context of
            ``matching_loss``, (B, hidden).
        """
        share = self.modes / self.modes.abs().sum(0)
        along = torch.einsum("bid,im->bmd", nodes, share.to(nodes.dtype))
        said = self.from_nodes(along).flatten(1)
        context = self.from_latent(latent) + self.from_modes(said)
        with torch.autocast(context.device.type, enabled=False):  # sigma in half precision is none
            z = self.samples(context.float()) @ self.modes.T
        rest = (1 - self.modes.square().sum(1)).clamp_min(0.0)
        spread = (rest + z.var(1, correction=0)).sqrt()
        return z.mean(1), spread, context

    def samples(self, context: Tensor) -> Tensor:
        """Samples of the coefficients, (B, N, modes): noise carried from pi / 2 to 0, midpoints."""
        step = 0.5 * math.pi / self.steps
        x = self.noise.expand(context.shape[0], -1, -1)
        for angle in torch.linspace(0.5 * math.pi, step, self.steps, device=x.device).view(
            -1, 1, 1, 1
        ):
            middle = x - 0.5 * step * self.velocity(x, angle, context)
            x = x - step * self.velocity(middle, angle - 0.5 * step, context)
        return x

    def matching_loss(self, z: Tensor, context: Tensor) -> Tensor:
        """Half the mean squared error of v on drawn angles and noise, z (B, 283) -> (B,)."""
        c = (z @ self.readings.T).unsqueeze(1)
        noise = torch.randn(len(c), _DRAWS, c.shape[2], device=c.device)
        angle = 0.5 * math.pi * torch.rand(len(c), _DRAWS, 1, device=c.device)
        point = angle.cos() * c + angle.sin() * noise
        velocity = angle.cos() * noise - angle.sin() * c
        error = self.velocity(point, angle, context) - velocity
        return 0.5 * error.square().mean((1, 2))


@dataclass(frozen=True)
class Matching:
    """What a decoder's samples are trained by, of one batch.

    Attributes:
        decoder: the one that sampled. context: (B, hidden) of it.
        mu0, sigma0: (B, 283) the estimate it corrects.
    """

    decoder: DiffusionDecoder
    context: Tensor
    mu0: Tensor
    sigma0: Tensor

    def loss(self, y: Tensor) -> Tensor:
        """Flow-matching loss of the true spectra y (B, 283), (B,); draws from torch's generator."""
        with torch.no_grad():
            z = (y - self.mu0) / self.sigma0
        return self.decoder.matching_loss(z, self.context)
