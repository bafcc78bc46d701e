"""The network that proposes atmospheres for a spectrum: a neural spline flow (zuko).

It sees the embedded spectrum with its noise, what the star table tells and which components may be
there, and gives a density over ``Coordinates``.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from spectramind.config.posteriors import ProposalConfig
from spectramind.contracts.measurement import Measurement
from spectramind.errors import ConfigError
from spectramind.retrieval.atmosphere_target import components
from spectramind.retrieval.fit_network import Trained
from spectramind.retrieval.parameter_space import ParameterSpace
from spectramind.retrieval.spectrum_embedding import NoiseBank, SpectrumEmbedding, noise_bank

Array = NDArray[np.float64]
_CONTEXT = 48
_STRETCHED_SHARE, _STRETCH = 0.25, 1.3


def require_flows() -> Any:
    """zuko's flows, a module.

    Raises:
        ConfigError: zuko is not installed.
    """
    try:
        import zuko.flows  # type: ignore[import-untyped]
    except ImportError as error:
        raise ConfigError(
            f"retrieval proposes atmospheres with the package zuko ({error}): pip install "
            "--no-deps zuko, or set retrieval.sampling.sampler=nested"
        ) from error
    return zuko.flows


class PosteriorNetwork(nn.Module):
    """q(t | spectrum, noise, known, components).

    Args:
        space: the parameters. config: sizes. inputs: numbers of the embedding.
    """

    def __init__(self, space: ParameterSpace, config: ProposalConfig, inputs: int) -> None:
        super().__init__()
        self.switches = len(components(space))
        given = inputs + len(space.from_table) + self.switches
        width = config.hidden
        self.reader = nn.Sequential(
            nn.Linear(given, 2 * width),
            nn.SiLU(),
            nn.Linear(2 * width, 2 * width),
            nn.SiLU(),
            nn.Linear(2 * width, _CONTEXT),
        )
        self.flow = require_flows().NSF(
            features=len(space.free),
            context=_CONTEXT + self.switches,
            bins=config.pieces,
            transforms=config.transforms,
            hidden_features=(width, width),
            randperm=False,
        )

    def density(self, embedded: Tensor, known: Tensor, present: Tensor) -> Any:
        """zuko's distribution over t.

        Args:
            embedded: (B, inputs). known: (B, T) natural logarithms. present: (B, C), 1 or 0.
        """
        read = self.reader(torch.cat([embedded, known, present], -1))
        return self.flow(torch.cat([read, present], -1))


@dataclass(frozen=True)
class TrainedProposal:
    """What training left.

    Attributes:
        network, embedding: see there. centre, width: of the radius's coordinate.
        told: how training went; its loss is -ln q [nats].
    """

    network: PosteriorNetwork
    embedding: SpectrumEmbedding
    centre: float
    width: float
    told: Trained

    @property
    def state(self) -> dict[str, Any]:
        """What ``of_state`` reads."""
        return {
            "network": self.network.state_dict(),
            "shapes": torch.from_numpy(self.embedding.shapes),
            "spread": torch.from_numpy(self.embedding.spread),
            "radius": [self.centre, self.width],
            "told": asdict(self.told),
        }

    @classmethod
    def of_state(
        cls, state: dict[str, Any], space: ParameterSpace, config: ProposalConfig
    ) -> "TrainedProposal":
        """From what ``state`` told."""
        embedding = SpectrumEmbedding(state["shapes"].numpy(), state["spread"].numpy())
        network = PosteriorNetwork(space, config, embedding.size)
        network.load_state_dict(state["network"])
        network.eval()
        centre, width = state["radius"]
        return cls(network, embedding, centre, width, Trained(**state["told"]))

    def propose(
        self,
        measured: Measurement,
        known: NDArray[np.float64],
        absent: NDArray[np.bool_],
    ) -> "NetworkProposal":
        """The proposal for one spectrum.

        Args:
            measured: it. known: (T,) values of ``space.from_table``.
            absent: (C,) components that are not there.
        """
        bank = noise_bank([measured], self.embedding.shapes)
        return NetworkProposal(self, bank, measured, known, absent)


class NetworkProposal:
    """A ``sampler.Proposal``: the flow of one spectrum, a part of it with its base stretched.

    The stretched part gives the flow heavier tails than it learnt: a posterior that reaches further
    would make weights without bound.
    """

    def __init__(
        self,
        trained: TrainedProposal,
        bank: NoiseBank,
        measured: Measurement,
        known: Array,
        absent: NDArray[np.bool_],
    ) -> None:
        depth = torch.from_numpy(measured.depth[None] * 1e6).float()
        which, one = torch.zeros(1, dtype=torch.long), torch.ones(1)
        with torch.no_grad():
            embedded = trained.embedding(depth, bank, which, one)
            row = torch.from_numpy(np.log(known)[None]).float()
            present = torch.from_numpy(1.0 - absent[None]).float()
            density = trained.network.density(embedded[0], row[0], present[0])
        self._transform, self._size = density.transform, density.base.event_shape[0]

    def sample(self, count: int, rng: np.random.Generator) -> Array:
        """(count, P)."""
        stretch = np.where(rng.random(count) < _STRETCHED_SHARE, _STRETCH, 1.0)
        base = rng.standard_normal((count, self._size)) * stretch[:, None]
        with torch.no_grad():
            points = self._transform.inv(torch.from_numpy(base).float())
        return np.asarray(points.numpy(), dtype=np.float64)

    def log_density(self, points: Array) -> Array:
        """(B,)."""
        with torch.no_grad():
            base, slope = self._transform.call_and_ladj(torch.from_numpy(points).float())
        squares = (base.double() ** 2).sum(1).numpy()
        constant = -self._size / 2 * np.log(2 * np.pi)
        usual = np.log(1 - _STRETCHED_SHARE) - squares / 2
        wide = np.log(_STRETCHED_SHARE) - squares / 2 / _STRETCH**2
        wide -= self._size * np.log(_STRETCH)
        return np.asarray(constant + np.logaddexp(usual, wide) + slope.double().numpy())
