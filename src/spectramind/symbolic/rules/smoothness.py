"""Smoothness: second differences along wavelength."""

from typing import Self

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from spectramind.config.loss import LossConfig
from spectramind.instrument.grid import FGS1_BIN, N_BINS
from spectramind.instrument.molecules import window_matrix
from spectramind.symbolic.rule import Rule


class Smoothness(Rule):
    """L = mean_i w_i (x_(i+1) - 2 x_i + x_(i-1))^2 (seeds' doctrine, section 6.2, rule 1).

    x is the depth in ``loss.unit``. A triplet counts less inside a molecule's window, where edges
    are real, and not at all when it holds FGS1 (1.25 um away) or straddles a detector seam.

    Args:
        window_weight: weight of a triplet centred inside any molecule's window; 1 elsewhere.
        seam: first bin right of a detector seam, None without one.
    """

    weight: Tensor
    name = "sm"
    title = "smoothness"

    def __init__(self, window_weight: float, seam: int | None) -> None:
        super().__init__()
        weight = np.where(window_matrix().any(axis=0), window_weight, 1.0)
        weight[[FGS1_BIN, FGS1_BIN + 1, N_BINS - 1]] = 0.0
        if seam is not None:
            weight[seam - 1 : seam + 1] = 0.0
        centres = torch.tensor(weight[1:-1], dtype=torch.float32)
        self.register_buffer("weight", centres, persistent=False)

    @classmethod
    def build(cls, config: LossConfig) -> Self:
        """As configured."""
        return cls(config.smoothness.window_weight, config.seam)

    def forward(self, depth: Tensor) -> Tensor:
        """(B, 283) -> (B, 283), each triplet at its centre."""
        second = depth[:, 2:] - 2 * depth[:, 1:-1] + depth[:, :-2]
        return F.pad(self.weight * second.square() / second.shape[1], (1, 1))
