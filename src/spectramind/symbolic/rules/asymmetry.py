"""Asymmetry guard: absorption makes narrow peaks, only noise makes narrow notches."""

from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor

from spectramind.config.loss import LossConfig
from spectramind.instrument.grid import FGS1_BIN
from spectramind.symbolic.rule import Rule


class AsymmetryGuard(Rule):
    """L = mean_i ReLU(notch_i - allowed)^2 (AI design guide, 1.3, gives no formula).

    A line adds depth, so a spectrum may rise and fall within a few bins; a dip that narrow would
    be a gap in every absorber at once. notch is the black top-hat of mathematical morphology: how
    far a bin lies below the closing (the least over a window of the greatest over a window) of the
    AIRS bins. Noise dips as often as it peaks: its notches cost, a band's peak does not.

    Args:
        width: bins of the window, odd: notches narrower than it are seen.
        allowed: depth of a notch that costs nothing, in ``loss.unit``.
    """

    name = "asym"
    title = "asymmetry"

    def __init__(self, width: int, allowed: float) -> None:
        super().__init__()
        self.width, self.allowed = width, allowed

    @classmethod
    def build(cls, config: LossConfig) -> Self:
        """As configured."""
        return cls(**config.asymmetry.model_dump())

    def forward(self, depth: Tensor) -> Tensor:
        """(B, 283), in ``loss.unit`` -> (B, 283), zero for FGS1."""
        airs = depth[:, FGS1_BIN + 1 :]
        # Both ends go on as they are: windows that reach beyond see no higher bin there.
        reach = 2 * (self.width // 2)
        longer = F.pad(airs.unsqueeze(1), (reach, reach), mode="replicate")
        greatest = F.max_pool1d(longer, self.width, stride=1)
        closing = -F.max_pool1d(-greatest, self.width, stride=1)
        notch = closing.squeeze(1) - airs
        cost = torch.relu(notch - self.allowed).square() / depth.shape[1]
        return F.pad(cost, (FGS1_BIN + 1, 0))
