"""Encoders that were trained before: the file that passes them on."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from torch import Tensor

from spectramind.errors import SchemaError
from spectramind.models.state_file import MALFORMED, load_state, save_state
from spectramind.training.phases.pretraining import encoder_weights


@dataclass(frozen=True, eq=False)
class Pretrained:
    """Weights of both encoders.

    Attributes:
        weights: by their names in the network.
        settings: digest of all they depend on.
        train_ids, stop_ids: planets that they were trained on, and stopped by.
        history: by phase, one dict an epoch.
    """

    weights: dict[str, Tensor]
    settings: str
    train_ids: tuple[str, ...]
    stop_ids: tuple[str, ...]
    history: dict[str, list[dict[str, float]]]

    def save(self, path: Path) -> None:
        """Write it atomically."""
        ids = {"train_ids": list(self.train_ids), "stop_ids": list(self.stop_ids)}
        state = {"weights": self.weights, "settings": self.settings, "history": self.history}
        save_state(path, state | ids)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a file that pretraining left, or the encoders of a finished checkpoint.

        Raises:
            SchemaError: missing, damaged, or neither of the two.
        """
        state = load_state(path)
        try:
            history = state["history"]
            return cls(
                weights=encoder_weights(state["weights"]),
                settings=state["settings"],
                train_ids=tuple(state["train_ids"]),
                stop_ids=tuple(state["stop_ids"]),
                history=history if isinstance(history, dict) else {"supervised": history},
            )
        except KeyError as error:
            raise SchemaError(
                f"{path} holds no encoders to start from (it lacks {error}): name a pretrained.pt "
                "or a finished checkpoint"
            ) from error
        except MALFORMED as error:
            told = " ".join(str(error).split())[:200]
            raise SchemaError(f"{path} holds no encoders to start from: {told}") from error
