"""Which topics of ``diagnose`` are computed and kept, by what, and what they are computed from."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from spectramind.config.base import Section, digest
from spectramind.config.root import Config
from spectramind.contracts.predictive import SUBMITTED
from spectramind.contracts.work_folder import WorkFolder
from spectramind.diagnostics.panel import Values
from spectramind.diagnostics.stored_topic import load_stored, store
from spectramind.run.environment import file_digest
from spectramind.run.record import RunRecord


@dataclass(frozen=True)
class Maker:
    """What computes a topic's values.

    Attributes:
        function: ``module:name`` of a function (config, record) -> plain values.
        quick: the dashboard computes it itself; else it shows what ``diagnose TOPIC`` left.
    """

    function: str
    quick: bool

    def __call__(self, config: Config, record: RunRecord) -> Values:
        module, name = self.function.split(":")
        make: Callable[[Config, RunRecord], Values] = getattr(importlib.import_module(module), name)
        return make(config, record)


# A topic without a line here needs nothing but what the chain left.
MAKERS: dict[str, Maker] = {
    "fft": Maker("spectramind.pipeline.topic_fft:make", quick=True),
    "explain": Maker("spectramind.pipeline.topic_explain:explain_mu", quick=True),
    "drift": Maker("spectramind.pipeline.topic_drift:compare", quick=True),
    "pca": Maker("spectramind.pipeline.topic_latents:by_pca", quick=True),
    "umap": Maker("spectramind.pipeline.topic_latents:by_umap", quick=False),
    "tsne": Maker("spectramind.pipeline.topic_latents:by_tsne", quick=False),
    "shap": Maker("spectramind.pipeline.topic_shap:explain_submitted", quick=False),
}


def made_from(config: Config, topic: str) -> dict[str, str]:
    """Digests of what a topic is computed from."""
    files = {
        "prediction": WorkFolder(config.paths).prediction(SUBMITTED),
        "checkpoint": config.paths.checkpoint,
    }
    there = {name: _digest(path) for name, path in files.items()}
    own = getattr(config.diag, topic, None) or getattr(config, topic, None)
    return there | ({"settings": digest(own)} if isinstance(own, Section) else {})


def _digest(path: Path) -> str:
    return file_digest(path) if path.is_file() else ""


def make(config: Config, record: RunRecord, topic: str) -> Values:
    """Compute a topic and keep what it found.

    Raises:
        SpectraMindError: the topic's own: what it needs is missing.
    """
    values = MAKERS[topic](config, record)
    path = WorkFolder(config.paths).diagnostics.stored(topic)
    store(path, values, made_from(config, topic))
    record.artifact(path)
    return values


def kept(config: Config, topic: str) -> Values | None:
    """What a topic's computation left of this very run, None if it has not run.

    Raises:
        SchemaError: it was of another run.
    """
    path = WorkFolder(config.paths).diagnostics.stored(topic)
    return load_stored(path, made_from(config, topic)) if path.is_file() else None
