"""The competition's folder tree, read in place: which planets and visits there are, and where."""

import re
from dataclasses import dataclass
from pathlib import Path

from spectramind.errors import SchemaError
from spectramind.instrument.detectors import DETECTORS, Detector

_DETECTOR = "|".join(re.escape(d.kaggle) for d in DETECTORS)
_VISIT_FILE = re.compile(rf"(?:(?:{_DETECTOR})_signal_(\d+)\.parquet|light_curves_(\d+)\.json)")


@dataclass(frozen=True)
class Visit:
    """One visit to one planet."""

    planet_id: str
    number: int
    split: str
    directory: Path

    @property
    def name(self) -> str:
        """The planet's id; from the second visit on with the visit's number: ``123_1``."""
        return self.planet_id if self.number == 0 else f"{self.planet_id}_{self.number}"

    def signal_path(self, detector: Detector) -> Path:
        """The file of raw reads."""
        return self.directory / f"{detector.kaggle}_signal_{self.number}.parquet"

    @property
    def light_curves_path(self) -> Path:
        """The file that says how the visit's light curves were simulated; they have no frames."""
        return self.directory / f"light_curves_{self.number}.json"

    def reference_path(self, detector: Detector, frame: str) -> Path:
        """The file of one reference frame: dark, dead, flat, linear_corr or read."""
        folder = f"{detector.kaggle}_calibration_{self.number}"
        return self.directory / folder / f"{frame}.parquet"


@dataclass(frozen=True)
class KaggleTree:
    """A tree in the competition's layout.

    Raises:
        SchemaError: the root is not a folder.
    """

    root: Path

    def __post_init__(self) -> None:
        if not self.root.is_dir():
            raise SchemaError(f"{self.root} is not a folder: point data.raw at the Kaggle tree")

    def planets(self, split: str) -> list[str]:
        """Ids of the planets that have a folder, sorted as strings.

        Raises:
            SchemaError: the split's folder is missing or holds no planet.
        """
        folder = self.root / split
        if not folder.is_dir():
            raise SchemaError(f"{folder} is missing: data.raw must hold the folder {split!r}")
        found = sorted(p.name for p in folder.iterdir() if p.is_dir() and p.name[0] != ".")
        if not found:
            raise SchemaError(f"{folder} holds no planet: one folder a planet belongs there")
        return found

    def visits(self, split: str) -> list[Visit]:
        """All visits, sorted by planet, then number.

        A visit counts as soon as one detector's signal is there (what it lacks is reported when it
        is read, not passed over), or the note that its light curves were simulated.

        Raises:
            SchemaError: no planet, or a planet without any signal file.
        """
        return [visit for planet in self.planets(split) for visit in self._visits(split, planet)]

    def _visits(self, split: str, planet: str) -> list[Visit]:
        folder = self.root / split / planet
        matches = (_VISIT_FILE.fullmatch(path.name) for path in folder.iterdir())
        numbers = sorted({int(match[1] or match[2]) for match in matches if match})
        if not numbers:
            raise SchemaError(f"{folder} holds no signal file: fetch it again or remove the folder")
        return [Visit(planet, number, split, folder) for number in numbers]
