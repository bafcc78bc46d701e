"""train: split, learn the prior, train the correction, keep it only if it helps."""

import hashlib

import numpy as np
import torch

from spectramind.config.base import digest
from spectramind.config.root import Config
from spectramind.contracts.planet import LabelledPlanets
from spectramind.dataset.splits import Splits, load_splits, make_splits, save_splits
from spectramind.dataset.tables import read_truth
from spectramind.dataset.tree import KaggleTree
from spectramind.errors import SchemaError
from spectramind.instrument.grid import N_BINS
from spectramind.models.checkpoint import Trained, build_network, load_trained, save_trained
from spectramind.pipeline.planets import load_labelled
from spectramind.prior.prior_fit import fit_prior
from spectramind.run.code import code_digest
from spectramind.run.devices import pick_device, prepare_cpu
from spectramind.run.progress import show
from spectramind.run.record import RunRecord
from spectramind.run.seeds import seed_everything
from spectramind.symbolic.pack import SymbolicPack
from spectramind.training.loop import Supervised
from spectramind.training.objective import Objective

_ENOUGH_PAIRS = 5  # below, what two visits differ by hardly counts (prior/error_model.py)


def train(config: Config, record: RunRecord) -> None:
    """Train from the features of all labelled training planets, or without any label."""
    prepare_cpu(config.env.threads)
    if config.model.prior.source == "atmosphere":
        _without_labels(config, record)
    else:
        _with_labels(config, record)


def _without_labels(config: Config, record: RunRecord) -> None:
    """A checkpoint that knows atmospheres and no planet: the physics estimate, never trained."""
    prior = fit_prior(np.zeros((0, N_BINS)), [], config.model.prior)
    seed_everything(config.seed)
    settings = digest(config.model, config.seed, code_digest(__name__), torch.__version__)
    trained = Trained(
        network=build_network(config.model, config.loss.seam),
        prior=prior,
        sequence_length=config.train.sequence_length,
        epoch=0,
        history=[],
        settings=settings,
        fold="",
    )
    save_trained(config.paths.checkpoint, trained, config.model, config.loss.seam)
    record.artifact(config.paths.checkpoint)
    record.warn(
        "model.prior.source=atmosphere reads no label: errors count as the fit states them, and "
        "sigma cannot be calibrated; `predict` works without"
    )
    show(f"checkpoint: {config.paths.checkpoint}")


def _with_labels(config: Config, record: RunRecord) -> None:
    tree = KaggleTree(config.data.raw)
    splits = _splits(config, _labelled(tree))
    fold, val = (load_labelled(config, tree, ids) for ids in (splits.train, splits.val))
    settings = _settings(config, fold, val)
    path = config.paths.checkpoint
    if path.is_file() and load_trained(path).settings == settings:
        show(f"{path} is trained with these settings and data already")
        return
    rng = seed_everything(config.seed)
    device = pick_device(config.env.device)
    prior = fit_prior(fold.truth, [p.measurements for p in fold.planets], config.model.prior)
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
    trained = Trained(
        network=loop.network,
        prior=prior,
        sequence_length=config.train.sequence_length,
        epoch=outcome.epoch,
        history=outcome.history,
        settings=settings,
        fold=_digest_of_labels(fold),
    )
    save_trained(path, trained, config.model, seam)
    record.artifact(path)
    record.artifact(config.paths.splits)
    record.metrics |= {"val_gain": outcome.gain, "chosen_epoch": float(outcome.epoch)}
    pairs = sum(len(planet.measurements) > 1 for planet in fold.planets)
    few = "" if pairs >= _ENOUGH_PAIRS else ", too few: most of what is added counts as lasting"
    verdict = "kept" if outcome.epoch else "not kept: the checkpoint is the physics estimate"
    show(
        f"{len(fold)} training and {len(val)} validation planets on {device}",
        f"errors against stated: {prior.errors.describe()}; {pairs} planets with two visits{few}",
        f"share of spotted stars: {prior.spotted:.3f}",
        f"best validation gain over physics {outcome.gain:.4f} +- {outcome.gain_error:.4f} nats a "
        f"bin: {verdict} (epoch {outcome.epoch})",
        f"checkpoint: {path}",
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
