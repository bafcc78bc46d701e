"""One estimate against another on the same planets, each trained from the same seeds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Differences that no table of four decimals shows, among them those of single precision.
ALIKE = 5e-5
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Difference:
    """A score less another, and the interval that holds it with the level asked for."""

    value: float
    low: float
    high: float

    @property
    def verdict(self) -> str:
        """Whether zero lies inside the interval; ``same``: it is zero to the fourth decimal."""
        if max(abs(self.low), abs(self.high)) < ALIKE:
            return "same"
        if self.low > 0:
            return "better"
        return "worse" if self.high < 0 else "unclear"

    def texts(self) -> tuple[str, str]:
        """Value and interval with four decimals, without a minus before a zero."""
        value, low, high = (
            f"{round(number, 4) + 0.0:+.4f}" for number in (self.value, self.low, self.high)
        )
        return value, f"{low}..{high}"


def paired_difference(
    ours: Array, theirs: Array, rng: np.random.Generator, level: float = 0.95, draws: int = 2000
) -> Difference:
    """Mean official score over seeds, less another's; its interval by the paired bootstrap.

    Each draw takes seeds and planets anew with replacement, the same ones for both: what is left is
    what other planets of this kind, and other luck in training, could have made of the difference.
    With one seed it is the interval over planets alone.

    Args:
        ours, theirs: ``planet_scores`` (seeds, planets), the same seeds and planets in one order.
        rng: source of the draws.
        level: probability inside the interval.
        draws: bootstrap samples.

    Raises:
        ValueError: the shapes differ, or there is no seed or no planet.
    """
    if ours.shape != theirs.shape or ours.ndim != 2 or 0 in ours.shape:
        raise ValueError(f"scores of shapes {ours.shape} and {theirs.shape} cannot be paired")
    seeds, planets = ours.shape
    by_planet = rng.multinomial(planets, np.full(planets, 1 / planets), draws) / planets
    by_seed = rng.multinomial(seeds, np.full(seeds, 1 / seeds), draws) / seeds

    def drawn(scores: Array) -> Array:
        """The official score is the mean over planets, clipped, (draws,)."""
        return (np.clip(by_planet @ scores.T, 0.0, 1.0) * by_seed).sum(axis=1)

    low, high = np.quantile(drawn(ours) - drawn(theirs), [(1 - level) / 2, (1 + level) / 2])
    return Difference(mean_score(ours) - mean_score(theirs), float(low), float(high))


def mean_score(scores: Array) -> float:
    """Mean over seeds of the official score of ``planet_scores`` (seeds, planets)."""
    return float(np.clip(scores.mean(axis=1), 0.0, 1.0).mean())
