"""What a finished training leaves: estimators, and the planets they have seen."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from spectramind.config.model import ModelConfig
from spectramind.errors import SchemaError
from spectramind.estimators.epistemic import ONE_ANSWER, Epistemic
from spectramind.estimators.network_estimate import NetworkEstimate
from spectramind.estimators.physics_estimate import PhysicsEstimate
from spectramind.estimators.protocol import Estimator
from spectramind.models.assembly import build_network
from spectramind.models.network import SpectraMind
from spectramind.models.state_file import MALFORMED, load_state, save_state
from spectramind.prior.spectral_prior import SpectralPrior


@dataclass(frozen=True, eq=False)
class Member:
    """A further network of an ensemble, its epoch and history as of the first."""

    network: SpectraMind
    epoch: int
    history: list[dict[str, float]]

    def state(self) -> dict[str, Any]:
        """Tensors and plain values of a file."""
        weights = self.network.state_dict()
        return {"weights": weights, "epoch": self.epoch, "history": self.history}


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
        others: further networks of an ensemble.
        epistemic: what the network's ignorance is told by.
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
    others: tuple[Member, ...] = ()
    epistemic: Epistemic = ONE_ANSWER

    @property
    def physics_alone(self) -> bool:
        """No network was kept: all of them give the physics estimate."""
        return self.epoch == 0 and not any(member.epoch for member in self.others)

    def members(self, device: torch.device, batch_size: int) -> dict[str, Estimator]:
        """The estimators in it by name, the submitted one first."""
        physics = PhysicsEstimate(self.prior, self.model.prior)
        network = NetworkEstimate(
            self.network,
            physics,
            self.sequence_length,
            batch_size,
            device,
            # Several answers that are all the physics estimate cost time and tell nothing.
            others=() if self.physics_alone else tuple(m.network for m in self.others),
            epistemic=ONE_ANSWER if self.physics_alone else self.epistemic,
        )
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
                "members": [member.state() for member in self.others],
                "epistemic": self.epistemic.state(),
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

            def network_of(weights: dict[str, Tensor]) -> SpectraMind:
                network = build_network(model, state["seam"])
                network.load_state_dict(weights)
                return network.eval()

            return cls(
                network=network_of(state["weights"]),
                prior=SpectralPrior.from_state({k: v.numpy() for k, v in state["prior"].items()}),
                model=model,
                seam=state["seam"],
                sequence_length=state["sequence_length"],
                epoch=state["epoch"],
                history=state["history"],
                settings=state["settings"],
                train_ids=tuple(state["train_ids"]),
                stop_ids=tuple(state["stop_ids"]),
                others=tuple(
                    Member(network_of(one["weights"]), one["epoch"], one["history"])
                    for one in state["members"]
                ),
                epistemic=Epistemic.from_state(state["epistemic"]),
            )
        except KeyError as error:
            raise SchemaError(
                f"{path} is not a finished training: it lacks {error}; train again"
            ) from error
        except MALFORMED as error:
            told = " ".join(str(error).split())[:200]
            raise SchemaError(f"{path} is not a finished training: {told}; train again") from error
