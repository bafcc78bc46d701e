"""What a planet's spectrum shows above its own continuum."""

import torch
from torch import Tensor

from spectramind.instrument.grid import FGS1_BIN


def contrast(depth: Tensor, quantile: float) -> Tensor:
    """Depth minus the planet's continuum, a low quantile of its AIRS bins: (B, 283) -> (B, 283).

    A spectrum is a depth of 1e-2 with bands of 1e-4: formulas for band shapes and areas applied to
    the depth itself would see the planet's disc only. The continuum is a reference level, not a
    lever: no gradient flows through it, else a rule would push at the two bins that define it.
    """
    continuum = torch.quantile(depth[:, FGS1_BIN + 1 :].detach(), quantile, dim=1, keepdim=True)
    return depth - continuum
