"""The phase ``mae``: parts of the inputs are hidden, the encoders must tell what stood there.

Hidden are, of some bins, what was measured there (a bin's place and molecules stay), and, of some
tokens of the light curve, residuals and jitter (the transit's template stays: it is known). Each
hidden value is replaced by one that is learnt; one linear layer on an encoder's latents names the
values. The loss is the mean square error over what was hidden, in the inputs' own units of order
one, the mean of both encoders'. No label is read. (He et al. 2022, arXiv:2111.06377.)
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from spectramind.config.optimisation import TrainConfig
from spectramind.errors import ConfigError
from spectramind.models.inputs import UNIT
from spectramind.models.network import Inputs, SpectraMind
from spectramind.training.engine.phase import Judged
from spectramind.training.phases.masks import hidden_bins, hidden_tokens
from spectramind.training.phases.pretraining import (
    UnlabelledVisits,
    batch_sizes,
    epoch_order,
    in_tokens,
    mean_of_chosen,
    picked,
    row_count,
    steps_of,
)

# Channels of models.inputs.sequence from which on they are measured, template before.
MEASURED_FROM = 2
# Columns of models.inputs.node_features: spectrum and residual; logarithms of both sigmas.
DEPTHS, LOG_SIGMAS = (0, 1), (2, 3)
_STOP_SEED = 20  # the validation's masks are the same in every epoch and every run


@dataclass(frozen=True)
class Masked:
    """A batch: inputs, hidden bins (B, 283) and hidden tokens (B, L), True where hidden."""

    inputs: Inputs
    bins: Tensor
    tokens: Tensor


@dataclass(frozen=True)
class Rebuilt:
    """Values named: of nodes (B, 283, K), of light curve tokens (B, L, stride, channels)."""

    nodes: Tensor
    steps: Tensor


class MaskedAutoencoder(nn.Module):
    """The network's encoders with what stands for hidden values, and a layer that names them.

    Args:
        network: whose encoders are trained in place. channels: of the light curve.
        columns: of the nodes, hidden and asked for.
    """

    def __init__(self, network: SpectraMind, channels: int, columns: tuple[int, ...]) -> None:
        super().__init__()
        self.fgs1, self.airs = network.fgs1, network.airs
        self.columns, self.stride = columns, network.fgs1.stride
        self.measured = channels - MEASURED_FROM
        width = network.fgs1.stem.out_features, network.airs.embed.out_features
        self.hidden_step = nn.Parameter(torch.zeros(self.measured))
        self.hidden_bin = nn.Parameter(torch.zeros(len(columns)))
        self.name_steps = nn.Linear(width[0], self.stride * self.measured)
        self.name_bins = nn.Linear(width[1], len(columns))

    def forward(self, batch: Masked) -> Rebuilt:
        """Hide, encode, name."""
        nodes = batch.inputs.nodes.clone()
        seen = nodes[..., list(self.columns)]
        nodes[..., list(self.columns)] = torch.where(
            batch.bins.unsqueeze(-1), self.hidden_bin.to(seen.dtype), seen
        )
        series = batch.inputs.fgs1
        steps = steps_of(batch.tokens, self.stride, series.shape[1])
        measured = torch.where(
            steps, self.hidden_step.to(series.dtype), series[..., MEASURED_FROM:]
        )
        _, latents = self.fgs1(torch.cat([series[..., :MEASURED_FROM], measured], dim=-1))
        _, embedded, _ = self.airs(nodes)
        shape = (*latents.shape[:2], self.stride, self.measured)
        return Rebuilt(self.name_bins(embedded), self.name_steps(latents).view(shape))


class MaskedReconstruction:
    """Masked reconstruction on visits without labels; a phase of the engine.

    Args:
        network: whose encoders are trained, in place. visits: to learn from and to stop by.
        config: ``mae`` and the batch size. device: where it is trained.

    Raises:
        ConfigError: the light curve is one token, which cannot be hidden and seen.
    """

    def __init__(
        self,
        network: SpectraMind,
        visits: UnlabelledVisits,
        config: TrainConfig,
        device: torch.device,
    ) -> None:
        self.tokens = -(-visits.train.fgs1.shape[1] // network.fgs1.stride)
        if self.tokens < 2:
            raise ConfigError(
                f"train.phase=mae hides some tokens of the light curve and shows others, and "
                f"model.fgs1_mamba.stride={network.fgs1.stride} leaves one: at most half of "
                "train.sequence_length is allowed"
            )
        columns = DEPTHS + LOG_SIGMAS if config.mae.log_sigma else DEPTHS
        channels = visits.train.fgs1.shape[2]
        self.network = MaskedAutoencoder(network, channels, columns).to(device)
        self.visits, self.config, self.device = visits, config, device
        rng = np.random.default_rng(_STOP_SEED)
        rows = torch.arange(row_count(visits.stop)).split(config.batch_size)
        self.stop = [self._masked(picked(visits.stop, row), rng) for row in rows]

    def batch_count(self) -> int:
        """Batches an epoch."""
        return len(batch_sizes(row_count(self.visits.train), self.config.batch_size))

    def batches(self, rng: np.random.Generator) -> Iterator[Masked]:
        """One epoch; what is hidden is drawn anew."""
        for rows in epoch_order(row_count(self.visits.train), self.config.batch_size, rng):
            yield self._masked(picked(self.visits.train, rows), rng)

    def _masked(self, inputs: Inputs, rng: np.random.Generator) -> Masked:
        depth_sigma = UNIT * inputs.nodes[..., LOG_SIGMAS[1]].double().exp()
        snr = (inputs.mu0.double().clamp_min(UNIT) / depth_sigma).numpy()
        bins = hidden_bins(self.config.mae, snr, rng)
        steps = hidden_tokens(self.config.mae, len(snr), self.tokens, rng)
        return Masked(
            inputs.to(self.device),
            torch.from_numpy(bins).to(self.device),
            torch.from_numpy(steps).to(self.device),
        )

    def rows(self, batch: Masked) -> int:
        """Visits in a batch."""
        return row_count(batch.inputs)

    def part(self, batch: Masked, rows: slice) -> Masked:
        """Some of them."""
        return Masked(picked(batch.inputs, rows), batch.bins[rows], batch.tokens[rows])

    def answer(self, batch: Masked) -> Rebuilt:
        """The values named."""
        return self.network(batch)

    def judge(self, batch: Masked, answer: Rebuilt) -> Judged:
        """Mean square errors of what was hidden."""
        bins, steps = (each.mean() for each in self._errors(batch, answer))
        parts = {"bins_loss": float(bins.detach()), "steps_loss": float(steps.detach())}
        return Judged((bins + steps) / 2, parts)

    def evaluate(self) -> Tensor:
        """Mean square error of each visit to stop by, (n,)."""
        self.network.eval()
        each = []
        with torch.no_grad():
            for batch in self.stop:
                bins, steps = self._errors(batch, self.network(batch))
                each.append((bins + steps).cpu() / 2)
        return torch.cat(each)

    def _errors(self, batch: Masked, answer: Rebuilt) -> tuple[Tensor, Tensor]:
        """Mean over what is hidden of each visit, (B,): of bins and of tokens."""
        nodes, series = batch.inputs.nodes[..., list(self.network.columns)], batch.inputs.fgs1
        bins = (answer.nodes.float() - nodes).square().mean(-1)
        truth = in_tokens(series[..., MEASURED_FROM:], self.network.stride)
        steps = (answer.steps.float() - truth).square().mean((-1, -2))
        return mean_of_chosen(bins, batch.bins), mean_of_chosen(steps, batch.tokens)
