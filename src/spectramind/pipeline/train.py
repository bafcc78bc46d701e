"""train: split, learn the prior, train the correction, keep it only if it helps."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from spectramind.config.base import digest
from spectramind.config.root import Config
from spectramind.contracts.planet import LabelledPlanets
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.splits import Splits, load_splits, make_splits, save_splits
from spectramind.dataset.tables import read_truth
from spectramind.dataset.tree import KaggleTree
from spectramind.errors import ConfigError, SchemaError
from spectramind.estimators.artifact import Artifact
from spectramind.estimators.network_estimate import NetworkEstimate
from spectramind.estimators.physics_estimate import PhysicsEstimate
from spectramind.instrument.grid import N_BINS
from spectramind.models.assembly import build_network
from spectramind.models.network import SpectraMind
from spectramind.pipeline.planets import load_labelled
from spectramind.pipeline.result import Result
from spectramind.prior.prior_fit import fit_prior
from spectramind.prior.spectral_prior import SpectralPrior
from spectramind.run.code import code_digest
from spectramind.run.devices import pick_device, prepare_cpu
from spectramind.run.progress import track
from spectramind.run.record import RunRecord
from spectramind.run.seeds import seed_everything
from spectramind.symbolic.pack import SymbolicPack
from spectramind.training.engine.trainer import Trainer
from spectramind.training.objective import Objective
from spectramind.training.phases.supervised import Outcome, Supervised

_ENOUGH_PAIRS = 5  # below, what two visits differ by hardly counts (prior/error_model.py)
_FEW_PAIRS = ", too few: most of what is added counts as lasting"


@dataclass(frozen=True, eq=False)
class Training(Result):
    """What train left.

    Attributes:
        checkpoint: the file.
        artifact: what is in it.
        done_before: it was trained with these settings and data already.
        n_train, n_stop: planets of the folds; 0 without labels.
        gain, gain_error: best validation gain over physics and its error [nats a bin]; None where
            nothing was trained now.
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

    def report(self) -> list[str]:
        if self.done_before:
            return [f"{self.checkpoint} is trained with these settings and data already"]
        where = f"checkpoint: {self.checkpoint}"
        if self.gain is None:
            return [where]
        prior, epoch = self.artifact.prior, self.artifact.epoch
        few = "" if self.pairs >= _ENOUGH_PAIRS else _FEW_PAIRS
        verdict = "kept" if epoch else "not kept: the checkpoint is the physics estimate"
        return [
            f"{self.n_train} training and {self.n_stop} validation planets on {self.device}",
            f"errors against stated: {prior.errors.describe()}; "
            f"{self.pairs} planets with two visits{few}",
            f"share of spotted stars: {prior.spotted:.3f}",
            f"best validation gain over physics {self.gain:.4f} +- {self.gain_error:.4f} nats a "
            f"bin: {verdict} (epoch {epoch})",
            where,
        ]


