"""What can be told of a planet without its label, by which sets of planets are compared."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from spectramind.errors import SchemaError

Array = NDArray[np.float64]
_DECIMALS = 9


@dataclass(frozen=True)
class Trait:
    """One quantity.

    Attributes:
        said: how a sentence calls it.
        logarithm: its values are natural logarithms of what is said.
        unit: of what is said, times ``scale``; empty: a pure number.
    """

    said: str
    logarithm: bool = False
    unit: str = ""
    scale: float = 1.0


# By name, in the order of the columns. Light curves: of the first visit that counts.
TRAITS: dict[str, Trait] = {
    "noise_fgs1": Trait("FGS1 noise", logarithm=True, unit="ppm", scale=1e6),
    "noise_airs": Trait("AIRS noise", logarithm=True, unit="ppm", scale=1e6),
    "chi2_fgs1": Trait("FGS1 residuals' chi2 against the stated noise", logarithm=True),
    "chi2_airs": Trait("AIRS residuals' chi2 against the stated noise", logarithm=True),
    "memory_fgs1": Trait("autocorrelation of FGS1 residuals"),
    "memory_airs": Trait("autocorrelation of AIRS residuals"),
    "offset_log_a": Trait("orbit size's offset in its sigmas"),
    "offset_b": Trait("impact parameter's offset in its sigmas"),
    "offset_u1_fgs1": Trait("FGS1 limb darkening's offset in its sigmas"),
    "offset_u1_airs": Trait("AIRS limb darkening's offset in its sigmas"),
    "doubted": Trait("share of doubted fits"),
    "depth": Trait("depth", logarithm=True, unit="%", scale=100.0),
    "visits": Trait("two visits' difference in its sigmas", logarithm=True),
    "evidence": Trait("log evidence of the prior a bin"),
    "pull": Trait("depths' distance from the spectrum in their sigmas", logarithm=True),
    "sigma": Trait("predicted sigma over depth", logarithm=True),
    "network": Trait("network's distance from physics in its sigmas", logarithm=True),
}


@dataclass(frozen=True, eq=False)
class Traits:
    """Traits of n planets.

    Attributes:
        planet_ids: n names.
        values: (n, Q), columns as in ``TRAITS``; NaN where a planet does not tell.

    Raises:
        SchemaError: another shape, or an infinite value.
    """

    planet_ids: tuple[str, ...]
    values: Array

    def __post_init__(self) -> None:
        wanted = (len(self.planet_ids), len(TRAITS))
        if self.values.shape != wanted or np.isinf(self.values).any():
            raise SchemaError(
                f"traits of planets must be {wanted} finite numbers or NaN, not "
                f"{self.values.shape} with {int(np.isinf(self.values).sum())} infinite ones"
            )

    def __len__(self) -> int:
        return len(self.planet_ids)

    def with_others(self, other: Self) -> Self:
        """These and another's planets, sorted by name; a planet in both is as the other has it."""
        rows = dict(zip(self.planet_ids, self.values, strict=True))
        rows |= dict(zip(other.planet_ids, other.values, strict=True))
        return type(self).of(rows)

    @classmethod
    def of(cls, rows: dict[str, Array]) -> Self:
        """By planet, sorted by name; rounded, so that a file holds them as they are."""
        ids = tuple(sorted(rows))
        values = np.array([rows[planet] for planet in ids], dtype=np.float64)
        return cls(ids, values.reshape(-1, len(TRAITS)).round(_DECIMALS))


def median_difference(name: str, seen: Array, new: Array) -> str:
    """How a trait of one set, (n,), differs from another's, (m,): ``1.4 times``, ``0.3 -> 0.9``."""
    kind = TRAITS[name]
    if name == "doubted":
        return f"{np.nanmean(seen):.0%} -> {np.nanmean(new):.0%}"
    before, after = float(np.nanmedian(seen)), float(np.nanmedian(new))
    if kind.logarithm:
        return f"{np.exp(after - before):.3g} times"
    return f"{before:.2g} -> {after:.2g}"
