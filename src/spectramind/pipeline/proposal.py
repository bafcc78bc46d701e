"""The network that proposes atmospheres: trained at the first use, then kept in the work folder."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
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
    train_proposal,
)
from spectramind.run.atomic import write_npz
from spectramind.run.code import code_digest
from spectramind.run.npz import read_npz
from spectramind.run.pool import run_all
from spectramind.run.progress import track
from spectramind.run.record import RunRecord
from spectramind.run.seeds import derived_seed

log = logging.getLogger("spectramind")

_BLOCK = 1000
_MODULE = "spectramind.retrieval.proposal_training"
_ARRAYS = tuple(DrawnSpectra.__dataclass_fields__)


def forward_model(config: Config) -> ForwardModel:
    """The model that the settings describe, once a process."""
    return _model(config.retrieval, config.physics)


@lru_cache(maxsize=2)
def _model(retrieval: RetrievalConfig, physics: PhysicsConfig) -> ForwardModel:
    return ForwardModel(retrieval, opacity_of(physics.opacity))


def proposal_key(config: Config) -> str:
    """What the network depends on: atmosphere, priors, sizes, opacities, seed and code."""
    path = config.physics.opacity.path
    files = [] if path is None else opacity_paths(path)
    tables = {str(one): [one.stat().st_size, one.stat().st_mtime_ns] for one in files}
    atmosphere = config.retrieval.model_dump(mode="json", exclude={"sampling"})
    return digest(atmosphere, tables, config.seed, code_digest(_MODULE))[:16]


def ready_proposal(config: Config, tree: KaggleTree, record: RunRecord) -> str | None:
    """Train the network if it is not there; its key, or None where nested sampling works alone.

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
    blocks = _blocks(config, key, known, seed)
    drawn = _drawn([block.path for block in blocks])
    epochs = iter(track(range(wanted.epochs), "train the proposal, once", wanted.epochs))
    next(epochs)
    trained = train_proposal(
        forward_model(config),
        known,
        drawn,
        wanted,
        seed,
        lambda: _advance(epochs),
        folder.training(key),
    )
    trained.save(path)
    folder.training(key).unlink(missing_ok=True)
    for block in blocks:
        block.path.unlink(missing_ok=True)
    blocks[0].path.parent.rmdir()
    record.artifact(path)
    log.info(
        "the proposing network was trained in %.0f s: -ln q %.2f -> %.2f on spectra held out",
        trained.seconds,
        trained.loss[0],
        trained.loss[-1],
    )
    return key


def _advance(epochs: Iterator[int]) -> None:
    next(epochs, None)


@dataclass(frozen=True)
class _Block:
    config: Config
    known: Examples
    count: int
    seed: int
    path: Path


def _blocks(config: Config, key: str, known: Examples, seed: int) -> list[_Block]:
    """Spectra to learn from, on disk; those that are there are kept."""
    folder, total = WorkFolder(config.paths).retrieval, config.retrieval.network.spectra
    blocks = [
        _Block(
            config,
            known,
            min(_BLOCK, total - first),
            derived_seed(seed, number) % 2**62,
            folder.block(key, number),
        )
        for number, first in enumerate(range(0, total, _BLOCK))
    ]
    blocks[0].path.parent.mkdir(parents=True, exist_ok=True)
    todo = [block for block in blocks if not block.path.is_file()]
    for _ in run_all(
        _draw, todo, workers_of(config), "spectra that the proposal learns from, once"
    ):
        pass
    return blocks


def _draw(block: _Block) -> None:
    config = block.config
    drawn = draw_spectra(
        forward_model(config), block.known, config.retrieval.network, block.count, block.seed
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
