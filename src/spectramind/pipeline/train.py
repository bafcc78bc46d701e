"""train: split, learn the prior, train the correction, keep it only if it helps."""

import hashlib

import numpy as np
import torch

from spectramind.config.base import digest
from spectramind.config.root import Config
from spectramind.dataset.splits import Splits, load_splits, make_splits, save_splits
from spectramind.dataset.tables import read_truth
from spectramind.dataset.tree import KaggleTree
from spectramind.errors import SchemaError
from spectramind.evaluation.official import naive_moments
from spectramind.evaluation.spectra import TRUTH_COLUMNS
from spectramind.models.checkpoint import Trained, build_network, load_trained, save_trained
from spectramind.models.spectral_prior import fit_prior
from spectramind.pipeline.planets import load_labelled
from spectramind.run.code import code_digest
from spectramind.run.devices import pick_device, prepare_cpu
from spectramind.run.progress import show
from spectramind.run.record import RunRecord
from spectramind.run.seeds import seed_everything
from spectramind.symbolic.pack import SymbolicPack
from spectramind.training.batches import LabelledPlanets
from spectramind.training.loop import Supervised
from spectramind.training.objective import Objective


def train(config: Config, record: RunRecord) -> None:
    """Train from the features of all labelled training planets."""
    prepare_cpu(config.env.threads)
    tree = KaggleTree(config.data.raw)
    labels = read_truth(tree.root / "train.csv")
    splits = _splits(config, sorted(set(tree.planets("train")) & set(labels.index)))
    fold, val = (load_labelled(config, tree, ids) for ids in (splits.train, splits.val))
    settings = _settings(config, fold, val)
    path = config.paths.checkpoint
    if path.is_file() and load_trained(path).settings == settings:
        show(f"{path} is trained with these settings and data already")
        return
    rng = seed_everything(config.seed)
    device = pick_device(config.env.device)
    prior = fit_prior(
        fold.truth, [p.measurements for p in fold.planets], config.model.prior.components
    )
    seam = config.loss.seam
    loop = Supervised(
        build_network(config.model, seam),
        Objective(SymbolicPack(config.loss), config.train.aux_weight),
        prior,
        fold,
        val,
        config.train,
        device,
        rng,
    )
    outcome = loop.run(path.with_name("last.pt"), settings)
    loop.network.load_state_dict(outcome.weights)
    mean, sigma = naive_moments(labels[list(TRUTH_COLUMNS)].to_numpy())
    trained = Trained(
        network=loop.network,
        prior=prior,
        sequence_length=config.train.sequence_length,
        epoch=outcome.epoch,
        history=outcome.history,
        train_mean=mean,
        train_sigma=sigma,
        settings=settings,
    )
    save_trained(path, trained, config.model, seam)
    record.artifact(path)
    record.artifact(config.paths.splits)
    record.metrics |= {"val_gain": outcome.gain, "chosen_epoch": float(outcome.epoch)}
    verdict = "kept" if outcome.epoch else "not kept: the checkpoint is the physics estimate"
    show(
        f"{len(fold)} training and {len(val)} validation planets on {device}",
        f"best validation gain over physics {outcome.gain:.4f} +- {outcome.gain_error:.4f} nats a "
        f"bin: {verdict} (epoch {outcome.epoch})",
        f"checkpoint: {path}",
    )


def _splits(config: Config, planets: list[str]) -> Splits:
    """The split file's folds, or new ones when there is no file.

    Raises:
        SchemaError: the file belongs to other planets.
    """
    path = config.paths.splits
    if not path.is_file():
        save_splits(path, make_splits(planets, config.split.folds, config.seed))
    splits = load_splits(path)
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
        data.update(np.ascontiguousarray(fold.truth).tobytes())
        for planet in fold.planets:
            data.update(planet.planet_id.encode())
            for m in planet.measurements:
                data.update(np.concatenate([m.depth, m.variance, m.modes.ravel()]).tobytes())
    return digest(
        config.model,
        config.train,
        config.loss,
        config.seed,
        data.hexdigest(),
        code_digest("models", "symbolic", "training"),
        torch.__version__,
    )
