"""What was found beside what is allowed, a row a bound."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Bound:
    """One bound.

    Attributes:
        name: what is bounded.
        found: what it is; None where nothing was found, which no bound allows.
        low, high: allowed range, both ends inside; None: open.
        note: what a reader needs to know, such as the worst region.
    """

    name: str
    found: float | None
    low: float | None = None
    high: float | None = None
    note: str = ""

    @property
    def kept(self) -> bool:
        """Whether what was found is allowed."""
        if self.found is None or not np.isfinite(self.found):
            return False
        above = self.low is None or self.found >= self.low
        return above and (self.high is None or self.found <= self.high)

    @property
    def allowed(self) -> str:
        """The range in words."""
        if self.low is None and self.high is None:
            return "there"
        if self.high is None:
            return f"at least {self.low:.4g}"
        return (
            f"at most {self.high:.4g}" if self.low is None else f"{self.low:.4g}..{self.high:.4g}"
        )

    def __str__(self) -> str:
        found = "missing" if self.found is None else f"{self.found:.4g}"
        return f"{self.name} {found} ({self.allowed})"


def worst_region(coverage: Mapping[str, float]) -> tuple[str, float]:
    """The region that is covered least, and its coverage.

    Args:
        coverage: mean coverage of a region's bins, by its name.
    """
    name = min(coverage, key=lambda region: coverage[region])
    return name, coverage[name]
