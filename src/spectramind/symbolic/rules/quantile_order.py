"""Quantile monotonicity: a lower quantile lies below a higher one."""

from typing import Self

import torch
from torch import Tensor

from spectramind.config.loss import LossConfig
from spectramind.symbolic.rule import Rule
from spectramind.symbolic.violation import Violation, violations_of


class QuantileOrder(Rule):
    """L = mean_i [ReLU(q10_i - q50_i) + ReLU(q50_i - q90_i)] (doctrine, section 6.2, rule 6).

    In ``loss.unit``. It judges predicted quantiles, and says nothing where there are none.
    """

    name = "qm"
    title = "quantile_monotonicity"
    reads = "quantiles"

    @classmethod
    def build(cls, config: LossConfig) -> Self:
        """As configured."""
        return cls()

    def forward(self, depth: Tensor) -> Tensor:
        """Quantiles (B, 3, 283), the lowest first -> (B, 283). Infinite ones are allowed."""
        low, middle, high = depth.unbind(dim=1)
        crossed = torch.relu(low - middle) + torch.relu(middle - high)
        return crossed / depth.shape[-1]

    def violations(self, depth: Tensor, unit: float) -> dict[str, list[Violation]]:
        """How many bins are out of order."""
        bins = self(depth)
        facts = [{"count": int(count)} for count in (bins > 0).sum(dim=1).tolist()]
        return {self.title: violations_of(bins.sum(dim=1), facts)}
