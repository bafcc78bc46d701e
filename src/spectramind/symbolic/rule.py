"""What a rule is, and how the pack finds it.

A new rule is a file in ``symbolic/rules/`` with one subclass of ``Rule``, and its weight: the field
``lambda_NAME`` in ``config/loss.py`` with its value in ``configs/loss/symbolic.yaml``.
"""

import importlib
import pkgutil
from typing import ClassVar, Self

from torch import Tensor, nn

from spectramind.config.loss import LossConfig
from spectramind.symbolic import rules

WEIGHT = "lambda_"


class Rule(nn.Module):
    """A differentiable penalty on spectra, told bin by bin.

    Attributes:
        name: short; ``loss.lambda_NAME`` is the weight.
    """

    name: ClassVar[str]

    @classmethod
    def build(cls, config: LossConfig) -> Self | None:
        """The rule as configured; None where it has no object (a seam rule without a seam)."""
        raise NotImplementedError

    def forward(self, depth: Tensor) -> Tensor:
        """Judge spectra.

        Args:
            depth: (B, 283), in ``loss.unit``, float32 at least.

        Returns:
            (B, 283), not negative: each bin's share of its planet's penalty, which is their sum.
        """
        raise NotImplementedError


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
