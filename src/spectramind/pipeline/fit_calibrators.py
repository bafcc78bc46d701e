"""calibrate-temp, calibrate-corel: make sigma honest on planets that nothing was fitted on.

With split.scheme=holdout these are two folds, one for each calibrator; with cross they are all
labelled planets, each as it was predicted by a training that had not seen it.

Every estimator of the checkpoint gets calibrators of its own, by the same rules on the same
planets: otherwise comparing their scores would compare calibrations.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spectramind.config.base import digest
from spectramind.config.root import Config
from spectramind.contracts.planet import LabelledPlanets
from spectramind.contracts.predictive import Predictive
from spectramind.contracts.spectra import truth_for
from spectramind.contracts.work_folder import CalibratorFolder, WorkFolder
from spectramind.dataset.splits import load_splits
from spectramind.dataset.tables import read_truth
from spectramind.dataset.tree import KaggleTree
from spectramind.errors import ConfigError, SchemaError
from spectramind.estimators.artifact import Artifact
from spectramind.estimators.protocol import Estimator
from spectramind.evaluation.coverage import ConformalKind, z_scores
from spectramind.models.migration import UNKNOWN_IDS
from spectramind.pipeline.apply_calibrators import after_fit
from spectramind.pipeline.cross_fitting import OUT_OF_FOLD, is_of, load_pooled
from spectramind.pipeline.planet_circumstances import load_circumstances
from spectramind.pipeline.planets import load_labelled
from spectramind.pipeline.result import Result
from spectramind.run.devices import pick_device, prepare_cpu
from spectramind.run.environment import file_digest
from spectramind.run.record import RunRecord
from spectramind.uncertainty.calibrators import Calibrators
from spectramind.uncertainty.corel import Corel
from spectramind.uncertainty.corel_store import load_corel, save_corel
from spectramind.uncertainty.corel_trial import choose, summary
from spectramind.uncertainty.fit_record import refuse_seen
from spectramind.uncertainty.fitting import calibration_set, choose_temperature
from spectramind.uncertainty.scaling_choice import Choice
from spectramind.uncertainty.smoothing import bin_smoother
from spectramind.uncertainty.temperature import Temperature
from spectramind.uncertainty.temperature_store import load_temperature, save_temperature

VAL, CALIBRATION = "val", "calibration"
_COMMANDS = {VAL: "calibrate-temp", CALIBRATION: "calibrate-corel"}
Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Told:
    """What the checkpoint's estimators say of planets whose truth is known.

    Attributes:
        name: what the planets are. ids, truth: they, and their spectra, (n, 283).
        answers: by estimator, sigma as it believes it.
        kind: what conformal intervals from these are.
        groups: planets that were held out together; empty where all were.
    """

    name: str
    ids: tuple[str, ...]
    truth: Array
    answers: dict[str, Predictive]
    kind: ConformalKind
    groups: tuple[tuple[str, ...], ...] = ()

    @property
    def held_out(self) -> bool:
        """A fold that the checkpoint must not have seen."""
        return self.kind == "split"


@dataclass(frozen=True, eq=False)
class Temperatures(Result):
    """What calibrate-temp fitted, by estimator, why its kind was chosen, the file of each, and what
    became of the submission.
    """

    fitted: dict[str, Temperature]
    choices: dict[str, Choice | None]
    files: dict[str, Path]
    submitted: tuple[str, ...] = ()

    def report(self) -> list[str]:
        lines = []
        for name, one in self.fitted.items():
            told, choice = one.describe(), self.choices[name]
            lines.append(f"{name}: {told} on {one.n_planets} planets ({self.files[name]})")
            lines += [] if choice is None else [f"  {choice.describe()}"]
        return [*lines, *self.submitted]


@dataclass(frozen=True, eq=False)
class Corels(Result):
    """What calibrate-corel fitted, by estimator, the file of each, why in this form, and what
    became of the submission.
    """

    fitted: dict[str, Corel]
    files: dict[str, Path]
    reasons: dict[str, str]
    submitted: tuple[str, ...] = ()

    def report(self) -> list[str]:
        return [
            f"{name}: sigma factors {one.factors.min():.2f}..{one.factors.max():.2f}, "
            f"{_levels_in_words(one)} in the median bin, on {one.n_planets} planets "
            f"({self.files[name]}); {self.reasons[name]}"
            for name, one in self.fitted.items()
        ] + list(self.submitted)


def _levels_in_words(one: Corel) -> str:
    unit = "sigma" if one.network is None else "of what the network says"
    parts = [
        f"{100 * (1 - level.alpha):.3g} % intervals {np.median(level.quantiles[-1]):.2f} {unit}"
        for level in one.every_level
    ]
    return ", ".join(parts)


def calibrate_temp(config: Config, record: RunRecord) -> Temperatures:
    """Fit each estimator's temperature on the early-stop fold, or on all out-of-fold predictions.

    ``calib.temp.kind=auto`` chooses which factors there are, the same groups of planets held out
    in turn that were predicted together.

    Raises:
        ConfigError: it is switched off, or the checkpoint was made without labels or with another
            ``split.scheme``.
        SchemaError: a planet was trained on by what predicts it.
    """
    if not config.calib.temp.enabled:
        raise ConfigError("calib.temp.enabled is false: there is no temperature to fit")
    artifact, folder = Artifact.load(config.paths.checkpoint), WorkFolder(config.paths)
    seen = {"trained on": set(artifact.train_ids)}
    told, checkpoint = _told(config, artifact, VAL, seen), file_digest(config.paths.checkpoint)
    fitted, choices, files = {}, {}, {}
    for name, answer in told.answers.items():
        fitted[name], choices[name] = choose_temperature(
            answer, told.truth, config.calib.temp, told.groups
        )
        files[name] = folder.calibrators(name).temperature
        save_temperature(
            files[name],
            fitted[name],
            fold=told.name,
            planets=told.ids,
            checkpoint=checkpoint,
            choice=choices[name],
        )
        record.artifact(files[name])
        record.metrics[f"tau_{name}"] = fitted[name].tau
    anew = after_fit(config, record, artifact, told.ids, told.answers, load_calibrators)
    return Temperatures(fitted, choices, files, anew)


def calibrate_corel(config: Config, record: RunRecord) -> Corels:
    """Fit each estimator's factors and intervals, after the temperature.

    On the calibration fold, or on all out-of-fold predictions: the temperature has seen these, and
    cancels in the intervals (uncertainty/corel.py).

    With less than ``env.budget.reserve_min`` left it is left out, and said: the temperature stands
    alone then.

    Raises:
        ConfigError: it is switched off, or the checkpoint was made without labels or with another
            ``split.scheme``.
        SchemaError: a planet was trained on by what predicts it, or, of the calibration fold, was
            trained on, stopped by or used for the temperature.
    """
    settings = config.calib.corel
    if not settings.enabled:
        raise ConfigError("calib.corel.enabled is false: there is nothing to fit")
    artifact, folder = Artifact.load(config.paths.checkpoint), WorkFolder(config.paths)
    if (reason := record.spare("calibrate-corel")) is not None:
        return _temperature_alone(config, record, artifact, reason)
    seen = {"trained on": set(artifact.train_ids), "stopped by": set(artifact.stop_ids)}
    told = _told(config, artifact, CALIBRATION, seen)
    checkpoint = file_digest(config.paths.checkpoint)
    fitted, files, reasons = {}, {}, {}
    circumstances = (
        load_circumstances(config, "train", told.ids) if settings.needs_circumstances else None
    )
    smoother, split = bin_smoother(settings.smoothing_um), _split_digest(config)
    for name, answer in told.answers.items():
        where = folder.calibrators(name)
        temperature, used = _temperature(config, where, checkpoint)
        if told.held_out:
            refuse_seen("calibrate-corel", told.ids, {"used for the temperature": used})
        before, kind = Calibrators(temperature), told.kind
        known = calibration_set(answer, told.truth, before, circumstances, told.groups)
        choice = choose(known, settings, smoother, kind)
        fitted[name] = Corel.learn(known, settings, choice.form, smoother, kind)
        files[name], reasons[name] = where.corel, choice.reason
        save_corel(
            where,
            fitted[name],
            tau=before.tau,
            fold=told.name,
            planets=told.ids,
            checkpoint=checkpoint,
            split=split,
            found={
                "choice": choice.reason,
                "out_of_fold": summary(known, choice.trial, settings),
            },
        )
        for made in (where.corel, where.corel_table, where.corel_quantiles, where.corel_record):
            record.artifact(made)
        _warn_of_few(record, name, fitted[name])
    anew = after_fit(config, record, artifact, told.ids, told.answers, load_calibrators)
    return Corels(fitted, files, reasons, anew)


def _warn_of_few(record: RunRecord, name: str, corel: Corel) -> None:
    for level in corel.every_level:
        if np.isinf(level.quantiles).any():
            record.warn(
                f"{name}: {min(level.n_scores)} calibration planets are too few for intervals "
                f"at {1 - level.alpha:.0%}; they are infinite"
            )


def _temperature_alone(
    config: Config, record: RunRecord, artifact: Artifact, reason: str
) -> Corels:
    """Leave COREL out; an older one of another checkpoint goes, for it would be refused."""
    told = f"{reason}: sigma gets its temperature alone"
    for name in members(config, artifact):
        where = WorkFolder(config.paths).calibrators(name)
        try:
            kept = load_calibrators(config, name).corel is not None
        except (ConfigError, SchemaError):
            kept = False
        if kept:
            told = f"{reason}: the one fitted for this checkpoint before is kept"
        else:
            where.corel.unlink(missing_ok=True)
    record.warn(told)
    return Corels({}, {}, {}, (told,))


def members(config: Config, artifact: Artifact) -> dict[str, Estimator]:
    """The checkpoint's estimators, on the device that is asked for.

    Raises:
        ConfigError: ``uq.epistemic`` asks for other than the checkpoint was trained with.
    """
    asked, held = config.uq.epistemic, artifact.epistemic.kind
    if asked not in ("none", held):
        raise ConfigError(
            f"uq.epistemic={asked}, but {config.paths.checkpoint} was trained with "
            f"uq.epistemic={held}: run `spectramind train uq.epistemic={asked}` first (a network "
            "that is trained already is not trained again), or leave it out"
        )
    prepare_cpu(config.env.threads, artifact.network)
    return artifact.members(pick_device(config.env.device), config.train.batch_size)


def load_calibrators(config: Config, name: str) -> Calibrators:
    """An estimator's calibrators as fitted for the checkpoint in use, as far as they are.

    Raises:
        SchemaError: a file is broken.
        ConfigError: it was fitted for another checkpoint, temperature, grid, graph or split.
    """
    where = WorkFolder(config.paths).calibrators(name)
    checkpoint = file_digest(config.paths.checkpoint)
    before = Calibrators(_temperature(config, where, checkpoint)[0])
    if not config.calib.corel.enabled or not where.corel.is_file():
        return before
    corel = load_corel(where, tau=before.tau, checkpoint=checkpoint, split=_split_digest(config))
    return Calibrators(before.temperature, corel)


def _split_digest(config: Config) -> str | None:
    """Of the groups that the labelled planets stand in; None where there is no split file."""
    if not config.paths.splits.is_file():
        return None
    splits = load_splits(config.paths.splits)
    groups = (splits.val, splits.calibration, *(splits.rest or (splits.train,)))
    return digest({"groups": [sorted(group) for group in groups]})


def _z(answer: Predictive, truth: Array, before: Calibrators) -> Array:
    spectra = before.apply(answer).spectra
    return z_scores(truth, spectra.mu, spectra.sigma)


def _temperature(
    config: Config, where: CalibratorFolder, checkpoint: str
) -> tuple[Temperature | None, frozenset[str]]:
    """The fitted temperature and its planets; None when switched off or not fitted."""
    if not config.calib.temp.enabled or not where.temperature.is_file():
        return None, frozenset()
    return load_temperature(where.temperature, checkpoint=checkpoint)


def _told(config: Config, artifact: Artifact, name: str, seen: Mapping[str, Set[str]]) -> _Told:
    """The planets that a calibrator is fitted on, and what the estimators say of them.

    Args:
        config, artifact: settings and checkpoint. name: the fold, where folds are held out.
        seen: what the checkpoint has seen and such a fold must not share.

    Raises:
        ConfigError: the checkpoint was made without labels or with another ``split.scheme``.
        SchemaError: it does not name the planets it has seen, or its out-of-fold predictions are
            damaged or were made with other groups, or the fold was seen.
    """
    _refuse_unknown(config, artifact)
    estimators = members(config, artifact)
    if config.split.scheme == "holdout":
        if is_of(config.paths, artifact.settings):
            raise ConfigError(
                f"{config.paths.checkpoint} was trained with split.scheme=cross, on all labelled "
                "planets: no fold is held out; calibrate with split.scheme=cross, or train again "
                "with split.scheme=holdout"
            )
        fold = _fold(config, artifact, name)
        refuse_seen(_COMMANDS[name], fold.ids, seen)
        answers = {name: one.predict(fold.planets) for name, one in estimators.items()}
        return _Told(name, fold.ids, fold.truth, answers, "split")
    splits = load_splits(config.paths.splits)
    record, found = load_pooled(_COMMANDS[name], config.paths, artifact, splits)
    truth = read_truth(KaggleTree(config.data.raw).root / "train.csv")
    answers = {name: found[name] for name in estimators}
    known = truth_for(truth, record.planets)
    return _Told(OUT_OF_FOLD, record.planets, known, answers, "cross", record.groups)


def _fold(config: Config, artifact: Artifact, name: str) -> LabelledPlanets:
    """A fold with its truth.

    Raises:
        ConfigError: the checkpoint was made without labels, so planets were never split.
        SchemaError: its file is too old to say which planets it has seen.
    """
    _refuse_unknown(config, artifact)
    ids: Sequence[str] = getattr(load_splits(config.paths.splits), name)
    return load_labelled(config, KaggleTree(config.data.raw), ids)


def _refuse_unknown(config: Config, artifact: Artifact) -> None:
    if set(UNKNOWN_IDS) <= set(artifact.train_ids):
        raise SchemaError(
            f"{config.paths.checkpoint} does not say which planets it was trained on (an older "
            "format): calibrating might use them; run `spectramind train` again, `predict` works"
        )
    if not artifact.train_ids and not config.paths.splits.is_file():
        raise ConfigError(
            f"{config.paths.checkpoint} was made without labels (model.prior.source=atmosphere): "
            "there is nothing to calibrate on, `spectramind predict` works without"
        )
