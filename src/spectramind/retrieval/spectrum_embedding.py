"""A spectrum and its noise in few numbers: what the proposing network sees.

Depths over their mean level minus 1 are s, the shape. With V (283, K) the principal shapes of
training spectra, L their variances and C the covariance of s, the shape's components are estimated
as one would with all of the covariance (a Wiener filter):

    a = (1/L + V' C^-1 V)^-1 V' C^-1 s,    their variances the diagonal of (1/L + V' C^-1 V)^-1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spectramind.contracts.measurement import Measurement, inverse

Array = NDArray[np.float64]
_LEVEL_SD = 0.1  # of the constant shape: the mean level weighs bins by their noise
_SHARPER = 4.0


@dataclass(frozen=True)
class NoiseBank:
    """Covariances of J measurements, ready for batches.

    Attributes:
        variance: (J, 283). modes: (J, 283, R), padded by zeros.
        weight: (J, 283) of the mean level, sums to 1. level_sd: (J,) its deviation.
        matched: (J, K, 283) V' C^-1. information: (J, K, K) V' C^-1 V.
    """

    variance: Tensor
    modes: Tensor
    weight: Tensor
    level_sd: Tensor
    matched: Tensor
    information: Tensor

    def to(self, device: torch.device) -> "NoiseBank":
        """The same elsewhere."""
        return NoiseBank(**{name: held.to(device) for name, held in vars(self).items()})


def noise_bank(measured: Sequence[Measurement], shapes: Array) -> NoiseBank:
    """Bank of the covariances of some measurements; shapes: (283, K)."""
    few = [one.in_few_modes() for one in measured]
    most = max(1, max(one.modes.shape[1] for one in few))
    rows: dict[str, list[Array]] = {name: [] for name in NoiseBank.__dataclass_fields__}
    for one in few:
        q, _ = inverse(one.variance, one.modes)
        matched = shapes.T / one.variance - (shapes.T @ q) @ q.T
        weight = 1 / one.total_variance
        weight /= weight.sum()
        rows["variance"].append(one.variance)
        rows["modes"].append(np.pad(one.modes, ((0, 0), (0, most - one.modes.shape[1]))))
        rows["weight"].append(weight)
        own = (weight**2 * one.variance).sum() + ((weight @ one.modes) ** 2).sum()
        rows["level_sd"].append(np.sqrt(own))
        rows["matched"].append(matched)
        rows["information"].append(matched @ shapes)
    # Variances of depths underflow single precision when they are multiplied: ppm from here on.
    scale = {
        "variance": 1e12,
        "modes": 1e6,
        "level_sd": 1e6,
        "matched": 1e-12,
        "information": 1e-12,
    }
    return NoiseBank(
        **{
            name: torch.from_numpy(np.stack(held) * scale.get(name, 1.0)).float()
            for name, held in rows.items()
        }
    )


@dataclass(frozen=True)
class SpectrumEmbedding:
    """From depths to numbers of order one.

    Attributes:
        shapes: (283, K), orthonormal columns. spread: (K,) deviations of their components.
    """

    shapes: Array
    spread: Array

    @property
    def size(self) -> int:
        """Numbers that come out: components, their deviations, level and its deviation."""
        return 2 * self.shapes.shape[1] + 2

    def __call__(self, depth: Tensor, bank: NoiseBank, which: Tensor, scale: Tensor) -> Tensor:
        """Numbers of spectra.

        Args:
            depth: (B, 283) [ppm]. bank: covariances. which: (B,) row of each's in the bank.
            scale: (B,) by which its errors are larger than there.

        Returns:
            (B, size).
        """
        level = (depth * bank.weight[which]).sum(1)
        shape = depth / level[:, None] - 1
        factor = (level / scale) ** 2
        spread = torch.from_numpy(self.spread).to(depth)
        # In units of the components' spreads: the filter's matrix is then 1 + positive.
        matched = torch.einsum("bkn,bn->bk", bank.matched[which], shape)
        sharp = bank.information[which] * spread[:, None] * spread * factor[:, None, None]
        size = len(spread)
        unit = torch.eye(size, dtype=torch.float64, device=depth.device)
        cover = torch.linalg.inv(sharp.double() + unit).float()
        found = torch.einsum("bkj,bj->bk", cover, matched * spread * factor[:, None])
        deviation = cover.diagonal(dim1=1, dim2=2).clamp(min=1e-12).sqrt()
        level_sd = bank.level_sd[which] * scale / level
        return torch.cat(
            [
                torch.asinh(_SHARPER * found),
                deviation.log(),
                level.log()[:, None] - 9.5,
                level_sd.log()[:, None] + 7,
            ],
            1,
        )


def learn_embedding(depth: Array, components: int) -> SpectrumEmbedding:
    """Principal shapes of spectra without noise, (n, 283), and the constant one."""
    shape = depth / depth.mean(1, keepdims=True)
    shape = shape - shape.mean(0)
    # Inflated atmospheres are large and few: every spectrum counts by its form, too.
    size = np.sqrt((shape**2).mean(1, keepdims=True))
    counted = shape / np.sqrt(size * (size + np.median(size)))
    _, directions = np.linalg.eigh(counted.T @ counted)
    best = directions[:, ::-1][:, : components - 1]
    constant = np.full((depth.shape[1], 1), depth.shape[1] ** -0.5)
    shapes, _ = np.linalg.qr(np.concatenate([constant, best], axis=1))
    spread = np.sqrt(((shape @ shapes) ** 2).mean(0))
    spread[0] = np.hypot(spread[0], _LEVEL_SD * np.sqrt(depth.shape[1]))
    return SpectrumEmbedding(shapes, spread)
