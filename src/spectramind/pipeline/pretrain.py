"""The phases without labels, one after the other, and the encoders that they hand on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from spectramind.config.base import digest
from spectramind.config.optimisation import TrainConfig
from spectramind.config.root import Config
from spectramind.contracts.planet import Planet
from spectramind.contracts.spectra import name_some
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.splits import Splits
from spectramind.dataset.tree import KaggleTree
from spectramind.errors import ConfigError, SchemaError
from spectramind.models.assembly import build_network
from spectramind.models.inputs import batch_inputs
from spectramind.models.migration import UNKNOWN_IDS
from spectramind.models.network import Inputs, SpectraMind
from spectramind.pipeline.planets import load_visits
from spectramind.pipeline.result import Result
from spectramind.pipeline.training_data import digest_of_visits
from spectramind.prior.spectral_prior import SpectralPrior
from spectramind.run.code import code_digest
from spectramind.run.devices import pick_device, prepare_cpu
from spectramind.run.progress import say, track
from spectramind.run.record import RunRecord
from spectramind.run.seeds import derived_seed, seed_everything
from spectramind.training.engine.best_epochs import BestEpochs
from spectramind.training.engine.step_profile import StepProfile
from spectramind.training.engine.trainer import Trainer
from spectramind.training.phases.contrastive import Contrastive
from spectramind.training.phases.masked_reconstruction import MaskedReconstruction
from spectramind.training.phases.pretraining import (
    UnlabelledVisits,
    encoder_weights,
    load_encoders,
)
from spectramind.training.pretrained import Pretrained
from spectramind.training.trackers.opening import open_trackers

_Kind = Callable[[SpectraMind, UnlabelledVisits, TrainConfig, torch.device], Any]
PHASES: dict[str, _Kind] = {"mae": MaskedReconstruction, "contrastive": Contrastive}
# Settings of training that no pretraining depends on; its own epochs stand in its section.
_NOT_PRETRAINING = {"phase", "start_from", "epochs", "redraw", "objective", "aux_weight"}
_NOT_PRETRAINING |= {"top_k", "detect_anomaly", "profile_steps", "ckpt_every_epochs", *PHASES}


@dataclass(frozen=True, eq=False)
class Pretraining(Result):
    """What the phases without labels left: the file, what is in it, and how many visits there were.

    ``done_before``: it was there already, made with these settings and data.
    """

    file: Path
    pretrained: Pretrained
    n_train: int
    n_stop: int
    done_before: bool
    device: str

    def report(self) -> list[str]:
        if self.done_before:
            return [f"{self.file} is pretrained with these settings and data already"]
        lines = [f"{self.n_train} training and {self.n_stop} validation visits on {self.device}"]
        for phase, history in self.pretrained.history.items():
            best = min(history, key=lambda row: row["val_loss"])
            lines.append(
                f"{phase}: validation loss {history[0]['val_loss']:.4f} -> {best['val_loss']:.4f} "
                f"(epoch {best['epoch']:.0f} of {len(history) - 1})"
            )
        return [*lines, f"encoders: {self.file}"]


def pretrain(
    config: Config,
    record: RunRecord,
    prior: SpectralPrior,
    folds: tuple[Sequence[str], Sequence[str]],
    start: Pretrained | None,
) -> Pretraining:
    """Train the encoders on all trusted visits of the training fold; no label is read.

    Args:
        folds: planets to train on, and planets that stop.

    Raises:
        SchemaError: too few visits can be trusted.
    """
    tree, folder = KaggleTree(config.data.raw), WorkFolder(config.paths)
    asked: str = config.train.phase
    wanted = list(PHASES) if asked == "all" else [asked]
    train, stop = (load_visits(config, tree, ids) for ids in folds)
    if len(train) < 2 or not stop:
        raise SchemaError(
            f"train.phase={config.train.phase} needs two training visits and one validation visit "
            f"with a trusted fit, there are {len(train)} and {len(stop)}: see what `spectramind "
            "features` warned of"
        )
    device = pick_device(config.env.device)
    settings = _settings(config, wanted, prior, [*train, *stop], start)
    if folder.pretrained.is_file():
        before = Pretrained.load(folder.pretrained)
        if before.settings == settings:
            return Pretraining(folder.pretrained, before, len(train), len(stop), True, str(device))
    visits = UnlabelledVisits(*(_inputs(config, prior, each) for each in (train, stop)))
    seed_everything(derived_seed(config.seed, "pretraining"))
    network = build_network(config.model, config.loss.seam)
    if start is not None:
        load_encoders(network, start.weights)
    prepare_cpu(config.env.threads, network)
    history = {p: _one(config, p, network, visits, settings, device) for p in wanted}
    ids = {
        fold: tuple(sorted({p.planet_id for p in visits} | set(before)))
        for fold, visits, before in (
            ("train_ids", train, start.train_ids if start else ()),
            ("stop_ids", stop, start.stop_ids if start else ()),
        )
    }
    weights = {name: value.cpu() for name, value in network.state_dict().items()}
    found = Pretrained(encoder_weights(weights), settings, history=history, **ids)
    found.save(folder.pretrained)
    record.artifact(folder.pretrained)
    for phase, rows in history.items():
        record.metrics[f"{phase}_val_loss"] = min(row["val_loss"] for row in rows)
    return Pretraining(folder.pretrained, found, len(train), len(stop), False, str(device))


def load_start(config: Config, splits: Splits) -> Pretrained | None:
    """The encoders of ``train.start_from``, None where none is named.

    Raises:
        SchemaError: it has seen planets that it is to be judged or calibrated on.
        ConfigError: its encoders are of another shape.
    """
    path = config.train.start_from
    if path is None:
        return None
    start = Pretrained.load(path)
    tree = KaggleTree(config.data.raw)
    test = tree.planets("test") if "test" in tree.splits() else []
    # To stop by the same planets again does no harm: neither fold is called calibrated or new.
    seen = {*start.train_ids, *start.stop_ids}
    held = {"val": set(splits.val) & set(start.train_ids)}
    held |= {"calibration": set(splits.calibration) & seen, "test": set(test) & seen}
    for fold, ids in held.items():
        if ids or set(UNKNOWN_IDS) & seen:
            what = name_some(sorted(ids)) if ids else "planets that it does not name"
            raise SchemaError(
                f"train.start_from={path} has seen {what}, and the {fold} fold of this tree must "
                "be new to it: pretrain on other planets (another seed of `simulate`) or leave it "
                "out"
            )
    try:
        load_encoders(build_network(config.model, config.loss.seam), start.weights)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise ConfigError(
            f"train.start_from={path} does not fit model.fgs1_mamba and model.airs_gnn: set them "
            f"as they were when it was trained ({reason[:200]})"
        ) from error
    return start


def _one(
    config: Config,
    name: str,
    network: SpectraMind,
    visits: UnlabelledVisits,
    settings: str,
    device: torch.device,
) -> list[dict[str, float]]:
    """Train one phase on the network, in place; its history."""
    rng = seed_everything(derived_seed(config.seed, name))
    own = config.train.mae if name == "mae" else config.train.contrastive
    train = config.train.model_copy(update={"epochs": own.epochs})
    phase = PHASES[name](network, visits, train, device)
    engine: Trainer[Any, Any] = Trainer(phase, train, device, rng)
    folder, stage = WorkFolder(config.paths), digest(settings, name)
    best = BestEpochs(folder.best_epochs(name), train.top_k, stage)
    tracker = open_trackers(config.logger.tracker, folder.tracking, name, stage)
    profile = StepProfile(folder.profile(name), train.profile_steps, say)
    engine.run(folder.unfinished(name), stage, track, tracker, best, profile)
    phase.network.load_state_dict(engine.best.weights)
    return engine.history


def _inputs(config: Config, prior: SpectralPrior, visits: list[Planet]) -> Inputs:
    """Visits as the network sees them, each with the posterior of its own depths."""
    posteriors = [prior.posterior(visit.measurements) for visit in visits]
    return batch_inputs(visits, posteriors, config.train.sequence_length)


def _settings(
    config: Config,
    phases: list[str],
    prior: SpectralPrior,
    visits: list[Planet],
    start: Pretrained | None,
) -> str:
    """Digest of all that the encoders depend on."""
    learnt = {name: values.tolist() for name, values in prior.state().items()}
    train = config.train.model_dump(mode="json", exclude=_NOT_PRETRAINING)
    own = config.train.model_dump(mode="json", include=set(phases))
    return digest(
        config.model,
        {"train": train, "own": own, "prior": learnt, "phases": phases},
        config.seed,
        str(config.loss.seam),
        "" if start is None else start.settings,
        digest_of_visits(visits),
        code_digest(__name__),
        torch.__version__,
    )
