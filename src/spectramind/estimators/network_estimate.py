"""The network's correction of the physics estimate; untrained it is the physics estimate."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spectramind.contracts.planet import LabelledPlanets, Planet
from spectramind.contracts.predictive import SUBMITTED, Predictive
from spectramind.contracts.spectra import Spectra
from spectramind.estimators.epistemic import ONE_ANSWER, Epistemic, combined
from spectramind.estimators.physics_estimate import PhysicsEstimate
from spectramind.models.inputs import batch_inputs
from spectramind.models.network import Inputs, Outputs, SpectraMind
from spectramind.prior.spectral_prior import SpectralPrior
from spectramind.run.progress import track

Array = NDArray[np.float64]
# Trains the network on top of a prior: fold, planets to stop by -> the network kept.
Trainer = Callable[[SpectraMind, SpectralPrior, LabelledPlanets, LabelledPlanets], SpectraMind]


@dataclass(frozen=True, eq=False)
class NetworkEstimate:
    """What is submitted: mean and sigma of the network.

    Attributes:
        network: its weights are those kept.
        physics: the estimate it corrects.
        sequence_length: steps of the light curve it expects.
        batch_size: planets a pass.
        device: where it computes.
        trainer: how it is trained; None for one that only predicts.
        others: further networks of an ensemble.
        epistemic: how several answers come about; ``mc_dropout`` draws its own.
    """

    network: SpectraMind
    physics: PhysicsEstimate
    sequence_length: int
    batch_size: int
    device: torch.device
    trainer: Trainer | None = None
    name: str = SUBMITTED
    others: tuple[SpectraMind, ...] = ()
    epistemic: Epistemic = ONE_ANSWER

    def fit(self, fold: LabelledPlanets, stop: LabelledPlanets) -> Self:
        """Learn the physics estimate, then train on top of it.

        Raises:
            ValueError: it has no trainer.
        """
        if self.trainer is None:
            raise ValueError(f"{self.name} was loaded to predict and has no trainer")
        physics = self.physics.fit(fold, stop)
        network = self.trainer(self.network, physics.learnt, fold, stop)
        return replace(self, physics=physics, network=network)

    def predict(self, planets: Sequence[Planet]) -> Predictive:
        """A batch at a time; a negative depth is no spectrum: the metric refuses it."""
        ids = tuple(planet.planet_id for planet in planets)
        mu, sigma = [], []
        for part, inputs in self._batches(planets, "predict"):
            one, other = self._stacked(inputs, ids[part])
            mu.append(one)
            sigma.append(other)
        return _as_one(ids, np.concatenate(mu, axis=1), np.concatenate(sigma, axis=1))

    def answer(self, inputs: Inputs, ids: Sequence[str]) -> tuple[Array, Array]:
        """Mean and sigma, (B, 283) each, of inputs that need be no planet's.

        Args:
            inputs: a batch. ids: of the planet that each is told as; one may come again.
        """
        every, widths = self._stacked(inputs, ids)
        rows = tuple(str(row) for row in range(len(ids)))
        said = _as_one(rows, every, widths).spectra
        return said.mu, said.sigma

    def _stacked(self, inputs: Inputs, ids: Sequence[str]) -> tuple[Array, Array]:
        """``_answers`` as arrays."""
        with torch.no_grad():
            mu, sigma = self._answers(inputs.to(self.device), ids)
        return mu.double().cpu().numpy(), sigma.double().cpu().numpy()

    def latents(self, planets: Sequence[Planet]) -> NDArray[np.float64]:
        """Fused latents of the first network, without dropout, (n, D)."""
        network = self.network.to(self.device).eval()
        found = []
        for _, inputs in self._batches(planets, "latents"):
            with torch.no_grad():
                found.append(network(inputs).latent.double().cpu().numpy())
        return np.concatenate(found)

    def _batches(self, planets: Sequence[Planet], said: str) -> Iterator[tuple[slice, Inputs]]:
        """Which planets a batch holds, and the batch on the device."""
        answers = self.physics.posteriors(planets)
        starts = range(0, len(planets), self.batch_size)
        for start in track(starts, said, len(starts)):
            part = slice(start, start + self.batch_size)
            inputs = batch_inputs(planets[part], answers[part], self.sequence_length)
            yield part, inputs.to(self.device)

    def _answers(self, inputs: Inputs, ids: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Mean and sigma of each member, or of each pass with dropout, (K, B, 283)."""
        if self.epistemic.kind == "mc_dropout":
            rows = [self._passes(inputs, row, planet) for row, planet in enumerate(ids)]
            return torch.stack([r.mu for r in rows], 1), torch.stack([r.sigma for r in rows], 1)
        networks = (self.network, *self.others)
        outputs = [network.to(self.device).eval()(inputs) for network in networks]
        return torch.stack([o.mu for o in outputs]), torch.stack([o.sigma for o in outputs])

    def _passes(self, inputs: Inputs, row: int, planet_id: str) -> Outputs:
        """One planet many times over, dropout on, by a seed of the planet's own."""
        times = self.epistemic.passes
        same = {
            f.name: getattr(inputs, f.name)[row : row + 1].repeat_interleave(times, 0)
            for f in fields(inputs)
        }
        network = self.network.to(self.device).train()  # no layer but dropout knows the difference
        gpus = [self.device] if self.device.type == "cuda" else []
        try:
            with torch.random.fork_rng(gpus):
                torch.manual_seed(self.epistemic.planet_seed(planet_id))
                return network(Inputs(**same))
        finally:
            network.eval()


def _as_one(ids: tuple[str, ...], mu: Array, sigma: Array) -> Predictive:
    """One answer out of K, (K, n, 283) each."""
    if len(mu) > 1:
        return combined(ids, mu, sigma)
    return Predictive(Spectra(ids, np.maximum(mu[0], 0.0), sigma[0]))
