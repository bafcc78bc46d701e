"""The symbolic physics pack: every rule, weighted and summed."""

import torch
from torch import Tensor, nn

from spectramind.config.loss import LossConfig
from spectramind.symbolic.rule import WEIGHT, known_rules


class SymbolicPack(nn.Module):
    """L_sym = sum_k lambda_k L_k (seeds' doctrine, section 6.2), a planet.

    Rules see mu / ``unit``: on depths themselves every square would vanish beside the likelihood
    (second differences of a noisy spectrum are 1e-4, their squares 1e-8). They average over bins
    where the doctrine sums, as the likelihood does here. A rule whose weight is zero is left out,
    and so is one without an object (no seam). Rules are computed in float32 under autocast.
    """

    def __init__(self, config: LossConfig) -> None:
        super().__init__()
        self.unit = config.unit
        self.weights: dict[str, float] = {}
        self.rules = nn.ModuleDict()
        for name, kind in known_rules().items():
            weight = float(getattr(config, WEIGHT + name))
            rule = kind.build(config) if weight > 0 else None
            if rule is not None:
                self.weights[name], self.rules[name] = weight, rule

    def per_bin(self, mu: Tensor) -> dict[str, Tensor]:
        """Each bin's share of each rule's penalty, (B, 283) by rule, unweighted; mu: (B, 283)."""
        with torch.autocast(mu.device.type, enabled=False):
            depth = mu.to(torch.promote_types(mu.dtype, torch.float32)) / self.unit
            return {name: rule(depth) for name, rule in self.rules.items()}

    def forward(self, mu: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Judge spectra.

        Args:
            mu: (B, 283), (Rp/Rs)^2.

        Returns:
            the weighted sum (B,), and each rule's own penalty (B,), unweighted, by name.
        """
        components = {name: bins.sum(dim=1) for name, bins in self.per_bin(mu).items()}
        full = torch.promote_types(mu.dtype, torch.float32)
        total = mu.new_zeros(mu.shape[0], dtype=full)
        for name, penalty in components.items():
            total = total + self.weights[name] * penalty
        return total, components