def train(config: Config, record: RunRecord) -> Training:
    """Train from the features of all labelled training planets, or without any label."""
    prepare_cpu(config.env.threads)  # the prior alone: no network yet
    if config.model.prior.source == "atmosphere":
        return _without_labels(config, record)
    return _with_labels(config, record)


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
    splits = _splits(config, _labelled(tree))
    fold, val = (load_labelled(config, tree, ids) for ids in (splits.train, splits.val))
    settings, path = _settings(config, fold, val), config.paths.checkpoint
    if path.is_file() and (before := Artifact.load(path)).settings == settings:
        return Training(path, before, done_before=True, n_train=len(fold), n_stop=len(val))
    rng = seed_everything(config.seed)
    device = pick_device(config.env.device)
    outcome: Outcome | None = None

    def trainer(
        network: SpectraMind, prior: SpectralPrior, fold: LabelledPlanets, stop: LabelledPlanets
    ) -> SpectraMind:
        nonlocal outcome
        prepare_cpu(config.env.threads, network)
        objective = Objective(SymbolicPack(config.loss), config.train.aux_weight)
        phase = Supervised(network, objective, prior, fold, stop, config.train, device)
        engine = Trainer(phase, config.train, device, rng)
        engine.run(WorkFolder(config.paths).unfinished, settings, track)
        outcome = phase.choose(engine)
        phase.network.load_state_dict(outcome.weights)
        return phase.network

    untrained = NetworkEstimate(
        network=build_network(config.model, config.loss.seam),
        physics=PhysicsEstimate(None, config.model.prior),
        sequence_length=config.train.sequence_length,
        batch_size=config.train.batch_size,
        device=device,
        trainer=trainer,
    )
    trained = untrained.fit(fold, val)
    assert outcome is not None  # fit calls the trainer
    artifact = Artifact(
        network=trained.network,
        prior=trained.physics.learnt,
        model=config.model,
        seam=config.loss.seam,
        sequence_length=trained.sequence_length,
        epoch=outcome.epoch,
        history=outcome.history,
        settings=settings,
        train_ids=fold.ids,
        stop_ids=val.ids,
    )
    artifact.save(path)
    record.artifact(path)
    record.artifact(config.paths.splits)
    record.metrics |= {"val_gain": outcome.gain, "chosen_epoch": float(outcome.epoch)}
    return Training(
        path,
        artifact,
        n_train=len(fold),
        n_stop=len(val),
        gain=outcome.gain,
        gain_error=outcome.gain_error,
        pairs=sum(len(planet.measurements) > 1 for planet in fold.planets),
        device=str(device),
    )


def _labelled(tree: KaggleTree) -> list[str]:
    """Training planets whose spectra are known.

    Raises:
        SchemaError: there are no labels.
    """
    path = tree.root / "train.csv"
    known = set(read_truth(path).index) if path.is_file() else set()
    planets = sorted(set(tree.planets("train")) & known) if known else []
    if not planets:
        raise SchemaError(
            f"{path} is missing or names no planet of {tree.root / 'train'}: without labels only "
            "model.prior.source=atmosphere can be trained"
        )
    return planets


def _splits(config: Config, planets: list[str]) -> Splits:
    """The split file's folds, or new ones when there is no file.

    Raises:
        SchemaError: the file belongs to other planets.
        ConfigError: it was made with other settings than are asked for.
    """
    path, asked = config.paths.splits, config.split
    if not path.is_file():
        save_splits(path, make_splits(planets, asked.folds, asked.seed))
    splits = load_splits(path)
    if splits.folds is not None and (splits.folds, splits.seed) != (asked.folds, asked.seed):
        raise ConfigError(
            f"{path} was made with split.folds={splits.folds} split.seed={splits.seed}, not with "
            f"{asked.folds} and {asked.seed}: set them back, or delete the file to split anew"
        )
    if splits.planets != frozenset(planets):
        raise SchemaError(
            f"{path} splits {len(splits.planets)} planets, the tree has {len(planets)} labelled "
            "ones and not the same: delete the file to split anew"
        )
    return splits


def _settings(config: Config, *folds: LabelledPlanets) -> str:
    """Digest of all the result depends on: settings, seed, code, planets, depths, spectra."""
    data = hashlib.sha256()
    for fold in folds:
        data.update(_digest_of_labels(fold).encode())
        for planet in fold.planets:
            for m in planet.measurements:
                data.update(np.concatenate([m.depth, m.variance, m.modes.ravel()]).tobytes())
    return digest(
        config.model,
        config.train,
        config.loss,
        config.seed,
        data.hexdigest(),
        code_digest(__name__),
        torch.__version__,
    )


def _digest_of_labels(fold: LabelledPlanets) -> str:
    """Digest of a fold's planets and spectra."""
    ids = "\n".join(planet.planet_id for planet in fold.planets)
    return hashlib.sha256(ids.encode() + np.ascontiguousarray(fold.truth).tobytes()).hexdigest()
