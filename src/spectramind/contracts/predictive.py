"""What an estimator says of planets: spectra with sigma and, once calibrated, intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from spectramind.contracts.spectra import Spectra
from spectramind.errors import SchemaError
from spectramind.run.atomic import write_npz
from spectramind.run.npz import read_npz

# The estimator whose mean and sigma `predict` writes into the submission; its calibrators lie where
# paths.temperature and paths.corel say, those of others in folders beside them.
SUBMITTED = "spectramind"
_KEYS = ("planet_id", "mu", "sigma", "level", "half_width")


@dataclass(frozen=True, eq=False)
class Intervals:
    """Symmetric prediction intervals mu +- half_width at a nominal coverage.

    Attributes:
        level: nominal marginal coverage per bin, 1 - alpha.
        half_width: (n, 283), rows as in the spectra they belong to; may be infinite.
    """

    level: float
    half_width: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Predictive:
    """One estimator's answer for n planets.

    Attributes:
        spectra: mean and standard deviation, (n, 283) each.
        intervals: None where no conformal calibrator was applied.
    """

    spectra: Spectra
    intervals: Intervals | None = None

    @property
    def planet_ids(self) -> tuple[str, ...]:
        return self.spectra.planet_ids

    def select(self, planet_ids: Sequence[str]) -> Self:
        """The given planets, in that order.

        Raises:
            SchemaError: a planet is not here.
        """
        spectra = self.spectra.select(planet_ids)
        if self.intervals is None:
            return type(self)(spectra)
        row = {planet: i for i, planet in enumerate(self.planet_ids)}
        half_width = self.intervals.half_width[[row[planet] for planet in planet_ids]]
        return type(self)(spectra, Intervals(self.intervals.level, half_width))

    def save(self, path: Path) -> None:
        """Write an npz with ``planet_id``, ``mu``, ``sigma`` and, with intervals, ``level`` and
        ``half_width`` (NaN and empty without), atomically.
        """
        level, half_width = np.nan, np.zeros((0, 0))
        if self.intervals is not None:
            level, half_width = self.intervals.level, self.intervals.half_width
        write_npz(path, **self.spectra.arrays(), level=np.array(level), half_width=half_width)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what ``save`` wrote.

        Raises:
            SchemaError: the file is missing or broken, or holds no valid spectra.
        """
        held = read_npz(path, *_KEYS, made_by="predict")
        spectra = Spectra.of(held)
        level, half_width = float(held["level"]), np.asarray(held["half_width"], dtype=np.float64)
        if not np.isfinite(level):
            return cls(spectra)
        if half_width.shape != spectra.mu.shape:
            raise SchemaError(
                f"{path}: intervals {half_width.shape} of other planets than the spectra "
                f"{spectra.mu.shape}: run `spectramind predict` again"
            )
        return cls(spectra, Intervals(level, half_width))
