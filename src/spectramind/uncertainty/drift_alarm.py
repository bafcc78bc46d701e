"""The drift alarm: calibrators promise something of planets like those they were fitted on.

Whether a new set is like them is tested without any label. No alarm is no proof: a test sees only
what it looks at, and sees little in few planets. An alarm changes no number, it says that the
promise of sigma and intervals no longer follows from exchangeability.
"""

from dataclasses import dataclass

import numpy as np

from spectramind.config.drifting import DriftAlarmConfig
from spectramind.contracts.traits import TRAITS, Traits, median_difference
from spectramind.uncertainty.two_samples import LEAST, compare


@dataclass(frozen=True)
class Drifted:
    """One quantity that differs: its name, familywise p, and how its median differs, in words."""

    name: str
    p: float
    how: str

    def told(self) -> str:
        """For a sentence."""
        return f"{TRAITS[self.name].said} {self.how} (p {_short(self.p)})"


@dataclass(frozen=True)
class DriftFound:
    """How a set of planets compares with those that calibration saw.

    Attributes:
        p: familywise. level: below which no promise holds.
        together: p of all quantities at once.
        n_seen, n_new: planets compared.
        compared: every quantity that was compared, the worst first.
    """

    p: float
    level: float
    together: float
    n_seen: int
    n_new: int
    compared: tuple[Drifted, ...]

    @property
    def differing(self) -> tuple[Drifted, ...]:
        """Quantities whose own familywise p is below half the level, the worst first."""
        return tuple(one for one in self.compared if 2 * one.p < self.level)

    @property
    def alarm(self) -> bool:
        """No promise holds."""
        return self.p < self.level

    def told(self) -> str:
        """One line."""
        if not self.alarm:
            return (
                f"drift: the {self.n_new} planets are not told from the {self.n_seen} that "
                f"calibration saw (p {_short(self.p)})"
            )
        why = "; ".join(one.told() for one in self.differing[:_SAID])
        more = len(self.differing) - _SAID
        why += f"; and {more} more" if more > 0 else ""
        why = why or f"no single quantity, all together (p {_short(self.together)})"
        return (
            f"drift: no promise of sigma or intervals holds for these {self.n_new} planets, they "
            f"are unlike the {self.n_seen} that calibration saw (p {_short(self.p)} < "
            f"{self.level:g}): {why}"
        )


_SAID = 3  # quantities named in the line


def look_for_drift(
    seen: Traits, new: Traits, settings: DriftAlarmConfig, rng: np.random.Generator
) -> DriftFound | None:
    """Compare a new set with what calibration saw; None where a set is too small to be compared.

    Args:
        seen, new: traits of both. settings: level and permutations.
        rng: of the permutations.
    """
    if min(len(seen), len(new)) < LEAST:
        return None
    found = compare(seen.values, new.values, settings.permutations, rng)
    rows = [
        Drifted(name, float(p), median_difference(name, seen.values[:, i], new.values[:, i]))
        for i, (name, p) in enumerate(zip(TRAITS, found.quantities, strict=True))
        if np.isfinite(p)
    ]
    return DriftFound(
        p=found.familywise,
        level=settings.level,
        together=found.together,
        n_seen=len(seen),
        n_new=len(new),
        compared=tuple(sorted(rows, key=lambda row: row.p)),
    )


def _short(p: float) -> str:
    return f"{p:.2g}" if p >= 1e-3 else f"{p:.0e}"
