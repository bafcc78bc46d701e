"""The objective: likelihood with the official weights, coarse scales, symbolic physics."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from spectramind.evaluation.official import bin_weights
from spectramind.models.likelihood import gaussian_nll
from spectramind.models.network import Inputs, Outputs
from spectramind.symbolic.pack import SymbolicPack


@dataclass(frozen=True)
class LossParts:
    """Means over a batch: the total is differentiable, the parts are for the record."""

    total: Tensor
    nll: float
    symbolic: dict[str, float]


class Objective(nn.Module):
    """L = NLL(mu, sigma) + aux_weight * mean over scales of NLL(mu_scale, sigma0) + L_sym."""

    weight: Tensor

    def __init__(self, pack: SymbolicPack, aux_weight: float) -> None:
        super().__init__()
        self.pack = pack
        self.aux_weight = aux_weight
        self.register_buffer("weight", torch.from_numpy(bin_weights()).float())

    def likelihood(self, outputs: Outputs, y: Tensor) -> Tensor:
        """Negative log-likelihood of each planet, (B,)."""
        return gaussian_nll(outputs.mu, outputs.sigma, y, self.weight)

    def forward(self, inputs: Inputs, outputs: Outputs, y: Tensor) -> LossParts:
        """Judge a batch, y: (B, 283)."""
        nll = self.likelihood(outputs, y).mean()
        symbolic, components = self.pack(outputs.mu)
        total = nll + symbolic.mean()
        if outputs.scales and self.aux_weight > 0:
            coarse = [gaussian_nll(mu, inputs.sigma0, y, self.weight) for mu in outputs.scales]
            total = total + self.aux_weight * torch.stack(coarse).mean()
        parts = {name: float(part.detach().mean()) for name, part in components.items()}
        return LossParts(total, float(nll.detach()), parts)
