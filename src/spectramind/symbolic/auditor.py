"""The auditor: every rule on finished spectra, told planet by planet (doctrine, section 14)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spectramind.config.auditing import SeverityBand
from spectramind.config.loss import LossConfig
from spectramind.errors import ConfigError
from spectramind.symbolic.pack import SymbolicPack
from spectramind.symbolic.regions import named_regions
from spectramind.symbolic.rule import known_rules
from spectramind.symbolic.violation import Violation
from spectramind.symbolic.violation_log import Severity, SpectrumViolations

Array = NDArray[np.float64]


class Auditor:
    """Judges spectra by every rule that has an object, whatever its weight in training.

    Args:
        loss: the rules' settings; their weights count in what is dominant only.
        bands: severity of each rule's penalty.

    Raises:
        ConfigError: a rule without a band, or a band without a rule.
    """

    def __init__(self, loss: LossConfig, bands: Mapping[str, SeverityBand]) -> None:
        rules = known_rules()
        if odd := sorted(set(rules) ^ set(bands)):
            raise ConfigError(
                f"audit.bands: rule or band without the other: {', '.join(odd)}: the rules are "
                f"{', '.join(rules)}"
            )
        self.bands = dict(bands)
        self.pack = SymbolicPack(loss, every=True).double()

    def judge(self, mu: Array, half_width: Array | None = None) -> list[SpectrumViolations]:
        """What the rules say of each spectrum.

        Args:
            mu: (n, 283), (Rp/Rs)^2.
            half_width: of the prediction's intervals, (n, 283): mu -+ half_width are its outer
                quantiles; None leaves their order unjudged.
        """
        if not len(mu):
            return []
        quantiles = None
        if half_width is not None:
            middle, half = torch.tensor(mu), torch.tensor(half_width)
            quantiles = torch.stack([middle - half, middle, middle + half], dim=1)
        with torch.no_grad():
            found = self.pack.violations(torch.tensor(mu), quantiles)
        return [self._of_planet(found, row) for row in range(len(mu))]

    def influence(self, mu: Array) -> dict[str, Array]:
        """Influence maps, (n, 283) by rule: the slope of its penalty over mu, times its lambda."""
        maps = self.pack.grads_mu(torch.tensor(mu))
        weights = self.pack.weights
        return {name: _numpy(weights[name] * values) for name, values in maps.items()}

    def _of_planet(
        self, found: Mapping[str, Mapping[str, list[Violation]]], row: int
    ) -> SpectrumViolations:
        entries: dict[str, dict[str, Any]] = {}
        statuses: list[Severity] = []
        for rule, by_entry in found.items():
            for entry, violations in by_entry.items():
                status = Severity.of(violations[row].score, self.bands[rule])
                statuses.append(status)
                told = {**violations[row].facts, "status": status}
                outer, _, inner = entry.partition(".")
                if inner:
                    entries.setdefault(outer, {})[inner] = told
                else:
                    entries[outer] = told
        return SpectrumViolations(violations=entries, severity=Severity.worst(statuses))


def dominant_rules(
    influence: Mapping[str, Array], titles: Mapping[str, str]
) -> list[dict[str, str | None]]:
    """The rule that pushes most in each region, a planet; None where none pushes.

    Args:
        influence: (n, 283) by rule, lambda in it. titles: what the log calls a rule.
    """
    names = list(influence)
    pushes = np.abs(np.stack([influence[name] for name in names]))  # rules, n, 283
    dominant: list[dict[str, str | None]] = [{} for _ in range(pushes.shape[1])]
    for region, bins in named_regions().items():
        strength = pushes[:, :, bins].sum(axis=2)
        for row, best in enumerate(strength.argmax(axis=0).tolist()):
            dominant[row][region] = titles[names[best]] if strength[best, row] > 0 else None
    return dominant


def titles() -> dict[str, str]:
    """What the log calls each rule."""
    return {name: kind.title or name for name, kind in known_rules().items()}


def _numpy(values: Tensor) -> Array:
    return np.asarray(values.cpu().numpy(), dtype=np.float64)
