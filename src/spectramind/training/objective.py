"""The objective: likelihood or score with the official weights, coarse scales, symbolic physics."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from spectramind.evaluation.official import AIRS_SIGMA_TRUE, FGS1_SIGMA_TRUE, bin_weights
from spectramind.instrument.grid import FGS1_BIN, N_BINS
from spectramind.models.likelihood import gaussian_nll
from spectramind.models.network import Inputs, Outputs
from spectramind.models.quantiles import pinball
from spectramind.symbolic.pack import SymbolicPack

# Mean and standard deviation of all train labels together, the score's zero.
Naive = tuple[float, float]


@dataclass(frozen=True)
class LossParts:
    """Means over a batch: the total is differentiable, the parts are for the record."""

    total: Tensor
    nll: float
    symbolic: dict[str, float]


class Objective(nn.Module):
    """L = E(mu, sigma) + aux_weight * mean over scales of E(mu_scale, sigma0) + L_sym.

    E is the negative log-likelihood [nats a weighted bin] or the negative official score.

    Args:
        pack: symbolic rules. aux_weight: of the coarse scales.
        naive: the score's zero; None: the likelihood is the objective.
    """

    weight: Tensor
    sharpest: Tensor

    def __init__(self, pack: SymbolicPack, aux_weight: float, naive: Naive | None = None) -> None:
        super().__init__()
        self.pack = pack
        self.aux_weight = aux_weight
        self.naive = naive
        self.register_buffer("weight", torch.from_numpy(bin_weights()).float())
        sharpest = torch.full((N_BINS,), AIRS_SIGMA_TRUE)
        sharpest[FGS1_BIN] = FGS1_SIGMA_TRUE
        self.register_buffer("sharpest", sharpest)

    def likelihood(self, outputs: Outputs, y: Tensor) -> Tensor:
        """What the objective makes small, of each planet, (B,).

        A density is judged by its own likelihood. Quantiles have their pinball loss beside it,
        which tells one side from the other, samples the loss that shapes them, which draws from
        torch's generator.
        """
        if outputs.density is not None and self.naive is None:
            main = outputs.density.nll(y, self.weight)
        else:
            main = self.submitted(outputs, y)
        if outputs.quantiles is not None and outputs.density is None:
            main = main + pinball(outputs.quantiles, outputs.sigma, y, self.weight)
        return main if outputs.matching is None else main + outputs.matching.loss(y)

    def submitted(self, outputs: Outputs, y: Tensor) -> Tensor:
        """The objective of the mean and sigma alone, all that is submitted, (B,); draws nothing."""
        return self._each(outputs.mu, outputs.sigma, y)

    def _each(self, mu: Tensor, sigma: Tensor, y: Tensor) -> Tensor:
        if self.naive is None:
            return gaussian_nll(mu, sigma, y, self.weight)
        score = official_score(mu, sigma, y, self.sharpest, self.naive)
        return -(score * self.weight).sum(-1) / self.weight.sum()

    def forward(self, inputs: Inputs, outputs: Outputs, y: Tensor) -> LossParts:
        """Judge a batch, y: (B, 283)."""
        nll = self.likelihood(outputs, y).mean()
        symbolic, components = self.pack(outputs.mu, outputs.quantiles)
        total = nll + symbolic.mean()
        if outputs.scales and self.aux_weight > 0:
            coarse = [self._each(mu, inputs.sigma0, y) for mu in outputs.scales]
            total = total + self.aux_weight * torch.stack(coarse).mean()
        parts = {name: float(part.detach().mean()) for name, part in components.items()}
        return LossParts(total, float(nll.detach()), parts)


def official_score(mu: Tensor, sigma: Tensor, y: Tensor, sharpest: Tensor, naive: Naive) -> Tensor:
    """Score of every element, (B, 283), as ``evaluation.official.element_scores``; not clipped.

    Args:
        mu, sigma, y: (B, 283), sigma > 0. sharpest: (283,), sigma of an ideal prediction.
        naive: the score's zero.
    """

    def log_normal(mean: Tensor | float, width: Tensor) -> Tensor:
        return -0.5 * ((y - mean) / width).square() - width.log() - 0.5 * math.log(2 * math.pi)

    nothing = log_normal(naive[0], torch.full_like(sharpest, naive[1]))
    return (log_normal(mu, sigma) - nothing) / (log_normal(y, sharpest) - nothing)
