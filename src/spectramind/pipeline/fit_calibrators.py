"""calibrate-temp, calibrate-corel: make sigma honest on planets that nothing was fitted on.

Every estimator of the checkpoint gets calibrators of its own, by the same rules on the same
planets: otherwise comparing their scores would compare calibrations.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spectramind.config.root import Config
from spectramind.config.uq import CorelConfig, TempConfig
from spectramind.contracts.planet import LabelledPlanets
from spectramind.contracts.work_folder import CalibratorFolder, WorkFolder
from spectramind.dataset.splits import load_splits
from spectramind.dataset.tree import KaggleTree
from spectramind.errors import ConfigError, SchemaError
from spectramind.estimators.artifact import Artifact
from spectramind.estimators.protocol import Estimator
from spectramind.evaluation.coverage import z_scores
from spectramind.models.migration import UNKNOWN_IDS
from spectramind.pipeline.apply_calibrators import after_fit
from spectramind.pipeline.planets import load_labelled
from spectramind.pipeline.result import Result
from spectramind.run.devices import pick_device, prepare_cpu
from spectramind.run.environment import file_digest
from spectramind.run.record import RunRecord
from spectramind.uncertainty.calibrators import Calibrators
from spectramind.uncertainty.corel import Corel
from spectramind.uncertainty.smoothing import bin_smoother
from spectramind.uncertainty.store import (
    load_corel,
    load_temperature,
    refuse_seen,
    save_corel,
    save_temperature,
)
from spectramind.uncertainty.temperature import Temperature

VAL, CALIBRATION = "val", "calibration"


@dataclass(frozen=True, eq=False)
class Temperatures(Result):
    """What calibrate-temp fitted, by estimator, the file of each, and what became of the
    submission.
    """

    fitted: dict[str, Temperature]
    files: dict[str, Path]
    submitted: tuple[str, ...] = ()

    def report(self) -> list[str]:
        return [
            f"{name}: tau {one.tau:.3f} on {one.n_planets} planets ({self.files[name]})"
            for name, one in self.fitted.items()
        ] + list(self.submitted)


@dataclass(frozen=True, eq=False)
class Corels(Result):
    """What calibrate-corel fitted, by estimator, the file of each, and what became of the
    submission.
    """

    fitted: dict[str, Corel]
    files: dict[str, Path]
    submitted: tuple[str, ...] = ()

    def report(self) -> list[str]:
        return [
            f"{name}: sigma factors {one.factors.min():.2f}..{one.factors.max():.2f}, "
            f"{1 - one.alpha:.0%} intervals {np.median(one.quantiles):.2f} sigma in the median "
            f"bin, on {one.n_planets} planets ({self.files[name]})"
            for name, one in self.fitted.items()
        ] + list(self.submitted)


def calibrate_temp(config: Config, record: RunRecord) -> Temperatures:
    """Fit each estimator's temperature on the early-stop fold.

    Raises:
        ConfigError: it is switched off, or the checkpoint was made without labels.
        SchemaError: a planet of the fold was trained on.
    """
    if not config.calib.temp.enabled:
        raise ConfigError("calib.temp.enabled is false: there is no temperature to fit")
    artifact, folder = Artifact.load(config.paths.checkpoint), WorkFolder(config.paths)
    fold, checkpoint = _fold(config, artifact, VAL), file_digest(config.paths.checkpoint)
    refuse_seen("calibrate-temp", fold.ids, {"trained on": set(artifact.train_ids)})
    fitted, files = {}, {}
    for name, estimator in members(config, artifact).items():
        fitted[name] = fit_temperature(estimator, fold, config.calib.temp)
        files[name] = folder.calibrators(name).temperature
        save_temperature(
            files[name],
            fitted[name],
            fold=VAL,
            planets=fold.ids,
            checkpoint=checkpoint,
        )
        record.artifact(files[name])
        record.metrics[f"tau_{name}"] = fitted[name].tau
    raw = {name: one.predict(fold.planets) for name, one in members(config, artifact).items()}
    told = after_fit(config, record, artifact, fold.ids, raw, load_calibrators)
    return Temperatures(fitted, files, told)


def calibrate_corel(config: Config, record: RunRecord) -> Corels:
    """Fit each estimator's factors and intervals on the calibration fold, after the temperature.

    Raises:
        ConfigError: it is switched off, or the checkpoint was made without labels.
        SchemaError: a planet of the fold was trained on, stopped by or used for the temperature.
    """
    settings = config.calib.corel
    if not settings.enabled:
        raise ConfigError("calib.corel.enabled is false: there is nothing to fit")
    artifact, folder = Artifact.load(config.paths.checkpoint), WorkFolder(config.paths)
    fold = _fold(config, artifact, CALIBRATION)
    seen = {"trained on": set(artifact.train_ids), "stopped by": set(artifact.stop_ids)}
    checkpoint = file_digest(config.paths.checkpoint)
    fitted, files = {}, {}
    for name, estimator in members(config, artifact).items():
        where = folder.calibrators(name)
        temperature, used = _temperature(config, where, checkpoint)
        refuse_seen("calibrate-corel", fold.ids, seen | {"used for the temperature": used})
        before = Calibrators(temperature)
        fitted[name], files[name] = fit_corel(estimator, fold, before, settings), where.corel
        save_corel(
            where,
            fitted[name],
            tau=before.tau,
            fold=CALIBRATION,
            planets=fold.ids,
            checkpoint=checkpoint,
        )
        record.artifact(where.corel)
        record.artifact(where.corel_table)
        if np.isinf(fitted[name].quantiles).any():
            record.warn(
                f"{name}: {len(fold)} calibration planets are too few for intervals at "
                f"{1 - settings.alpha:.0%}; they are infinite"
            )
    raw = {name: one.predict(fold.planets) for name, one in members(config, artifact).items()}
    told = after_fit(config, record, artifact, fold.ids, raw, load_calibrators)
    return Corels(fitted, files, told)


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


def fit_temperature(
    estimator: Estimator, fold: LabelledPlanets, settings: TempConfig
) -> Temperature:
    """The temperature of an estimator on a fold it has not seen."""
    return Temperature.fit(_z(estimator, fold, Calibrators()), settings.prior_planets)


def fit_corel(
    estimator: Estimator, fold: LabelledPlanets, before: Calibrators, settings: CorelConfig
) -> Corel:
    """Factors and intervals of an estimator after its temperature, on a fold it has not seen."""
    z = _z(estimator, fold, before)
    return Corel.fit(z, settings.alpha, bin_smoother(settings.smoothing_um), settings.prior_planets)


def load_calibrators(config: Config, name: str) -> Calibrators:
    """An estimator's calibrators as fitted for the checkpoint in use, as far as they are.

    Raises:
        SchemaError: a file is broken.
        ConfigError: it was fitted for another checkpoint or temperature.
    """
    where = WorkFolder(config.paths).calibrators(name)
    checkpoint = file_digest(config.paths.checkpoint)
    before = Calibrators(_temperature(config, where, checkpoint)[0])
    if not config.calib.corel.enabled or not where.corel.is_file():
        return before
    corel = load_corel(where.corel, tau=before.tau, checkpoint=checkpoint)
    return Calibrators(before.temperature, corel)


def _z(estimator: Estimator, fold: LabelledPlanets, before: Calibrators) -> NDArray[np.float64]:
    spectra = before.apply(estimator.predict(fold.planets)).spectra
    return z_scores(fold.truth, spectra.mu, spectra.sigma)


def _temperature(
    config: Config, where: CalibratorFolder, checkpoint: str
) -> tuple[Temperature | None, frozenset[str]]:
    """The fitted temperature and its planets; None when switched off or not fitted."""
    if not config.calib.temp.enabled or not where.temperature.is_file():
        return None, frozenset()
    return load_temperature(where.temperature, checkpoint=checkpoint)


def _fold(config: Config, artifact: Artifact, name: str) -> LabelledPlanets:
    """A fold with its truth.

    Raises:
        ConfigError: the checkpoint was made without labels, so planets were never split.
        SchemaError: its file is too old to say which planets it has seen.
    """
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
    ids: Sequence[str] = getattr(load_splits(config.paths.splits), name)
    return load_labelled(config, KaggleTree(config.data.raw), ids)
