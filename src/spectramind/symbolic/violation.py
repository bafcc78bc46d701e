"""What a rule says of one planet, in plain values for the violation log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

_TOP = 5
_SMALLEST_SHARE = 0.01


@dataclass(frozen=True)
class Violation:
    """A rule, or a part of one, on one planet.

    Attributes:
        score: the penalty, unweighted, in units of the rule: what severity bands are about.
        facts: what the log shows of it.
    """

    score: float
    facts: Mapping[str, Any]


def violations_of(scores: Tensor, facts: Sequence[Mapping[str, Any]]) -> list[Violation]:
    """One violation a planet, from scores (B,) and B mappings."""
    pairs = zip(scores.tolist(), facts, strict=True)
    return [Violation(float(score), dict(fact)) for score, fact in pairs]


def top_bins(bins: Tensor) -> list[list[int]]:
    """The bins that bear most of each planet's penalty, ascending; (B, 283) -> B lists.

    At most five, and none that bears less than a hundredth of the planet's penalty.
    """
    values, where = torch.topk(bins, _TOP, dim=1)
    enough = values > _SMALLEST_SHARE * bins.sum(dim=1, keepdim=True)
    return [sorted(row[good].tolist()) for row, good in zip(where, enough, strict=True)]
