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
_PARTS = ("sigma_aleatoric", "sigma_epistemic")


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
class SigmaParts:
    """What sigma is made of: sigma^2 = aleatoric^2 + epistemic^2, (n, 283) each.

    Attributes:
        aleatoric: what the estimator says of the data's own noise.
        epistemic: how far its members differ in the mean.
    """

    aleatoric: NDArray[np.float64]
    epistemic: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Predictive:
    """One estimator's answer for n planets.

    Attributes:
        spectra: mean and standard deviation, (n, 283) each.
        intervals: None where no conformal calibrator was applied.
        parts: None where the estimator does not tell them apart.
    """

    spectra: Spectra
    intervals: Intervals | None = None
    parts: SigmaParts | None = None

    @property
    def planet_ids(self) -> tuple[str, ...]:
        return self.spectra.planet_ids

    def select(self, planet_ids: Sequence[str]) -> Self:
        """The given planets, in that order.

        Raises:
            SchemaError: a planet is not here.
        """
        spectra = self.spectra.select(planet_ids)
        row = {planet: i for i, planet in enumerate(self.planet_ids)}
        rows = [row[planet] for planet in planet_ids]
        intervals, parts = self.intervals, self.parts
        if intervals is not None:
            intervals = Intervals(intervals.level, intervals.half_width[rows])
        if parts is not None:
            parts = SigmaParts(parts.aleatoric[rows], parts.epistemic[rows])
        return type(self)(spectra, intervals, parts)

    def save(self, path: Path) -> None:
        """Write an npz with ``planet_id``, ``mu``, ``sigma`` and, with intervals, ``level`` and
        ``half_width`` (NaN and empty without), with parts ``sigma_aleatoric`` and
        ``sigma_epistemic``, atomically.
        """
        level, half_width = np.nan, np.zeros((0, 0))
        if self.intervals is not None:
            level, half_width = self.intervals.level, self.intervals.half_width
        more = {} if self.parts is None else vars(self.parts)
        parts = {f"sigma_{name}": values for name, values in more.items()}
        arrays = self.spectra.arrays() | parts
        write_npz(path, **arrays, level=np.array(level), half_width=half_width)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what ``save`` wrote.

        Raises:
            SchemaError: the file is missing or broken, or holds no valid spectra.
        """
        held = read_npz(path, *_KEYS, made_by="predict", optional=_PARTS)
        spectra = Spectra.of(held)
        found = [np.asarray(held[key], dtype=np.float64) for key in _PARTS if key in held]
        if len(found) == 1 or any(one.shape != spectra.mu.shape for one in found):
            raise SchemaError(
                f"{path}: the parts of sigma are not those of its spectra {spectra.mu.shape}: run "
                "`spectramind predict` again"
            )
        parts = SigmaParts(*found) if found else None
        level, half_width = float(held["level"]), np.asarray(held["half_width"], dtype=np.float64)
        if not np.isfinite(level):
            return cls(spectra, parts=parts)
        if half_width.shape != spectra.mu.shape:
            raise SchemaError(
                f"{path}: intervals {half_width.shape} of other planets than the spectra "
                f"{spectra.mu.shape}: run `spectramind predict` again"
            )
        return cls(spectra, Intervals(level, half_width), parts)
