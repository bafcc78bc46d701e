"""Non-negativity: a planet cannot add light."""

import torch
from torch import Tensor, nn


class NonNegativity(nn.Module):
    """L = mean_i ReLU(-x_i), x in ``loss.unit`` (seeds' doctrine, section 6.2, rule 2)."""

    def forward(self, depth: Tensor) -> Tensor:
        """(B, 283) -> (B,)."""
        return torch.relu(-depth).mean(dim=1)
