"""The symbolic physics pack: every rule, weighted and summed."""

import torch
from torch import Tensor, nn

from spectramind.config.loss import LossConfig
from spectramind.symbolic.chemistry import ChemistryRatios
from spectramind.symbolic.coherence import Coherence
from spectramind.symbolic.nonnegativity import NonNegativity
from spectramind.symbolic.seam import SeamContinuity
from spectramind.symbolic.smoothness import Smoothness


class SymbolicPack(nn.Module):
    """L_sym = sum_k lambda_k L_k (seeds' doctrine, section 6.2), a planet.

    Rules see mu / ``unit``: on depths themselves every square would vanish beside the likelihood
    (second differences of a noisy spectrum are 1e-4, their squares 1e-8). They average over bins
    where the doctrine sums, as the likelihood does here. A rule whose weight is zero is left out,
    and so is the seam rule where there is no seam. Rules are computed in float32 under autocast.
    """

    def __init__(self, config: LossConfig) -> None:
        super().__init__()
        self.unit = config.unit
        weighted: dict[str, tuple[float, nn.Module]] = {
            "sm": (config.lambda_sm, Smoothness(config.smoothness.window_weight, config.seam)),
            "nn": (config.lambda_nn, NonNegativity()),
            "coh": (
                config.lambda_coh,
                Coherence(**config.coherence.model_dump(), continuum=config.continuum),
            ),
            "ratio": (
                config.lambda_ratio,
                ChemistryRatios(**config.ratio.model_dump(), continuum=config.continuum),
            ),
        }
        if config.seam is not None:
            weighted["seam"] = (config.lambda_seam, SeamContinuity(config.seam))
        self.weights = {name: weight for name, (weight, _) in weighted.items() if weight > 0}
        self.rules = nn.ModuleDict({name: weighted[name][1] for name in self.weights})

    def forward(self, mu: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Judge spectra.

        Args:
            mu: (B, 283), (Rp/Rs)^2.

        Returns:
            the weighted sum (B,), and each rule's own penalty (B,), unweighted, by name.
        """
        with torch.autocast(mu.device.type, enabled=False):
            depth = mu.to(torch.promote_types(mu.dtype, torch.float32)) / self.unit
            components = {name: rule(depth) for name, rule in self.rules.items()}
            total = depth.new_zeros(depth.shape[0])
            for name, penalty in components.items():
                total = total + self.weights[name] * penalty
        return total, components
