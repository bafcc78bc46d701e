"""What a rule is, and how the pack finds it.

A new rule is a file in ``symbolic/rules/`` with one subclass of ``Rule``, and its weight: the field
``lambda_NAME`` in ``config/loss.py`` with its value in ``configs/loss/symbolic.yaml``. The auditor
asks for its severity band too: ``audit.bands.NAME``.
"""

import importlib
import pkgutil
from typing import ClassVar, Literal, Self

from torch import Tensor, nn

from spectramind.config.loss import LossConfig
from spectramind.symbolic import rules
from spectramind.symbolic.violation import Violation, top_bins, violations_of

WEIGHT = "lambda_"


class Rule(nn.Module):
    """A differentiable penalty on spectra, told bin by bin.

    Attributes:
        name: short; ``loss.lambda_NAME`` is the weight.
        title: what the violation log calls it; empty for ``name``.
        reads: what it judges: the spectrum, or predicted quantiles of it.
    """

    name: ClassVar[str]
    title: ClassVar[str] = ""
    reads: ClassVar[Literal["mu", "quantiles"]] = "mu"

    @classmethod
    def build(cls, config: LossConfig) -> Self | None:
        """The rule as configured; None where it has no object (a seam rule without a seam)."""
        raise NotImplementedError

    def forward(self, depth: Tensor) -> Tensor:
        """Judge spectra.

        Args:
            depth: (B, 283), in ``loss.unit``, float32 at least; (B, 3, 283) for quantiles.

        Returns:
            (B, 283), not negative: each bin's share of its planet's penalty, which is their sum.
        """
        raise NotImplementedError

    def violations(self, depth: Tensor, unit: float) -> dict[str, list[Violation]]:
        """What the violation log says of each planet, by entry; ``a.b`` stands as b within a.

        Args:
            depth: as for ``forward``.
            unit: what ``loss.unit`` is, to tell depths themselves.
        """
        bins = self(depth)
        scores = bins.sum(dim=1)
        facts = [
            {"score": score, "top_bins": top}
            for score, top in zip(scores.tolist(), top_bins(bins), strict=True)
        ]
        return {self.title or self.name: violations_of(scores, facts)}


def known_rules() -> dict[str, type[Rule]]:
    """Every rule of ``symbolic/rules/`` by name, in the order of its weights in ``LossConfig``.

    Raises:
        TypeError: a file without a rule or with two, or a rule without a weight (or the reverse).
    """
    found: dict[str, type[Rule]] = {}
    for module in pkgutil.iter_modules(rules.__path__, f"{rules.__name__}."):
        here = [
            member
            for member in vars(importlib.import_module(module.name)).values()
            if isinstance(member, type)
            and issubclass(member, Rule)
            and member.__module__ == module.name
        ]
        if len(here) != 1:
            raise TypeError(f"{module.name} defines {len(here)} rules: one file, one rule")
        if here[0].name in found:
            raise TypeError(f"{module.name}: there is a rule named {here[0].name} already")
        found[here[0].name] = here[0]
    weights = [key.removeprefix(WEIGHT) for key in LossConfig.model_fields if key[:7] == WEIGHT]
    if odd := set(weights) ^ set(found):
        raise TypeError(f"rule or weight without the other: {', '.join(sorted(odd))}")
    return {name: found[name] for name in weights}
