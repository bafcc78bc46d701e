"""What a finished training leaves: estimators, and the planets they have seen."""

import json
from dataclasses import dataclass
from pathlib import Path

import torch

from spectramind.config.model import ModelConfig
from spectramind.errors import SchemaError
from spectramind.estimators.network_estimate import NetworkEstimate
from spectramind.estimators.physics_estimate import PhysicsEstimate
from spectramind.estimators.protocol import Estimator
from spectramind.models.assembly import build_network
from spectramind.models.network import SpectraMind
from spectramind.models.state_file import load_state, save_state
from spectramind.prior.spectral_prior import SpectralPrior


@dataclass(frozen=True, eq=False)
class Artifact:
    """A checkpoint.

    Attributes:
        network: the network, weights of the chosen epoch (0: untrained, the physics answer).
        prior: the spectral prior learnt on the training fold.
        model: sizes of the network, settings of the prior.
        seam: column of the detector's seam on the bin graph, None without.
        sequence_length: steps of the light curve the network expects.
        epoch: the chosen epoch.
        history: one dict an epoch.
        settings: digest of what it was trained with.
        train_ids: planets it was fitted on; none: no label was read.
        stop_ids: planets that told when to stop.
    """

    network: SpectraMind
    prior: SpectralPrior
    model: ModelConfig
    seam: int | None
    sequence_length: int
    epoch: int
    history: list[dict[str, float]]
    settings: str
    train_ids: tuple[str, ...]
    stop_ids: tuple[str, ...]

    def members(self, device: torch.device, batch_size: int) -> dict[str, Estimator]:
        """The estimators in it by name, the submitted one first."""
        physics = PhysicsEstimate(self.prior, self.model.prior)
        network = NetworkEstimate(self.network, physics, self.sequence_length, batch_size, device)
        members: tuple[Estimator, ...] = (network, physics)
        return {member.name: member for member in members}

    def save(self, path: Path) -> None:
        """Write it atomically: tensors and plain values only."""
        prior = {name: torch.from_numpy(value) for name, value in self.prior.state().items()}
        save_state(
            path,
            {
                "model": json.dumps(self.model.model_dump(mode="json")),
                "seam": self.seam,
                "weights": self.network.state_dict(),
                "prior": prior,
                "sequence_length": self.sequence_length,
                "epoch": self.epoch,
                "history": self.history,
                "settings": self.settings,
                "train_ids": list(self.train_ids),
                "stop_ids": list(self.stop_ids),
            },
        )

    @classmethod
    def load(cls, path: Path) -> "Artifact":
        """Read it; the network's shape comes from the file.

        Raises:
            SchemaError: missing, damaged, or lacking a part.
        """
        state = load_state(path)
        try:
            model = ModelConfig.model_validate_json(state["model"])
            network = build_network(model, state["seam"])
            network.load_state_dict(state["weights"])
            return cls(
                network=network.eval(),
                prior=SpectralPrior.from_state({k: v.numpy() for k, v in state["prior"].items()}),
                model=model,
                seam=state["seam"],
                sequence_length=state["sequence_length"],
                epoch=state["epoch"],
                history=state["history"],
                settings=state["settings"],
                train_ids=tuple(state["train_ids"]),
                stop_ids=tuple(state["stop_ids"]),
            )
        except KeyError as error:
            raise SchemaError(
                f"{path} is not a finished training: it lacks {error}; train again"
            ) from error
        except (RuntimeError, ValueError) as error:
            raise SchemaError(f"{path} is not a finished training: {error}; train again") from error
