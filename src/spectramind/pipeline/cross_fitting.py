"""Predictions of labelled planets by trainings that had not seen them, and where they are kept.

A group is predicted in one go: where a set shows another share of spotted stars, a planet's
spectrum depends on which others are predicted with it (prior/spotted.py).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from spectramind.config.root import PathsConfig
from spectramind.contracts.planet import LabelledPlanets
from spectramind.contracts.predictive import Predictive, SigmaParts
from spectramind.contracts.spectra import Spectra, name_some
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.splits import Splits
from spectramind.errors import ConfigError, SchemaError, first_fault
from spectramind.estimators.artifact import Artifact
from spectramind.estimators.protocol import Estimator
from spectramind.run.atomic import write_json
from spectramind.run.environment import file_digest

OUT_OF_FOLD = "out-of-fold"
_AGAIN = "run `spectramind train split.scheme=cross` again"


class Noted(BaseModel):
    """A small JSON file that says what files beside it are."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def save(self, path: Path) -> None:
        """Write it atomically."""
        write_json(path, self.model_dump(mode="json"))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read it.

        Raises:
            SchemaError: it is broken.
        """
        try:
            return cls.model_validate_json(path.read_text(encoding="utf-8", errors="replace"))
        except ValidationError as error:
            raise SchemaError(f"{path}: {first_fault(error)}; delete it and {_AGAIN}") from error


class PooledRecord(Noted):
    """What the out-of-fold predictions are, written last of all.

    Attributes:
        settings: digest of the training, as its checkpoint has it.
        groups: planets predicted, as they were held out together, in the split file's order.
        files: SHA-256 of each estimator's predictions.
    """

    settings: str
    groups: tuple[tuple[str, ...], ...] = Field(min_length=2)
    files: dict[str, str] = Field(min_length=1)

    @property
    def planets(self) -> tuple[str, ...]:
        """All of them, group after group."""
        return tuple(planet for group in self.groups for planet in group)


def joined(groups: Sequence[LabelledPlanets]) -> LabelledPlanets:
    """Groups of labelled planets as one."""
    planets = tuple(planet for group in groups for planet in group.planets)
    return LabelledPlanets(planets, np.concatenate([group.truth for group in groups]))


def others(groups: Sequence[LabelledPlanets], number: int) -> LabelledPlanets:
    """All planets but those of a group."""
    return joined([group for i, group in enumerate(groups) if i != number])


def measured_groups(everyone: LabelledPlanets, splits: Splits) -> list[LabelledPlanets]:
    """The labelled planets of which something was measured, as the split file groups them.

    A group may be empty: it is passed over.

    Raises:
        SchemaError: they all stand in one group.
    """
    row = {planet: i for i, planet in enumerate(everyone.ids)}
    found = [[row[planet] for planet in ids if planet in row] for ids in splits.groups]
    if sum(bool(rows) for rows in found) < 2:
        raise SchemaError(
            "split.scheme=cross needs measured planets in two groups of the split or more: see "
            "what `spectramind features` warned of, or set split.scheme=holdout"
        )
    return [
        LabelledPlanets(tuple(everyone.planets[i] for i in rows), everyone.truth[rows])
        for rows in found
    ]


def out_of_fold(untaught: Estimator, groups: Sequence[LabelledPlanets]) -> Predictive:
    """Every group predicted by the estimator learnt from the others, in the groups' order.

    Raises:
        ConfigError: too few planets to learn from.
    """
    found = []
    for number, held in enumerate(groups):
        if not len(held):
            continue
        taught = untaught.fit(others(groups, number), held)  # no reference has anything to stop
        found.append(taught.predict(held.planets))
    return pooled(found)


def pooled(answers: Sequence[Predictive]) -> Predictive:
    """Answers for different planets as one; whose parts are not told apart is all aleatoric."""
    ids = tuple(planet for answer in answers for planet in answer.planet_ids)
    mu = np.concatenate([answer.spectra.mu for answer in answers])
    sigma = np.concatenate([answer.spectra.sigma for answer in answers])
    parts = None
    if any(answer.parts for answer in answers):
        each = [a.parts or SigmaParts(a.spectra.sigma, 0 * a.spectra.sigma) for a in answers]
        parts = SigmaParts(
            np.concatenate([one.aleatoric for one in each]),
            np.concatenate([one.epistemic for one in each]),
        )
    return Predictive(Spectra(ids, mu, sigma), parts=parts)


def save_pooled(
    paths: PathsConfig,
    settings: str,
    splits: Splits,
    answers: Mapping[str, Predictive],
) -> None:
    """Write every estimator's predictions, and last what they are."""
    folder = WorkFolder(paths)
    for name, answer in answers.items():
        answer.save(folder.out_of_fold(name))
    files = {name: file_digest(folder.out_of_fold(name)) for name in answers}
    known = {planet for answer in answers.values() for planet in answer.planet_ids}
    groups = tuple(tuple(p for p in group if p in known) for group in splits.groups)
    PooledRecord(settings=settings, groups=groups, files=files).save(folder.out_of_fold_record)


def is_of(paths: PathsConfig, settings: str) -> bool:
    """Whether the out-of-fold predictions there are come from that training."""
    path = WorkFolder(paths).out_of_fold_record
    return path.is_file() and PooledRecord.load(path).settings == settings


def load_pooled(
    command: str, paths: PathsConfig, artifact: Artifact, splits: Splits
) -> tuple[PooledRecord, dict[str, Predictive]]:
    """The out-of-fold predictions that belong to a checkpoint, by estimator.

    Args:
        command: who asks, for the error. splits: as they are now.

    Raises:
        ConfigError: the checkpoint was not trained so, or they are another training's.
        SchemaError: they are damaged, or a planet was trained on by whoever predicted the group
            in which the split file has it now.
    """
    folder = WorkFolder(paths)
    if not is_of(paths, artifact.settings):
        raise ConfigError(
            f"{paths.checkpoint} has no out-of-fold predictions of its own in "
            f"{folder.out_of_fold_record.parent}: {_AGAIN}, or calibrate a checkpoint of "
            "split.scheme=holdout with that setting"
        )
    record = PooledRecord.load(folder.out_of_fold_record)
    now = {planet: i for i, group in enumerate(splits.groups) for planet in group}
    moved = [p for i, group in enumerate(record.groups) for p in group if now.get(p) != i]
    if moved:
        raise SchemaError(
            f"leakage: {command} would calibrate on {len(moved)} planets ({name_some(moved)}) that "
            f"{paths.splits} has in another group than when they were predicted, where they were "
            "trained on: it was changed afterwards; set it back, or run `spectramind train` again"
        )
    answers = {}
    for name, digest in record.files.items():
        path = folder.out_of_fold(name)
        if not path.is_file() or file_digest(path) != digest:
            raise SchemaError(f"{path} is not what train wrote: delete it and {_AGAIN}")
        answers[name] = Predictive.load(path).select(record.planets)
    return record, answers
