"""GroupKFold over planets: train, early-stop and calibration folds that share no planet.

The same groups serve ``split.scheme=cross``, where each of them is held out once.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from sklearn.model_selection import GroupKFold

from spectramind.errors import ConfigError, SchemaError
from spectramind.run.atomic import write_json

REASON = (
    "grouped by planet_id so that both visits of a planet stay together; split.scheme=holdout: "
    "`val` stops training and fits the temperature, `calibration` is touched by COREL alone; "
    "cross: `val`, `calibration` and each group of `rest` are held out in turn"
)


@dataclass(frozen=True)
class Splits:
    """Planet ids of the three folds, and how they were drawn (``folds`` None: by hand).

    Attributes:
        rest: the training fold in the groups that it was drawn in; empty: it is one group.

    Raises:
        SchemaError: a planet stands in two folds (leakage), or a fold is empty.
    """

    seed: int
    folds: int | None
    train: tuple[str, ...]
    val: tuple[str, ...]
    calibration: tuple[str, ...]
    reason: str = REASON
    rest: tuple[tuple[str, ...], ...] = ()

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

    @property
    def groups(self) -> tuple[tuple[str, ...], ...]:
        """Groups that share no planet and hold them all, each held out once where folds cross.

        Raises:
            SchemaError: the groups of the training fold are not its planets.
        """
        rest = self.rest or (self.train,)
        if sorted(planet for ids in rest for planet in ids) != sorted(self.train):
            raise SchemaError(
                "leakage: the split file's `rest` are not the planets of its `train`, it was "
                "changed afterwards: set it back, or delete it and run `spectramind train` again"
            )
        return (self.val, self.calibration, *rest)

    def holding_out(self, number: int) -> "Splits":
        """The folds of the training that predicts group ``number``.

        That group is the calibration fold, which the training does not touch; the next one stops.
        """
        groups = self.groups
        after = (number + 1) % len(groups)
        others = tuple(ids for i, ids in enumerate(groups) if i not in (number, after))
        train = tuple(sorted(planet for ids in others for planet in ids))
        return replace(
            self, train=train, val=groups[after], calibration=groups[number], rest=others
        )


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
    return Splits(
        seed=seed,
        folds=folds,
        train=tuple(sorted(planet for ids in pick[2:] for planet in ids)),
        val=pick[0],
        calibration=pick[1],
        rest=tuple(pick[2:]),
    )


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
        splits = Splits(
            seed=raw["seed"],
            folds=raw.get("folds"),
            train=tuple(raw["train"]),
            val=tuple(raw["val"]),
            calibration=tuple(raw["calibration"]),
            reason=raw["reason"],
            rest=tuple(tuple(ids) for ids in raw.get("rest", ())),
        )
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise SchemaError(f"{path} is not a split file ({error}): delete it") from error
    return splits if splits.rest or splits.folds is None else _with_groups(splits, splits.folds)


def _with_groups(splits: Splits, folds: int) -> Splits:
    """The groups of a file from before they were written down, if it is still as it was drawn."""
    drawn = make_splits(sorted(splits.planets), folds, splits.seed)
    as_drawn = drawn.val == splits.val and drawn.calibration == splits.calibration
    return replace(splits, rest=drawn.rest) if as_drawn else splits
