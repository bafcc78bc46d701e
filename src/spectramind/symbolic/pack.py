"""The symbolic physics pack: every rule, weighted and summed."""

from typing import cast

import torch
from torch import Tensor, nn

from spectramind.config.loss import LossConfig
from spectramind.instrument.grid import N_BINS
from spectramind.symbolic.regions import region_factors
from spectramind.symbolic.rule import WEIGHT, Rule, known_rules
from spectramind.symbolic.violation import Violation

# In units of ``loss.unit``: no depth is that large, and its square still fits single precision.
_LARGEST = 1e12


class SymbolicPack(nn.Module):
    """L_sym = sum_k lambda_k sum_i f_ki L_ki (seeds' doctrine, section 6.2), a planet.

    L_ki is bin i's share of rule k's penalty and f_ki the region-wise factor of its weight
    (``loss.regions``; one elsewhere). Rules see mu / ``unit``: on depths themselves every square
    would vanish beside the likelihood (second differences of a noisy spectrum are 1e-4, their
    squares 1e-8). They average over bins where the doctrine sums, as the likelihood does here. A
    rule whose weight is zero is left out, and so is one without an object (no seam, no quantiles).
    Rules are computed in float32 under autocast.

    Args:
        config: weights and sizes.
        every: keep rules of weight zero too, for an auditor.
    """

    def __init__(self, config: LossConfig, every: bool = False) -> None:
        super().__init__()
        self.unit = config.unit
        self.weights: dict[str, float] = {}
        self.rules = nn.ModuleDict()
        kinds = known_rules()
        factors = region_factors(config.regions, list(kinds))
        for name, kind in kinds.items():
            weight = float(getattr(config, WEIGHT + name))
            rule = kind.build(config) if weight > 0 or every else None
            if rule is not None:
                self.weights[name], self.rules[name] = weight, rule
                factor = torch.from_numpy(factors[name]).float()
                self.register_buffer(_factor(name), factor, persistent=False)

    def per_bin(self, mu: Tensor, quantiles: Tensor | None = None) -> dict[str, Tensor]:
        """Each bin's share of each rule's penalty, (B, 283) by rule, without lambda.

        Args:
            mu: (B, 283), (Rp/Rs)^2.
            quantiles: (B, 3, 283), the lowest first; None leaves their rule out.

        Raises:
            ValueError: another shape.
        """
        with torch.autocast(mu.device.type, enabled=False):
            read = self._read(mu, quantiles)
            if mu.shape[0] == 0:  # neither FFT nor quantile takes an empty batch
                return dict.fromkeys(self._judges(read), 0 * read["mu"])
            return {
                name: rule(read[rule.reads]) * self.get_buffer(_factor(name))
                for name, rule in self._judges(read).items()
            }

    def forward(
        self, mu: Tensor, quantiles: Tensor | None = None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Judge spectra; arguments as for ``per_bin``.

        Returns:
            the weighted sum (B,), and each rule's own penalty (B,), without lambda, by name.
        """
        bins = self.per_bin(mu, quantiles)
        components = {name: values.sum(dim=1) for name, values in bins.items()}
        full = torch.promote_types(mu.dtype, torch.float32)
        total = mu.new_zeros(mu.shape[0], dtype=full)
        for name, penalty in components.items():
            total = total + self.weights[name] * penalty
        return total, components

    def grads_mu(self, mu: Tensor) -> dict[str, Tensor]:
        """Influence maps: the slope of each rule's penalty over each bin of mu, without lambda.

        Multiplied by ``weights`` and summed they are the slope of L_sym. Rules that read quantiles
        have none. What a rule holds fixed (its continuum, a molecule's presence) is held fixed.

        Args:
            mu: (B, 283), (Rp/Rs)^2.

        Returns:
            (B, 283) by rule, per (Rp/Rs)^2, detached.
        """
        with torch.enable_grad():
            point = mu.detach().clone().requires_grad_()
            sums = {name: bins.sum() for name, bins in self.per_bin(point).items()}
        return {
            name: torch.autograd.grad(value, point, retain_graph=True)[0]
            for name, value in sums.items()
        }

    def violations(
        self, mu: Tensor, quantiles: Tensor | None = None
    ) -> dict[str, dict[str, list[Violation]]]:
        """What each rule says of each planet, by rule and entry; regions' factors do not count."""
        read = self._read(mu, quantiles)
        judges = self._judges(read)
        return {name: rule.violations(read[rule.reads], self.unit) for name, rule in judges.items()}

    def _read(self, mu: Tensor, quantiles: Tensor | None) -> dict[str, Tensor]:
        """What rules see, by ``Rule.reads``."""
        given = {"mu": mu} if quantiles is None else {"mu": mu, "quantiles": quantiles}
        shapes = {"mu": (N_BINS,), "quantiles": (3, N_BINS)}
        for name, values in given.items():
            if values.shape != (mu.shape[0], *shapes[name]):
                expected = f"(planets, {', '.join(map(str, shapes[name]))})"
                raise ValueError(f"{name} is of shape {tuple(values.shape)}, not {expected}")
        return {name: self._in_units(values) for name, values in given.items()}

    def _in_units(self, values: Tensor) -> Tensor:
        full = values.to(torch.promote_types(values.dtype, torch.float32)) / self.unit
        return full.clamp(-_LARGEST, _LARGEST)

    def _judges(self, read: dict[str, Tensor]) -> dict[str, Rule]:
        rules = {name: cast("Rule", rule) for name, rule in self.rules.items()}
        return {name: rule for name, rule in rules.items() if rule.reads in read}


def _factor(name: str) -> str:
    return f"factor_{name}"
