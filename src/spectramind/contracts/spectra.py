"""Predicted spectra of several planets, and the truth that belongs to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from spectramind.errors import SchemaError
from spectramind.instrument.grid import N_BINS

if TYPE_CHECKING:  # it takes as long to load as all the rest
    import pandas as pd

SPECTRUM_COLUMNS = tuple(f"wl_{i}" for i in range(1, N_BINS + 1))
_NAMED_IN_ERRORS = 3


def name_some(planet_ids: Sequence[str]) -> str:
    """Name the first few planets for an error line, and count the rest."""
    shown = ", ".join(planet_ids[:_NAMED_IN_ERRORS])
    rest = len(planet_ids) - _NAMED_IN_ERRORS
    return f"{shown} and {rest} more" if rest > 0 else shown


@dataclass(frozen=True, eq=False)
class Spectra:
    """Mean and standard deviation of the transit depth (Rp/Rs)^2 in 283 bins, a row a planet.

    Attributes:
        planet_ids: n unique ids.
        mu: (n, 283) float64. A negative depth is allowed here, not in a submission.
        sigma: (n, 283) float64, positive.

    Raises:
        SchemaError: wrong shape, repeated or empty ids, NaN or infinity, sigma not positive.
    """

    planet_ids: tuple[str, ...]
    mu: NDArray[np.float64]
    sigma: NDArray[np.float64]

    def __post_init__(self) -> None:
        shape = (len(self.planet_ids), N_BINS)
        if len(set(self.planet_ids)) != len(self.planet_ids) or "" in self.planet_ids:
            raise SchemaError("spectra: planet ids must be unique and not empty")
        for name, values in (("mu", self.mu), ("sigma", self.sigma)):
            if values.shape != shape or values.dtype != np.float64:
                raise SchemaError(
                    f"spectra: {name} is {values.dtype}{values.shape}, expected float64{shape}"
                )
            self._refuse(~np.isfinite(values), name, "must be finite")
        self._refuse(self.sigma <= 0, "sigma", "must be above 0")

    def _refuse(self, bad: NDArray[np.bool_], name: str, rule: str) -> None:
        if bad.any():
            planet, bin_ = np.argwhere(bad)[0]
            value = getattr(self, name)[planet, bin_]
            raise SchemaError(
                f"spectra: {name} of planet {self.planet_ids[planet]}, bin {bin_} is {value}: "
                f"{rule} ({int(bad.sum())} such values)"
            )

    def __len__(self) -> int:
        return len(self.planet_ids)

    def select(self, planet_ids: Sequence[str]) -> Self:
        """Rows of the given planets, in that order.

        Raises:
            SchemaError: a planet is not here.
        """
        row = {planet: i for i, planet in enumerate(self.planet_ids)}
        lacking = [planet for planet in planet_ids if planet not in row]
        if lacking:
            raise SchemaError(f"spectra: no prediction for planet {name_some(lacking)}")
        rows = [row[planet] for planet in planet_ids]
        return type(self)(tuple(planet_ids), self.mu[rows], self.sigma[rows])

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The plain arrays of a file."""
        ids = np.array(self.planet_ids, dtype=np.str_)
        return {"planet_id": ids, "mu": self.mu, "sigma": self.sigma}

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[np.generic]]) -> Self:
        """The spectra that ``arrays`` told.

        Raises:
            SchemaError: these are no valid spectra.
        """
        ids = tuple(str(planet) for planet in arrays["planet_id"])
        # The dtypes are checked in __post_init__.
        return cls(ids, arrays["mu"], arrays["sigma"])  # type: ignore[arg-type]


def truth_for(truth: "pd.DataFrame", planet_ids: Sequence[str]) -> NDArray[np.float64]:
    """True depths of the given planets, (n, 283), in that order.

    Args:
        truth: index planet_id (str), columns wl_1..wl_283.
        planet_ids: the planets wanted.

    Raises:
        SchemaError: a column or planet is missing or repeated, or a value is not finite.
    """
    lacking = [column for column in SPECTRUM_COLUMNS if column not in truth.columns]
    if lacking:
        raise SchemaError(f"truth: column {lacking[0]} is missing ({len(lacking)} missing in all)")
    if not truth.index.is_unique:
        repeated = truth.index[truth.index.duplicated()][0]
        raise SchemaError(f"truth: planet {repeated} stands there twice")
    known = set(truth.index)
    unknown = [planet for planet in planet_ids if planet not in known]
    if unknown:
        raise SchemaError(f"truth: no true spectrum for planet {name_some(unknown)}")
    values = truth.loc[list(planet_ids), list(SPECTRUM_COLUMNS)].to_numpy(dtype=np.float64)
    bad = ~np.isfinite(values)
    if bad.any():
        planet, bin_ = np.argwhere(bad)[0]
        raise SchemaError(f"truth: planet {planet_ids[planet]}, wl_{bin_ + 1} is not finite")
    return values
