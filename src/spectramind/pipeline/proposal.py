"""Retrieval's networks: trained at the first use, then kept in the work folder."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from spectramind.config.base import digest
from spectramind.config.opacities import PhysicsConfig
from spectramind.config.retrieving import RetrievalConfig
from spectramind.config.root import Config
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.tree import KaggleTree
from spectramind.physics.opacity_files.open_tables import opacity_paths
from spectramind.pipeline.observed_planets import examples
from spectramind.pipeline.prepare import workers_of
from spectramind.retrieval.forward_model import ForwardModel
from spectramind.retrieval.opacity_of import opacity_of
from spectramind.retrieval.posterior_network import require_flows
from spectramind.retrieval.proposal_training import (
    DrawnSpectra,
    Examples,
    draw_spectra,
    train_emulator,
    train_proposal,
)
from spectramind.retrieval.torch_arrays import torch_namespace
from spectramind.retrieval.trained_networks import TrainedNetworks
from spectramind.run.atomic import write_npz
from spectramind.run.code import code_digest
from spectramind.run.devices import pick_device, prepare_cpu
from spectramind.run.npz import read_npz
from spectramind.run.pool import run_all
from spectramind.run.progress import track
from spectramind.run.record import RunRecord
from spectramind.run.seeds import derived_seed

log = logging.getLogger("spectramind")

_BLOCK = 1000
_MODULE = "spectramind.retrieval.proposal_training"
_ARRAYS = tuple(DrawnSpectra.__dataclass_fields__)


def forward_model(config: Config, device: str = "cpu") -> ForwardModel:
    """The model that the settings describe, once a process: NumPy's, or torch's on a GPU."""
    return _model(config.retrieval, config.physics, device)


@lru_cache(maxsize=2)
def _model(retrieval: RetrievalConfig, physics: PhysicsConfig, device: str) -> ForwardModel:
    arrays = None if device == "cpu" else torch_namespace(device)
    return ForwardModel(retrieval, opacity_of(physics.opacity), arrays)


def proposal_key(config: Config) -> str:
    """What the networks depend on: atmosphere, priors, sizes, opacities, seed and code."""
    path = config.physics.opacity.path
    files = [] if path is None else opacity_paths(path)
    tables = {str(one): [one.stat().st_size, one.stat().st_mtime_ns] for one in files}
    atmosphere = config.retrieval.model_dump(mode="json", exclude={"sampling"})
    return digest(atmosphere, tables, config.seed, code_digest(_MODULE))[:16]


def ready_proposal(config: Config, tree: KaggleTree, record: RunRecord) -> str | None:
    """Train the networks if they are not there; their key, None where nested sampling works alone.

    Raises:
        ConfigError: zuko is not installed.
        SchemaError: no planet was measured.
    """
    if config.retrieval.sampling.sampler == "nested":
        return None
    require_flows()
    key, folder = proposal_key(config), WorkFolder(config.paths).retrieval
    path = folder.network(key)
    if path.is_file():
        return key
    wanted, seed = config.retrieval.network, derived_seed(config.seed, "proposal") % 2**62
    known = examples(config, tree)
    path.parent.mkdir(parents=True, exist_ok=True)
    device = pick_device(config.env.device)
    blocks = _blocks(config, key, known, seed, device.type)
    drawn = _drawn([block.path for block in blocks])
    model = forward_model(config)
    prepare_cpu(config.env.threads)
    with _bar(config.retrieval.emulator.epochs, "train the emulator, once") as tick:
        emulator, told = train_emulator(
            model,
            drawn,
            config.retrieval.emulator,
            seed,
            tick,
            folder.training(key, "emulator"),
            device,
        )
    with _bar(wanted.epochs, "train the proposal, once") as tick:
        proposal = train_proposal(
            model, known, drawn, wanted, seed, tick, folder.training(key, "proposal"), device
        )
    trained = TrainedNetworks(proposal, emulator, told)
    trained.save(path)
    for name in ("emulator", "proposal"):
        folder.training(key, name).unlink(missing_ok=True)
    for block in blocks:
        block.path.unlink(missing_ok=True)
    blocks[0].path.parent.rmdir()
    record.artifact(path)
    log.info(
        "retrieval's networks were trained in %.0f s on %d spectra (%s): -ln q %.2f -> %.2f, "
        "emulator %.1g of the variance left, on spectra held out",
        trained.seconds,
        told.count,
        device.type,
        proposal.told.loss[0],
        proposal.told.loss[-1],
        told.loss[-1],
    )
    return key


@contextmanager
def _bar(epochs: int, title: str) -> Iterator[Callable[[], None]]:
    """A progress bar that a training moves."""
    steps = iter(track(range(epochs), title, epochs))
    next(steps)

    def tick() -> None:
        next(steps, None)

    yield tick


@dataclass(frozen=True)
class _Block:
    config: Config
    known: Examples
    count: int
    seed: int
    path: Path
    device: str


def _blocks(config: Config, key: str, known: Examples, seed: int, device: str) -> list[_Block]:
    """Spectra to learn from, on disk; those that are there are kept."""
    folder, total = WorkFolder(config.paths).retrieval, config.retrieval.network.spectra
    blocks = [
        _Block(
            config,
            known,
            min(_BLOCK, total - first),
            derived_seed(seed, number) % 2**62,
            folder.block(key, number),
            device,
        )
        for number, first in enumerate(range(0, total, _BLOCK))
    ]
    blocks[0].path.parent.mkdir(parents=True, exist_ok=True)
    todo = [block for block in blocks if not block.path.is_file()]
    workers = workers_of(config)
    if device != "cpu":  # a GPU is full with one
        workers = replace(workers, count=1)
    for _ in run_all(_draw, todo, workers, "spectra to learn from, once"):
        pass
    return blocks


def _draw(block: _Block) -> None:
    config = block.config
    drawn = draw_spectra(
        forward_model(config, block.device),
        block.known,
        config.retrieval.network,
        block.count,
        block.seed,
    )
    write_npz(block.path, **{name: getattr(drawn, name) for name in _ARRAYS})


def _drawn(paths: list[Path]) -> DrawnSpectra:
    parts = [read_npz(path, *_ARRAYS, made_by="retrieve") for path in paths]
    return DrawnSpectra(
        **{
            name: np.concatenate([np.asarray(part[name], dtype=kind) for part in parts])
            for name, kind in zip(_ARRAYS, [np.float64] * 4 + [np.float32], strict=True)
        }
    )
