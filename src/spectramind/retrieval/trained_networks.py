"""Both networks of retrieval in one file: one proposes atmospheres, one emulates spectra."""

from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from spectramind.config.retrieving import RetrievalConfig
from spectramind.errors import SchemaError
from spectramind.retrieval.fit_network import Trained
from spectramind.retrieval.parameter_space import parameter_space
from spectramind.retrieval.posterior_network import TrainedProposal
from spectramind.retrieval.spectrum_emulator import SpectrumEmulator
from spectramind.run.atomic import atomic_path


@dataclass(frozen=True)
class TrainedNetworks:
    """What training left.

    Attributes:
        proposal, emulator: see there. emulator_told: how its training went; its loss is the mean
            squared error over the variance.
    """

    proposal: TrainedProposal
    emulator: SpectrumEmulator
    emulator_told: Trained

    @property
    def seconds(self) -> float:
        """That both took."""
        return self.proposal.told.seconds + self.emulator_told.seconds

    def save(self, path: Path) -> None:
        """Write them atomically."""
        state = {
            "proposal": self.proposal.state,
            "emulator": self.emulator.state_dict(),
            "emulator_told": asdict(self.emulator_told),
        }
        with atomic_path(path) as temporary:
            torch.save(state, temporary)

    @classmethod
    def load(cls, path: Path, config: RetrievalConfig) -> "TrainedNetworks":
        """Read them.

        Raises:
            SchemaError: the file is broken, or of other settings.
        """
        try:
            state = torch.load(path, weights_only=True)
            space = parameter_space(config)
            proposal = TrainedProposal.of_state(state["proposal"], space, config.network)
            emulator = SpectrumEmulator(config.emulator.width, len(state["emulator"]["centre"]))
            emulator.load_state_dict(state["emulator"])
            told = Trained(**state["emulator_told"])
        except (OSError, RuntimeError, KeyError, TypeError, ValueError, EOFError) as error:
            raise SchemaError(
                f"{path} cannot be read ({error}): delete it and run `spectramind retrieve` again"
            ) from error
        emulator.eval()
        return cls(proposal, emulator, told)
