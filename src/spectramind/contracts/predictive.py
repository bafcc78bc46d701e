"""What an estimator says of planets: spectra with sigma and, once calibrated, intervals."""

from collections.abc import Mapping, Sequence
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
# Of intervals at further levels, and of planets with quantiles of their own: older files lack them.
_MORE = ("more_levels", "more_half_widths", "interval_group")


@dataclass(frozen=True, eq=False)
class Intervals:
    """Symmetric prediction intervals mu +- half_width at a nominal coverage.

    Attributes:
        level: nominal marginal coverage per bin, 1 - alpha.
        half_width: (n, 283), rows as in the spectra they belong to; may be infinite.
        more: the same at further levels, none of which has more of its own.
        groups: (n,) whose quantiles a planet got; empty where all share them.
    """

    level: float
    half_width: NDArray[np.float64]
    more: tuple["Intervals", ...] = ()
    groups: tuple[str, ...] = ()

    @property
    def every_level(self) -> tuple["Intervals", ...]:
        """These and the further ones."""
        return (self, *self.more)

    def select(self, rows: Sequence[int]) -> "Intervals":
        """Of some planets, by their rows."""
        more = tuple(one.select(rows) for one in self.more)
        groups = tuple(self.groups[row] for row in rows) if self.groups else ()
        return Intervals(self.level, self.half_width[list(rows)], more, groups)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """For a file."""
        arrays: dict[str, NDArray[np.generic]] = {
            "level": np.array(self.level),
            "half_width": self.half_width,
        }
        if self.more:
            arrays["more_levels"] = np.array([one.level for one in self.more])
            arrays["more_half_widths"] = np.stack([one.half_width for one in self.more])
        if self.groups:
            arrays["interval_group"] = np.array(self.groups)
        return arrays

    @classmethod
    def of(cls, held: Mapping[str, NDArray[np.generic]], shape: tuple[int, ...]) -> Self | None:
        """From the arrays of a file that holds spectra of this shape; None: it holds none.

        Raises:
            SchemaError: they are of other planets.
        """
        level = float(held["level"])
        if not np.isfinite(level):
            return None
        half_width = np.asarray(held["half_width"], dtype=np.float64)
        levels = np.asarray(held.get("more_levels", np.zeros(0)), dtype=np.float64)
        widths = np.asarray(held.get("more_half_widths", np.zeros((0, *shape))), dtype=np.float64)
        groups = tuple(str(name) for name in held.get("interval_group", np.zeros(0)))
        if half_width.shape != shape or widths.shape != (len(levels), *shape):
            raise SchemaError(f"intervals {half_width.shape} of other planets than the spectra")
        if groups and len(groups) != shape[0]:
            raise SchemaError(f"groups of {len(groups)} planets beside spectra of {shape[0]}")
        pairs = zip(levels, widths, strict=True)
        more = tuple(Intervals(float(one), width, (), groups) for one, width in pairs)
        return cls(level, half_width, more, groups)


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
            intervals = intervals.select(rows)
        if parts is not None:
            parts = SigmaParts(parts.aleatoric[rows], parts.epistemic[rows])
        return type(self)(spectra, intervals, parts)

    def save(self, path: Path) -> None:
        """Write an npz with ``planet_id``, ``mu``, ``sigma`` and, with intervals, ``level`` and
        ``half_width`` (NaN and empty without), further levels ``more_levels`` and
        ``more_half_widths``, and ``interval_group``; with parts ``sigma_aleatoric`` and
        ``sigma_epistemic``, atomically.
        """
        intervals = self.intervals or Intervals(np.nan, np.zeros((0, 0)))
        more = {} if self.parts is None else vars(self.parts)
        parts = {f"sigma_{name}": values for name, values in more.items()}
        write_npz(path, **(self.spectra.arrays() | parts), **intervals.arrays())

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what ``save`` wrote.

        Raises:
            SchemaError: the file is missing or broken, or holds no valid spectra.
        """
        optional, texts = (*_PARTS, *_MORE), ("planet_id", "interval_group")
        held = read_npz(path, *_KEYS, made_by="predict", optional=optional, texts=texts)
        spectra = Spectra.of(held)
        found = [np.asarray(held[key], dtype=np.float64) for key in _PARTS if key in held]
        if len(found) == 1 or any(one.shape != spectra.mu.shape for one in found):
            raise SchemaError(
                f"{path}: the parts of sigma are not those of its spectra {spectra.mu.shape}: run "
                "`spectramind predict` again"
            )
        parts = SigmaParts(*found) if found else None
        try:
            intervals = Intervals.of(held, spectra.mu.shape)
        except SchemaError as error:
            raise SchemaError(
                f"{path}: {error} {spectra.mu.shape}: run `spectramind predict` again"
            ) from error
        return cls(spectra, intervals, parts)
