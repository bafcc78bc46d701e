"""The phase ``contrastive``: segments of a visit's transit belong together, others do not.

Every visit's light curve is encoded twice, each time with half of the transit's measured values
hidden; the mean of the latents over the transit's seen half is one segment. A visit's two segments
attract each other; they are repelled by other visits' segments in transit and by every visit's
segment out of transit. The loss is InfoNCE (van den Oord et al. 2018, arXiv:1807.03748) in both
directions, at a temperature that each batch draws anew. The transit's template alone would tell
which step is in transit: residuals, whose unit is their own noise, are added to it, so that what
is seen is a light curve whose noise is as large as the transit is deep.

No label is read. The AIRS bins have no time: only the FGS1 encoder is trained.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spectramind.config.optimisation import TrainConfig
from spectramind.errors import SchemaError
from spectramind.models.network import SpectraMind
from spectramind.training.engine.phase import Judged
from spectramind.training.phases.pretraining import (
    UnlabelledVisits,
    batch_sizes,
    epoch_order,
    in_tokens,
    mean_of_chosen,
    steps_of,
)

# Channels of models.inputs.sequence: the template of FGS1 and of AIRS, then what was measured.
TEMPLATES = 2
# A token counts as in transit where the template's dip is deeper than half of the transit, as
# out of it where it is shallower than a twentieth; ingress and egress count as neither.
_IN, _OUT = -0.5, -0.05
_STOP_SEED = 21  # the validation's halves are the same in every epoch and every run


@dataclass(frozen=True)
class Halves:
    """A batch.

    Attributes:
        series: (B, T, C), light curves in place of template and residuals.
        first, second, outside: (B, L), True for tokens of one half of the transit, of the other,
            and out of transit; each has at least one of each.
        temperature: of the similarities.
    """

    series: Tensor
    first: Tensor
    second: Tensor
    outside: Tensor
    temperature: float


class SegmentEncoder(nn.Module):
    """The network's FGS1 encoder and a projection of segments to the unit sphere."""

    def __init__(self, network: SpectraMind, dim: int) -> None:
        super().__init__()
        self.fgs1, self.stride = network.fgs1, network.fgs1.stride
        width = network.fgs1.stem.out_features
        self.project = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, dim))

    def forward(self, batch: Halves) -> Tensor:
        """Segments (B, 3, dim) of length one: first and second half, out of transit."""
        _, one = self.fgs1(self._hidden(batch.series, batch.second))
        _, other = self.fgs1(self._hidden(batch.series, batch.first))
        pooled = [mean_of_chosen(one, batch.first), mean_of_chosen(other, batch.second)]
        pooled.append(mean_of_chosen((one + other) / 2, batch.outside))
        return F.normalize(self.project(torch.stack(pooled, dim=1)).float(), dim=-1)

    def _hidden(self, series: Tensor, tokens: Tensor) -> Tensor:
        return series.masked_fill(steps_of(tokens, self.stride, series.shape[1]), 0.0)


