"""Checkpoints: tensors and plain values only, loaded with ``weights_only=True``."""

import json
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from spectramind.config.model import ModelConfig
from spectramind.errors import SchemaError
from spectramind.instrument.graph import build_graph
from spectramind.models.inputs import FGS1_CHANNELS, NODE_CHANNELS
from spectramind.models.migration import FORMAT, migrated
from spectramind.models.network import SpectraMind
from spectramind.prior.spectral_prior import SpectralPrior
from spectramind.run.atomic import atomic_path


@dataclass(frozen=True)
class Trained:
    """What a finished training leaves behind.

    Attributes:
        network: the network, weights of the chosen epoch (0: untrained, the physics answer).
        prior: the spectral prior learnt on the training fold.
        sequence_length: steps of the light curve the network expects.
        epoch: the chosen epoch.
        history: one dict an epoch.
        settings: digest of what it was trained with.
        fold: digest of the planets and spectra the prior has seen; empty: no label.
    """

    network: SpectraMind
    prior: SpectralPrior
    sequence_length: int
    epoch: int
    history: list[dict[str, float]]
    settings: str
    fold: str


def build_network(config: ModelConfig, seam: int | None) -> SpectraMind:
    """A fresh network on the bin graph."""
    return SpectraMind(config, build_graph(seam=seam), FGS1_CHANNELS, NODE_CHANNELS)


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint atomically."""
    with atomic_path(path) as temporary:
        torch.save({"format": FORMAT, **state}, temporary)


def load_state(path: Path) -> dict[str, Any]:
    """Read a checkpoint without running code from it; one of an older format is migrated.

    Raises:
        SchemaError: missing, damaged, of an unknown format, or not to be migrated.
    """
    if not path.is_file():
        raise SchemaError(f"{path} is missing: run `spectramind train` first")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, UnpicklingError, EOFError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise SchemaError(f"{path} cannot be read as a checkpoint ({reason}): delete it") from error
    if not isinstance(state, dict) or "format" not in state:
        raise SchemaError(f"{path} is not a checkpoint of SpectraMind: train again")
    return migrated(state, path)


def save_trained(path: Path, trained: Trained, model: ModelConfig, seam: int | None) -> None:
    """Write the final checkpoint."""
    prior = {name: torch.from_numpy(value) for name, value in trained.prior.state().items()}
    save_state(
        path,
        {
            "model": json.dumps(model.model_dump(mode="json")),
            "seam": seam,
            "weights": trained.network.state_dict(),
            "prior": prior,
            "sequence_length": trained.sequence_length,
            "epoch": trained.epoch,
            "history": trained.history,
            "settings": trained.settings,
            "fold": trained.fold,
        },
    )


def load_trained(path: Path) -> Trained:
    """Read the final checkpoint; the network's shape comes from the file.

    Raises:
        SchemaError: missing, damaged, or lacking a part.
    """
    state = load_state(path)
    try:
        network = build_network(ModelConfig.model_validate_json(state["model"]), state["seam"])
        network.load_state_dict(state["weights"])
        prior = SpectralPrior.from_state({k: v.numpy() for k, v in state["prior"].items()})
        return Trained(
            network=network.eval(),
            prior=prior,
            sequence_length=state["sequence_length"],
            epoch=state["epoch"],
            history=state["history"],
            settings=state["settings"],
            fold=state["fold"],
        )
    except KeyError as error:
        raise SchemaError(
            f"{path} is not a finished training: it lacks {error}; train again"
        ) from error
    except (RuntimeError, ValueError) as error:
        raise SchemaError(f"{path} is not a finished training: {error}; train again") from error
