"""train: split, learn the prior, pretrain, train the correction, keep it only if it helps."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from spectramind.config.base import digest
from spectramind.config.root import Config
from spectramind.contracts.planet import LabelledPlanets
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.splits import Splits
from spectramind.dataset.tree import KaggleTree
from spectramind.errors import ConfigError
from spectramind.estimators.artifact import Artifact
from spectramind.estimators.physics_estimate import PhysicsEstimate
from spectramind.instrument.grid import N_BINS
from spectramind.models.assembly import build_network
from spectramind.pipeline.cross_fitting import is_of
from spectramind.pipeline.epoch_gains import write_training_table
from spectramind.pipeline.network_fit import FittedNetwork, fit_network
from spectramind.pipeline.planets import load_labelled
from spectramind.pipeline.pretrain import Pretraining, load_start, pretrain
from spectramind.pipeline.result import Result
from spectramind.pipeline.train_across import Across
from spectramind.pipeline.train_members import NOT_SUPERVISED, Members
from spectramind.pipeline.training_data import digest_of_folds, labelled_ids, splits_for
from spectramind.prior.prior_fit import fit_prior
from spectramind.run.code import code_digest
from spectramind.run.devices import pick_device, prepare_cpu
from spectramind.run.record import RunRecord
from spectramind.run.seeds import seed_everything
from spectramind.training.pretrained import Pretrained
from spectramind.training.trackers.opening import require_service

_ENOUGH_PAIRS = 5  # below, what two visits differ by hardly counts (prior/error_model.py)
_FEW_PAIRS = ", too few: most of what is added counts as lasting"


@dataclass(frozen=True, eq=False)
class Training(Result):
    """What train left.

    Attributes:
        checkpoint: the file.
        artifact: what is in it.
        done_before: it was trained with these settings and data already.
        n_train, n_stop: planets of the folds; 0 without labels, and none stops where folds cross.
        gain, gain_error: best validation gain over physics and its error, of an ensemble's first
            network, in units of the objective; where folds cross, the gain of the whole network
            on planets that it had not seen. None where nothing was trained now.
        folds: how many crossed, 0 where some were held out instead.
        unit: of the gain.
        epistemic: what became of ``uq.epistemic``, empty for none.
        pretraining: what came before, None without.
        pairs: planets with two visits among those learnt from.
        device: where the network was trained.
    """

    checkpoint: Path
    artifact: Artifact
    done_before: bool = False
    n_train: int = 0
    n_stop: int = 0
    gain: float | None = None
    gain_error: float | None = None
    pairs: int = 0
    device: str = "cpu"
    unit: str = "nats a bin"
    epistemic: str = ""
    pretraining: Pretraining | None = None
    folds: int = 0

    def report(self) -> list[str]:
        if self.done_before:
            return [f"{self.checkpoint} is trained with these settings and data already"]
        where = f"checkpoint: {self.checkpoint}"
        if self.gain is None:
            return [where]
        prior, epoch = self.artifact.prior, self.artifact.epoch
        few = "" if self.pairs >= _ENOUGH_PAIRS else _FEW_PAIRS
        verdict = "kept" if epoch else "not kept: the checkpoint is the physics estimate"
        before = self.pretraining.report() if self.pretraining else []
        more = [self.epistemic] if self.epistemic else []
        planets = f"{self.n_train} training and {self.n_stop} validation planets"
        if self.folds:
            planets = f"{self.n_train} planets in {self.folds} folds, each predicted by the others,"
        where_from = "out-of-fold" if self.folds else "best validation"
        return [
            *before,
            f"{planets} on {self.device}",
            f"errors against stated: {prior.errors.describe()}; "
            f"{self.pairs} planets with two visits{few}",
            f"share of spotted stars: {prior.patchy.share:.3f}",
            f"{where_from} gain over physics {self.gain:.4f} +- {self.gain_error:.4f} "
            f"{self.unit}: {verdict} (epoch {epoch})",
            *more,
            where,
        ]


def train(config: Config, record: RunRecord) -> Training | Pretraining:
    """Train from the features of all training planets, with labels or without any.

    Raises:
        ConfigError: settings that contradict each other.
    """
    prepare_cpu(config.env.threads)  # the prior alone: no network yet
    phase, blind = config.train.phase, config.model.prior.source == "atmosphere"
    refuse_contradictions(config)
    require_service(config.logger.tracker)
    trained = _train(config, record, phase, blind)
    write_training_table(config, record)
    return trained


def _train(config: Config, record: RunRecord, phase: str, blind: bool) -> Training | Pretraining:
    if phase in ("mae", "contrastive"):
        return _pretrain_alone(config, record)
    if blind:
        return _without_labels(config, record)
    return _with_labels(config, record)


def refuse_contradictions(config: Config) -> None:
    """Settings that cannot be trained with, each in range by itself.

    Raises:
        ConfigError: the first of them.
    """
    model, phase = config.model, config.train.phase
    for key, part, alone in (
        ("fgs1_mamba", model.fgs1_mamba, "contrastive"),
        ("airs_gnn", model.airs_gnn, None),
    ):
        if part.blind and phase in {"mae", "all", alone}:
            raise ConfigError(
                f"train.phase={phase} pretrains encoders on what they see, and "
                f"model.{key}.blind=true sees nothing: leave one of them out"
            )
    dropouts = model.fgs1_mamba.dropout, model.airs_gnn.dropout, model.fusion.dropout
    if config.uq.epistemic == "mc_dropout" and not any(dropouts):
        raise ConfigError(
            "uq.epistemic=mc_dropout with no dropout in the network draws the same answer every "
            "time: raise model.fgs1_mamba.dropout, model.airs_gnn.dropout or model.fusion.dropout"
        )
    if config.train.freeze_encoders and phase != "all" and config.train.start_from is None:
        raise ConfigError(
            "train.freeze_encoders=true would keep random encoders: name pretrained ones with "
            "train.start_from=FILE, or pretrain with train.phase=all"
        )
    if model.prior.source == "atmosphere" and phase in ("supervised", "all"):
        asked = {"train.phase=all": phase == "all"}
        asked["train.start_from"] = config.train.start_from is not None
        asked[f"uq.epistemic={config.uq.epistemic}"] = config.uq.epistemic != "none"
        for key, there in asked.items():
            if there:
                raise ConfigError(
                    f"{key} needs labels, and model.prior.source=atmosphere reads none: pretrain "
                    "with train.phase=mae or contrastive, or set model.prior.source=both"
                )


def _pretrain_alone(config: Config, record: RunRecord) -> Pretraining:
    """Encoders only; where the prior needs no label, neither does anything else."""
    tree, settings = KaggleTree(config.data.raw), config.model.prior
    if settings.source == "atmosphere":
        unlabelled = not (tree.root / "train.csv").is_file()
        planets = sorted(tree.planets("train")) if unlabelled else labelled_ids(tree)
        splits = splits_for(config, planets)
        prior = fit_prior(np.zeros((0, N_BINS)), [], settings)
    else:
        splits = splits_for(config, labelled_ids(tree))
        fold, val = (load_labelled(config, tree, ids) for ids in (splits.train, splits.val))
        prior = PhysicsEstimate(None, settings).fit(fold, val).learnt
    record.artifact(config.paths.splits)
    return pretrain(config, record, prior, (splits.train, splits.val), load_start(config, splits))


def _without_labels(config: Config, record: RunRecord) -> Training:
    """A checkpoint that knows atmospheres and no planet: the physics estimate, never trained."""
    prior = fit_prior(np.zeros((0, N_BINS)), [], config.model.prior)
    seed_everything(config.seed)
    artifact = Artifact(
        network=build_network(config.model, config.loss.seam),
        prior=prior,
        model=config.model,
        seam=config.loss.seam,
        sequence_length=config.train.sequence_length,
        epoch=0,
        history=[],
        settings=digest(config.model, config.seed, code_digest(__name__), torch.__version__),
        train_ids=(),
        stop_ids=(),
    )
    artifact.save(config.paths.checkpoint)
    record.artifact(config.paths.checkpoint)
    record.warn(
        "model.prior.source=atmosphere reads no label: errors count as the fit states them, and "
        "sigma cannot be calibrated; `predict` works without"
    )
    return Training(config.paths.checkpoint, artifact)


def _with_labels(config: Config, record: RunRecord) -> Training:
    tree = KaggleTree(config.data.raw)
    splits = splits_for(config, labelled_ids(tree))
    if config.split.scheme == "cross":
        return _crossing_folds(config, record, tree, splits)
    fold, val = (load_labelled(config, tree, ids) for ids in (splits.train, splits.val))
    start = load_start(config, splits)
    settings, path = _settings(config, start, fold, val), config.paths.checkpoint
    finished = digest(settings, config.uq)
    if path.is_file() and (before := Artifact.load(path)).settings == finished:
        return Training(path, before, done_before=True, n_train=len(fold), n_stop=len(val))
    members = Members(config, pick_device(config.env.device), settings, start)
    visits = splits.train, splits.val
    trained = fit_network(config, record, members, fold, val, visits)
    outcome = members.outcomes[0]
    artifact = _artifact(
        config,
        trained,
        history=outcome.history,
        settings=finished,
        train_ids=_seen(fold, splits, start),
        stop_ids=val.ids,
    )
    return _kept(
        config,
        record,
        trained,
        artifact,
        fold=fold,
        n_stop=len(val),
        gain=outcome.gain,
        gain_error=outcome.gain_error,
    )


def _crossing_folds(
    config: Config, record: RunRecord, tree: KaggleTree, splits: Splits
) -> Training:
    """Out-of-fold predictions of all labelled planets, then a checkpoint that has seen them all."""
    everyone = load_labelled(config, tree, sorted(splits.planets))
    starts = [load_start(config, splits.holding_out(i)) for i in range(len(splits.groups))]
    settings, path = _settings(config, starts[0], everyone), config.paths.checkpoint
    device = pick_device(config.env.device)
    across = Across(config, record, everyone, splits, starts[0], device, settings)
    before = Artifact.load(path) if path.is_file() else None
    if before and before.settings == across.finished and is_of(config.paths, across.finished):
        return Training(path, before, done_before=True, n_train=len(everyone))
    verdict = across.predict_held_out()
    trained = across.fit_all(verdict.epochs)
    artifact = _artifact(
        config,
        trained,
        history=list(verdict.history),
        settings=across.finished,
        train_ids=_seen(everyone, splits, starts[0]),
        stop_ids=(),
    )
    record.artifact(WorkFolder(config.paths).out_of_fold_record)
    return _kept(
        config,
        record,
        trained,
        artifact,
        fold=everyone,
        gain=verdict.gain,
        gain_error=verdict.gain_error,
        folds=len(splits.groups),
    )


def _artifact(
    config: Config,
    trained: FittedNetwork,
    *,
    history: list[dict[str, float]],
    settings: str,
    train_ids: tuple[str, ...],
    stop_ids: tuple[str, ...],
) -> Artifact:
    estimate, members = trained.estimate, trained.members
    return Artifact(
        network=estimate.network,
        prior=estimate.physics.learnt,
        model=config.model,
        seam=config.loss.seam,
        sequence_length=estimate.sequence_length,
        epoch=members.outcomes[0].epoch,
        history=history,
        settings=settings,
        train_ids=train_ids,
        stop_ids=stop_ids,
        others=members.others,
        epistemic=members.epistemic(),
    )


def _kept(
    config: Config,
    record: RunRecord,
    trained: FittedNetwork,
    artifact: Artifact,
    *,
    fold: LabelledPlanets,
    gain: float,
    gain_error: float,
    n_stop: int = 0,
    folds: int = 0,
) -> Training:
    """Save the checkpoint and say what it is."""
    path = config.paths.checkpoint
    artifact.save(path)
    record.artifact(path)
    record.artifact(config.paths.splits)
    record.metrics |= {"val_gain": gain, "chosen_epoch": float(artifact.epoch)}
    return Training(
        path,
        artifact,
        n_train=len(fold),
        n_stop=n_stop,
        gain=gain,
        gain_error=gain_error,
        pairs=sum(len(planet.measurements) > 1 for planet in fold.planets),
        device=str(trained.members.device),
        unit="of score" if config.train.objective == "score" else "nats a bin",
        epistemic=trained.members.verdict(),
        pretraining=trained.pretraining,
        folds=folds,
    )


def _seen(fold: LabelledPlanets, splits: Splits, start: Pretrained | None) -> tuple[str, ...]:
    """The fold's planets, then those of other trees that the encoders come from."""
    others = set() if start is None else {*start.train_ids, *start.stop_ids} - splits.planets
    return (*fold.ids, *sorted(others))


def _settings(config: Config, start: Pretrained | None, *folds: LabelledPlanets) -> str:
    """Digest of all the result depends on: settings, seed, code, planets, depths, spectra.

    ``uq`` does not count: a member is what it is in an ensemble of any size.
    """
    pretrains = {"phase", "mae", "contrastive"} if config.train.phase == "all" else set()
    return digest(
        config.model,
        config.train.model_dump(mode="json", exclude=NOT_SUPERVISED - pretrains),
        config.loss,
        config.seed,
        "" if start is None else start.settings,
        digest_of_folds(*folds),
        code_digest(__name__),
        torch.__version__,
    )