class Contrastive:
    """InfoNCE on visits without labels; a phase of the engine.

    Args:
        network: whose FGS1 encoder is trained, in place. visits: to learn from and to stop by;
            those without two tokens in transit and one out of it are left out.
        config: ``contrastive`` and the batch size. device: where it is trained.

    Raises:
        SchemaError: fewer than two visits are left to learn from or to stop by.
    """

    def __init__(
        self,
        network: SpectraMind,
        visits: UnlabelledVisits,
        config: TrainConfig,
        device: torch.device,
    ) -> None:
        self.network = SegmentEncoder(network, config.contrastive.dim).to(device)
        self.config, self.device = config, device
        self.train, self.stop = (
            self._usable(inputs.fgs1, where)
            for inputs, where in ((visits.train, "training"), (visits.stop, "early-stop"))
        )
        rng = np.random.default_rng(_STOP_SEED)
        rows = torch.arange(len(self.stop)).split(batch_sizes(len(self.stop), config.batch_size))
        steady = config.contrastive.temperature
        self.fixed = [self._halved(self.stop[row], steady, rng) for row in rows]

    def _usable(self, series: Tensor, where: str) -> Tensor:
        inside, outside = self._places(series)
        usable = (inside.sum(1) >= 2) & outside.any(1)
        if usable.sum() < 2:
            raise SchemaError(
                f"train.phase=contrastive needs two visits of the {where} fold with light in and "
                f"out of transit, there are {int(usable.sum())} of {len(series)}: leave the phase "
                "out, bring more visits, or take a longer train.sequence_length or a smaller "
                "model.fgs1_mamba.stride"
            )
        return series[usable]

    def _places(self, series: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens in transit and out of it, (n, L) each, by the template."""
        token = in_tokens(series[..., 0], self.network.stride)
        return (token < _IN).all(2), (token > _OUT).all(2)

    def _halved(self, series: Tensor, temperature: float, rng: np.random.Generator) -> Halves:
        inside, outside = self._places(series)
        first = torch.zeros_like(inside)
        for row, where in enumerate(inside):
            tokens = torch.nonzero(where).squeeze(1)
            chosen = rng.permutation(len(tokens))[: len(tokens) // 2]
            first[row, tokens[torch.from_numpy(chosen)]] = True
        series = series.clone()
        series[..., :TEMPLATES] += series[..., TEMPLATES : 2 * TEMPLATES]
        series[..., TEMPLATES : 2 * TEMPLATES] = 0.0
        return Halves(
            series.to(self.device),
            first.to(self.device),
            (inside & ~first).to(self.device),
            outside.to(self.device),
            temperature,
        )

    def batch_count(self) -> int:
        """Batches an epoch."""
        return len(batch_sizes(len(self.train), self.config.batch_size))

    def batches(self, rng: np.random.Generator) -> Iterator[Halves]:
        """One epoch; halves and temperatures are drawn anew."""
        config = self.config.contrastive
        for rows in epoch_order(len(self.train), self.config.batch_size, rng):
            factor = 1 + config.jitter * rng.uniform(-1, 1)
            yield self._halved(self.train[rows], config.temperature * factor, rng)

    def rows(self, batch: Halves) -> int:
        """Visits in a batch."""
        return len(batch.series)

    def part(self, batch: Halves, rows: slice) -> Halves:
        """Some of them, compared with each other alone."""
        b = batch
        first, second, outside = b.first[rows], b.second[rows], b.outside[rows]
        return Halves(b.series[rows], first, second, outside, b.temperature)

    def answer(self, batch: Halves) -> Tensor:
        """Segments (B, 3, dim)."""
        return self.network(batch)

    def judge(self, batch: Halves, answer: Tensor) -> Judged:
        """InfoNCE, and how often a segment's nearest is its partner."""
        each, nearest = info_nce(answer, batch.temperature)
        return Judged(each.mean(), {"nearest_is_partner": float(nearest.float().mean())})

    def evaluate(self) -> Tensor:
        """InfoNCE of each visit to stop by, (n,), at the temperature without jitter."""
        self.network.eval()
        with torch.no_grad():
            each = [info_nce(self.network(b), b.temperature)[0].cpu() for b in self.fixed]
        return torch.cat(each)


def info_nce(segments: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """InfoNCE of each visit [nats], (B,), mean of both directions.

    For the first half a_i: -ln [exp(a_i b_i / t) / sum_j (exp(a_i b_j / t) + exp(a_i o_j / t))],
    with b the second halves and o the segments out of transit; likewise for b_i.

    Args:
        segments: (B, 3, dim), of length one: a, b, o. temperature: t.

    Returns:
        the loss (B,), and whether each a_i is nearest to its own b_i (B,).
    """
    first, second, outside = segments.unbind(1)
    partner = torch.arange(len(first), device=first.device)
    losses, nearest = [], []
    for one, other in ((first, second), (second, first)):
        likeness = one @ torch.cat([other, outside]).T / temperature
        losses.append(F.cross_entropy(likeness, partner, reduction="none"))
        nearest.append(likeness.argmax(1) == partner)
    return (losses[0] + losses[1]) / 2, nearest[0]
