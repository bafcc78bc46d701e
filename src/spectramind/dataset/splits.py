"""GroupKFold over planets: train, early-stop and calibration folds that share no planet."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from sklearn.model_selection import GroupKFold

from spectramind.errors import ConfigError, SchemaError
from spectramind.run.atomic import write_json

REASON = (
    "grouped by planet_id so that both visits of a planet stay together; `val` stops training and "
    "fits the temperature, `calibration` is touched by COREL alone"
)


@dataclass(frozen=True)
class Splits:
    """Planet ids of the three folds, and how they were drawn (``folds`` None: by hand).

    Raises:
        SchemaError: a planet stands in two folds (leakage), or a fold is empty.
    """

    seed: int
    folds: int | None
    train: tuple[str, ...]
    val: tuple[str, ...]
    calibration: tuple[str, ...]
    reason: str = REASON

    def __post_init__(self) -> None:
        ids_by_fold = {"train": self.train, "val": self.val, "calibration": self.calibration}
        for name, ids in ids_by_fold.items():
            if not ids:
                raise SchemaError(f"fold {name!r} is empty: simulate or add more labelled planets")
        everyone = [planet for ids in ids_by_fold.values() for planet in ids]
        shared = sorted({planet for planet in everyone if everyone.count(planet) > 1})
        if shared:
            raise SchemaError(
                f"leakage: planets {shared[:3]} stand in more than one fold; delete the split file"
            )

    @property
    def planets(self) -> frozenset[str]:
        """All planets of the split."""
        return frozenset(self.train) | frozenset(self.val) | frozenset(self.calibration)


def make_splits(planets: Sequence[str], folds: int, seed: int) -> Splits:
    """Split planets: fold 0 for early stopping, fold 1 for calibration, the others for training.

    Raises:
        ConfigError: fewer planets than folds.
    """
    names = sorted(set(planets))
    if len(names) < folds:
        raise ConfigError(f"{len(names)} planets cannot be split into split.folds={folds}")
    kfold = GroupKFold(n_splits=folds, shuffle=True, random_state=seed)
    groups = [held for _, held in kfold.split(np.zeros((len(names), 1)), groups=names)]
    pick = [tuple(names[i] for i in held) for held in groups]
    rest = tuple(sorted(planet for ids in pick[2:] for planet in ids))
    return Splits(seed=seed, folds=folds, train=rest, val=pick[0], calibration=pick[1])


def save_splits(path: Path, splits: Splits) -> None:
    """Write the split file with its seed and reason."""
    write_json(path, asdict(splits))


def load_splits(path: Path) -> Splits:
    """Read a split file.

    Raises:
        SchemaError: missing, malformed, or leaking.
    """
    if not path.is_file():
        raise SchemaError(f"{path} is missing: run `spectramind train` first")
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return Splits(
            seed=raw["seed"],
            folds=raw.get("folds"),
            train=tuple(raw["train"]),
            val=tuple(raw["val"]),
            calibration=tuple(raw["calibration"]),
            reason=raw["reason"],
        )
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise SchemaError(f"{path} is not a split file ({error}): delete it") from error
