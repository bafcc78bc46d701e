"""FFT suppression: no power where spectra have none."""

from typing import Self

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from spectramind.config.loss import LossConfig
from spectramind.instrument.grid import FGS1_BIN, N_BINS
from spectramind.instrument.molecules import window_matrix
from spectramind.symbolic.rule import Rule


class FftSuppression(Rule):
    """L = mean_i w_i h_i^2, h what varies faster than ``cutoff`` (AI design guide, 1.3).

    h is what is left of the AIRS bins when their Fourier components up to the cutoff are taken
    away; the spectrum is continued by its mirror image, so that its two ends make no step. By
    Parseval's theorem the mean of h^2 is the power beyond the cutoff. FGS1 stands apart, and so do
    the two sides of a detector seam: a step there is the seam rule's.

    Args:
        cutoff: cycles a bin; 0.5 is the fastest there is.
        window_weight: weight of a bin inside any molecule's window; 1 elsewhere.
        seam: first bin right of a detector seam, None without one.
    """

    weight: Tensor
    name = "fft"
    title = "fft_power"

    def __init__(self, cutoff: float, window_weight: float, seam: int | None) -> None:
        super().__init__()
        self.cutoff = cutoff
        edges = [FGS1_BIN + 1, N_BINS] if seam is None else [FGS1_BIN + 1, seam, N_BINS]
        self.sides = np.diff(edges).tolist()
        weight = np.where(window_matrix().any(axis=0), window_weight, 1.0)[FGS1_BIN + 1 :]
        kept = torch.tensor(weight / N_BINS, dtype=torch.float32)
        self.register_buffer("weight", kept, persistent=False)

    @classmethod
    def build(cls, config: LossConfig) -> Self:
        """As configured."""
        return cls(**config.fft.model_dump(), seam=config.seam)

    def forward(self, depth: Tensor) -> Tensor:
        """(B, 283), in ``loss.unit`` -> (B, 283), zero for FGS1."""
        sides = depth[:, FGS1_BIN + 1 :].split(self.sides, dim=1)
        fast = torch.cat([self._fast(side) for side in sides], dim=1)
        return F.pad(self.weight * fast.square(), (FGS1_BIN + 1, 0))

    def _fast(self, values: Tensor) -> Tensor:
        """What varies faster than the cutoff, (B, n) -> (B, n)."""
        # The mean is taken off first: single precision would lose 1e-2 of a unit beside 100.
        values = values - values.mean(dim=1, keepdim=True).detach()
        twice = 2 * values.shape[1]
        power = torch.fft.rfft(torch.cat([values, values.flip(1)], dim=1), dim=1)
        frequency = torch.fft.rfftfreq(twice, device=values.device)
        fast = torch.fft.irfft(power * (frequency > self.cutoff), n=twice, dim=1)
        return fast[:, : values.shape[1]]
