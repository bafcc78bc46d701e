"""Non-negativity: a planet cannot add light."""

from typing import Self

import torch
from torch import Tensor

from spectramind.config.loss import LossConfig
from spectramind.symbolic.rule import Rule


class NonNegativity(Rule):
    """L = mean_i ReLU(-x_i), x in ``loss.unit`` (seeds' doctrine, section 6.2, rule 2)."""

    name = "nn"

    @classmethod
    def build(cls, config: LossConfig) -> Self:
        """As configured."""
        return cls()

    def forward(self, depth: Tensor) -> Tensor:
        """(B, 283) -> (B, 283)."""
        return torch.relu(-depth) / depth.shape[1]
