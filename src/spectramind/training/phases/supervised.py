"""The supervised phase: a correction of the physics estimate, kept only if it helps.

Epoch 0 is the untrained network, which is the physics estimate whatever its encoders were
pretrained to. Early stopping looks at the objective of the validation fold; the best epoch is kept
only when it beats epoch 0 by more than one standard error of the difference over planets.
Otherwise the checkpoint holds epoch 0.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from spectramind.config.optimisation import TrainConfig
from spectramind.contracts.planet import LabelledPlanets
from spectramind.models.diffusion import DiffusionDecoder
from spectramind.models.network import Inputs, Outputs, SpectraMind
from spectramind.prior.spectral_prior import SpectralPrior
from spectramind.training.batches import fixed_batches, training_batches
from spectramind.training.engine.phase import Judged
from spectramind.training.engine.trainer import Epoch, Trainer, Weights
from spectramind.training.objective import Objective
from spectramind.training.phases.pretraining import picked

Labelled = tuple[Inputs, Tensor]


@dataclass(frozen=True)
class Outcome:
    """What is kept of a training.

    Attributes:
        weights: the chosen weights.
        epoch: their epoch, 0 when training did not beat the physics estimate.
        history: one dict an epoch, the untrained network first; losses in nats a weighted bin, or
            in the official score where that is the objective.
        gain, gain_error: mean validation gain over physics of the best epoch, and its error.
    """

    weights: Weights
    epoch: int
    history: list[dict[str, float]]
    gain: float
    gain_error: float


class Supervised:
    """Likelihood and symbolic rules on labelled planets; a phase of the engine."""

    def __init__(
        self,
        network: SpectraMind,
        objective: Objective,
        prior: SpectralPrior,
        train: LabelledPlanets,
        val: LabelledPlanets,
        config: TrainConfig,
        device: torch.device,
    ) -> None:
        self.network = network.to(device)
        self.objective = objective.to(device)
        self.prior, self.train, self.config, self.device = prior, train, config, device
        self.measured = [prior.posterior(planet.measurements) for planet in train.planets]
        if isinstance(network.decoder_mu, DiffusionDecoder):
            off = [(y - p.mean) / p.sigma for y, p in zip(train.truth, self.measured, strict=True)]
            network.decoder_mu.learn_modes(np.stack(off))
        self.val = fixed_batches(val, prior, config.sequence_length, config.batch_size)

    def batch_count(self) -> int:
        """Batches an epoch."""
        return -(-len(self.train) // self.config.batch_size)

    def batches(self, rng: np.random.Generator) -> Iterator[Labelled]:
        """One epoch on the device, part of the planets measured anew."""
        config = self.config
        size, length = config.batch_size, config.sequence_length
        for inputs, y in training_batches(
            self.train,
            self.measured,
            self.prior,
            length,
            size,
            config.redraw,
            config.redraw_spread,
            rng,
        ):
            yield inputs.to(self.device), y.to(self.device)

    def rows(self, batch: Labelled) -> int:
        """Planets in a batch."""
        return len(batch[1])

    def part(self, batch: Labelled, rows: slice) -> Labelled:
        """Some of them."""
        return picked(batch[0], rows), batch[1][rows]

    def answer(self, batch: Labelled) -> Outputs:
        """The network's answer."""
        return self.network(batch[0])

    def judge(self, batch: Labelled, answer: Outputs) -> Judged:
        """The objective: likelihood, coarse scales, symbolic rules."""
        inputs, y = batch
        loss = self.objective(inputs, answer, y)
        rules = {f"sym_{name}": value for name, value in loss.symbolic.items()}
        return Judged(loss.total, {"train_loss": loss.nll} | rules)

    def evaluate(self) -> Tensor:
        """Negative Gaussian log-likelihood, or negative official score, of each validation planet's
        mean and sigma, (n,): of what is submitted, whatever else the head was trained by.
        """
        self.network.eval()
        each = []
        with torch.no_grad():
            for inputs, y in self.val:
                outputs = self.network(inputs.to(self.device))
                each.append(self.objective.submitted(outputs, y.to(self.device)).cpu())
        return torch.cat(each)

    def choose(self, trainer: Trainer[Labelled, Outputs]) -> Outcome:
        """The best epoch if it beats physics by more than one standard error, else epoch 0."""
        first, best = trainer.first, trainer.best
        gain = first.each - best.each
        error = float(gain.std() / math.sqrt(len(gain))) if len(gain) > 1 else math.inf
        helps = best.number > 0 and float(gain.mean()) > error
        kept: Epoch = best if helps else first
        return Outcome(kept.weights, kept.number, trainer.history, float(gain.mean()), error)

    def best(self, trainer: Trainer[Labelled, Outputs]) -> Outcome:
        """The best epoch as it is, for planets that judge it elsewhere."""
        return self._as_is(trainer, trainer.best)

    def last(self, trainer: Trainer[Labelled, Outputs]) -> Outcome:
        """The last epoch, where how many there are was told beforehand."""
        weights = {name: value.cpu() for name, value in self.network.state_dict().items()}
        return self._as_is(trainer, Epoch(trainer.epoch, weights, trainer.first.each))

    def _as_is(self, trainer: Trainer[Labelled, Outputs], epoch: Epoch) -> Outcome:
        return Outcome(epoch.weights, epoch.number, trainer.history, math.nan, math.nan)
