"""Seam continuity: no step where one detector half ends and the other begins."""

from torch import Tensor, nn


class SeamContinuity(nn.Module):
    """L = (x_(s-1) - x_s)^2, x in ``loss.unit`` (seeds' doctrine, section 6.2, rule 4).

    Args:
        seam: s, the first bin right of the seam.
    """

    def __init__(self, seam: int) -> None:
        super().__init__()
        self.seam = seam

    def forward(self, depth: Tensor) -> Tensor:
        """(B, 283) -> (B,)."""
        return (depth[:, self.seam - 1] - depth[:, self.seam]).square()
