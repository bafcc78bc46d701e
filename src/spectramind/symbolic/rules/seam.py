"""Seam continuity: no step where one detector half ends and the other begins."""

from typing import Self

import torch
from torch import Tensor

from spectramind.config.loss import LossConfig
from spectramind.symbolic.rule import Rule
from spectramind.symbolic.violation import Violation, violations_of


class SeamContinuity(Rule):
    """L = (x_(s-1) - x_s)^2, x in ``loss.unit`` (seeds' doctrine, section 6.2, rule 4).

    Each side of the seam bears half.

    Args:
        seam: s, the first bin right of the seam.
    """

    sides: Tensor
    name = "seam"
    title = "seam"

    def __init__(self, seam: int) -> None:
        super().__init__()
        self.seam = seam
        self.register_buffer("sides", torch.tensor([seam - 1, seam]), persistent=False)

    @classmethod
    def build(cls, config: LossConfig) -> Self | None:
        """As configured; None where there is no seam."""
        return None if config.seam is None else cls(config.seam)

    def forward(self, depth: Tensor) -> Tensor:
        """(B, 283) -> (B, 283)."""
        step = depth[:, self.seam - 1] - depth[:, self.seam]
        half = (0.5 * step.square()).unsqueeze(1).expand(-1, 2)
        values = torch.zeros_like(depth)
        return values.index_add(1, self.sides, half)

    def violations(self, depth: Tensor, unit: float) -> dict[str, list[Violation]]:
        """The step, left minus right, (Rp/Rs)^2."""
        step = (depth[:, self.seam - 1] - depth[:, self.seam]) * unit
        facts = [{"delta": value} for value in step.tolist()]
        return {self.title: violations_of(self(depth).sum(dim=1), facts)}
