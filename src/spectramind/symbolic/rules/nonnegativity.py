"""Non-negativity: a planet cannot add light."""

from typing import Self

import torch
from torch import Tensor

from spectramind.config.loss import LossConfig
from spectramind.symbolic.rule import Rule
from spectramind.symbolic.violation import Violation, violations_of


class NonNegativity(Rule):
    """L = mean_i ReLU(-x_i), x in ``loss.unit``, or its square (doctrine, section 6.2, rule 2).

    Args:
        squared: L = mean_i ReLU(-x_i)^2, the doctrine's option for a stronger push.
    """

    name = "nn"
    title = "nonneg"

    def __init__(self, squared: bool = False) -> None:
        super().__init__()
        self.squared = squared

    @classmethod
    def build(cls, config: LossConfig) -> Self:
        """As configured."""
        return cls(config.nonnegativity.squared)

    def forward(self, depth: Tensor) -> Tensor:
        """(B, 283) -> (B, 283)."""
        below = torch.relu(-depth)
        return (below.square() if self.squared else below) / depth.shape[1]

    def violations(self, depth: Tensor, unit: float) -> dict[str, list[Violation]]:
        """How many bins are negative, and the least of them (0 where none is), (Rp/Rs)^2."""
        least = (depth.min(dim=1).values * unit).clamp(max=0.0).tolist()
        counts = (depth < 0).sum(dim=1).tolist()
        facts = [{"count": count, "min": value} for count, value in zip(counts, least, strict=True)]
        return {self.title: violations_of(self(depth).sum(dim=1), facts)}
