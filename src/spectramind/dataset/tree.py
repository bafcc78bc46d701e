"""The competition's folder tree, read in place: which planets and visits there are, and where."""

import os
import re
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from spectramind.contracts.planet_id import id_fault
from spectramind.errors import SchemaError
from spectramind.instrument.detectors import DETECTORS, Detector

_DETECTOR = "|".join(re.escape(d.kaggle) for d in DETECTORS)
_VISIT_FILE = re.compile(rf"(?:(?:{_DETECTOR})_signal_(\d+)\.parquet|light_curves_(\d+)\.json)")
_LATER_VISIT = re.compile(r"(.+)_([1-9]\d*)")
_NO_PLANETS = ("__MACOSX",)
_TABLES_OF_2024 = ("train_adc_info.csv", "test_adc_info.csv")
_SIGNALS_OF_2024 = tuple(f"{detector.kaggle}_signal.parquet" for detector in DETECTORS)
SPLITS = ("train", "test")


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
        SchemaError: the root is not a folder, or holds neither ``train`` nor ``test``.
    """

    root: Path

    def __post_init__(self) -> None:
        if not self.root.is_dir():
            raise SchemaError(f"{self.root} is not a folder: point data.raw at the Kaggle tree")
        for name in _TABLES_OF_2024:
            if (self.root / name).is_file():
                raise self._of_2024(name)
        if not self.splits():
            raise SchemaError(
                f"{self.root} holds neither train nor test: point data.raw at the folder that has "
                "them"
            )

    def splits(self) -> list[str]:
        """Which of ``train`` and ``test`` are there."""
        return [split for split in SPLITS if (self.root / split).is_dir()]

    def planets(self, split: str) -> list[str]:
        """Ids of the planets that have a folder, sorted as strings.

        Hidden folders and what archivers leave (``__MACOSX``) are no planets.

        Raises:
            SchemaError: the split's folder is missing or holds no planet, a name that a submission
                cannot hold, or names of which two visits would be one.
        """
        folder = self.root / split
        if not folder.is_dir():
            raise SchemaError(f"{folder} is missing: data.raw must hold the folder {split!r}")
        found = {name: self._planet_folders(name) for name in self.splits()}
        if not found[split]:
            raise SchemaError(f"{folder} holds no planet: one folder a planet belongs there")
        for name in found[split]:
            if fault := id_fault(name):
                raise SchemaError(
                    f"{folder} holds a planet called {name!r}: {fault}; rename the folder, and the "
                    "planet in the tables"
                )
        self._refuse_collisions(found)
        return found[split]

    def visits(self, split: str) -> list[Visit]:
        """All visits, sorted by planet, then number.

        A visit counts as soon as one detector's signal is there (what it lacks is reported when it
        is read, not passed over), or the note that its light curves were simulated. A planet's
        folder without any counts as a first visit that lacks everything.

        Raises:
            SchemaError: as ``planets``, or no planet has a visit and their files are named as in
                the 2024 competition.
        """
        numbers = {planet: self._visit_numbers(split, planet) for planet in self.planets(split)}
        if not any(numbers.values()):
            for planet, name in product(numbers, _SIGNALS_OF_2024):
                if (self.root / split / planet / name).is_file():
                    raise self._of_2024(f"{split}/{planet}/{name}")
        return [
            Visit(planet, number, split, self.root / split / planet)
            for planet, found in numbers.items()
            for number in found or [0]
        ]

    def _of_2024(self, told_by: str) -> SchemaError:
        return SchemaError(
            f"{self.root} is a tree of the 2024 competition ({told_by}): its files have "
            "other names and axes; point data.raw at a tree in the layout of 2025 (files end in _0)"
        )

    def _planet_folders(self, split: str) -> list[str]:
        with os.scandir(self.root / split) as entries:
            return sorted(
                entry.name
                for entry in entries
                if entry.name[0] != "." and entry.name not in _NO_PLANETS and entry.is_dir()
            )

    def _visit_numbers(self, split: str, planet: str) -> list[int]:
        matches = map(_VISIT_FILE.fullmatch, os.listdir(self.root / split / planet))
        return sorted({int(match[1] or match[2]) for match in matches if match})

    def _refuse_collisions(self, found: dict[str, list[str]]) -> None:
        """Every visit's files are called by its name, whatever the split: names must differ."""
        everyone = [name for names in found.values() for name in names]
        where = {name: split for split, names in found.items() for name in names}
        if len(where) < len(everyone):
            twice = sorted(name for name in where if everyone.count(name) > 1)
            raise SchemaError(
                f"{self.root} has planet {twice[0]} both in train and in test ({len(twice)} in "
                "all): their results would overwrite each other, remove or rename one"
            )
        for name in everyone:
            match = _LATER_VISIT.fullmatch(name)
            if match is None or match[1] not in where:
                continue
            if int(match[2]) in self._visit_numbers(where[match[1]], match[1]):
                raise SchemaError(
                    f"{self.root} has a planet {name} and a visit {match[2]} of planet {match[1]}: "
                    f"both would be called {name}, rename one"
                )
