"""Which of the temperature's kinds is worth having, told by planets that did not fit it.

Groups of planets are held out in turn. A kind's gain is what its factors, fitted on the other
groups, add to the objective of the held-out planets against sigma as it is. Chosen is the plainest
kind that is within one standard error (of the paired difference, planets as units) of the best: a
richer one has to show that it is more than luck. ``none`` gains nothing and is the plainest.

Then the choice itself is held out (nested cross-validation): in each group the kind is chosen, in
the same way, and fitted by the other groups alone. If that loses, no choice among these is to be
trusted, and sigma stays.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spectramind.uncertainty.scaling import JudgedSigmas, fit_scaling
from spectramind.uncertainty.temperature import KINDS, ScalingKind, Temperature

Array = NDArray[np.float64]
Groups = NDArray[np.intp]
_DEALT = 5
_FEWEST_GROUPS = 3  # to hold one out, and one more for the choice, and still have one to fit on
_UNITS = {"likelihood": "nats a bin", "score": "score"}


@dataclass(frozen=True)
class Gain:
    """Mean gain of held-out planets against no factor, and its standard error."""

    mean: float
    error: float

    @classmethod
    def of(cls, planets: Array) -> "Gain":
        """From each planet's, (n > 1,)."""
        return cls(float(planets.mean()), float(planets.std(ddof=1) / np.sqrt(len(planets))))

    def __str__(self) -> str:
        return f"{round(self.mean, 4) + 0.0:+.4f} +- {self.error:.4f}"


@dataclass(frozen=True)
class Choice:
    """Why a kind was taken.

    Attributes:
        objective: what gains are of.
        gains: by kind, ``none`` left out; empty where there were too few planets to hold some out.
        nested: of planets that neither chose nor fitted.
        reason: in words.
    """

    objective: Literal["likelihood", "score"]
    gains: Mapping[ScalingKind, Gain]
    nested: Gain | None
    reason: str

    def describe(self) -> str:
        """Reason and gains in one line."""
        if self.nested is None:
            return self.reason
        each = ", ".join(f"{kind} {gain}" for kind, gain in self.gains.items())
        unit = _UNITS[self.objective]
        return f"{self.reason} (held-out gain, {unit}: {each}; choice held out too {self.nested})"


def choose_scaling(
    data: JudgedSigmas,
    groups: Groups | None,
    prior_planets: float,
    objective: Literal["likelihood", "score"],
) -> tuple[Temperature, Choice]:
    """The temperature of the kind that held-out planets speak for.

    Args:
        data: n planets. groups: (n,) group of each; None, or fewer than three: dealt anew.
        prior_planets: n0. objective: what the weights of ``data`` are of.

    Raises:
        SchemaError: all z-scores are 0.
    """
    fit_scaling("global", data, prior_planets)  # refuses what nothing can be fitted to
    if len(data) < _FEWEST_GROUPS:
        reason = f"none: {len(data)} planets are too few to hold some out"
        return fit_scaling("none", data, prior_planets), Choice(objective, {}, None, reason)
    if groups is None or len(np.unique(groups)) < _FEWEST_GROUPS:
        groups = np.arange(len(data)) % _DEALT
    gains = _held_out(data, groups, prior_planets)
    nested = np.zeros(len(data))
    for group in np.unique(groups):
        held = groups == group
        chosen = pick(_held_out(data.some(~held), groups[~held], prior_planets))
        fitted = fit_scaling(chosen, data.some(~held), prior_planets)
        nested[held] = data.some(held).gains(fitted)
    kind, outer = pick(gains), Gain.of(nested)
    reason = _reason(kind, gains)
    if outer.mean < 0 and kind != "none":
        reason = f"none: {kind} would be chosen, but choosing loses on planets left out of it"
        kind = "none"
    told: dict[ScalingKind, Gain] = {
        name: Gain.of(gain) for name, gain in gains.items() if name != "none"
    }
    return fit_scaling(kind, data, prior_planets), Choice(objective, told, outer, reason)


def pick(gains: Mapping[ScalingKind, Array]) -> ScalingKind:
    """The plainest kind within one standard error of the best.

    Args:
        gains: (n,) of the same planets by kind, plainest first.
    """
    best = max(gains.values(), key=lambda gain: float(gain.mean()))
    for kind, gain in gains.items():
        lacking = Gain.of(best - gain)
        if lacking.mean <= lacking.error:
            return kind
    raise ValueError("no kind is as good as itself")


def _held_out(data: JudgedSigmas, groups: Groups, prior_planets: float) -> dict[ScalingKind, Array]:
    """Each planet's gain by kind, the kind fitted on the other groups, (n,) each."""
    found: dict[ScalingKind, Array] = {kind: np.zeros(len(data)) for kind in KINDS}
    for group in np.unique(groups):
        held = groups == group
        others, own = data.some(~held), data.some(held)
        for kind in KINDS:
            found[kind][held] = own.gains(fit_scaling(kind, others, prior_planets))
    return found


def _reason(kind: ScalingKind, gains: Mapping[ScalingKind, Array]) -> str:
    best = max(gains, key=lambda name: float(gains[name].mean()))
    if kind == best == "none":
        return "none: every kind of factor loses on held-out planets"
    if kind == best:
        return f"{kind}: the best on held-out planets, by more than one standard error"
    return f"{kind}: {best} is better on held-out planets, but within one standard error"
