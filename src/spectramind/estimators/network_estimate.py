"""The network's correction of the physics estimate; untrained it is the physics estimate."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch

from spectramind.contracts.planet import LabelledPlanets, Planet
from spectramind.contracts.predictive import SUBMITTED, Predictive
from spectramind.contracts.spectra import Spectra
from spectramind.estimators.physics_estimate import PhysicsEstimate
from spectramind.models.inputs import batch_inputs
from spectramind.models.network import SpectraMind
from spectramind.prior.spectral_prior import SpectralPrior
from spectramind.run.progress import track

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
    """

    network: SpectraMind
    physics: PhysicsEstimate
    sequence_length: int
    batch_size: int
    device: torch.device
    trainer: Trainer | None = None
    name: str = SUBMITTED

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
        network = self.network.to(self.device).eval()
        answers = self.physics.posteriors(planets)
        mu, sigma = [], []
        starts = range(0, len(planets), self.batch_size)
        for start in track(starts, "predict", len(starts)):
            part = slice(start, start + self.batch_size)
            inputs = batch_inputs(planets[part], answers[part], self.sequence_length)
            with torch.no_grad():
                outputs = network(inputs.to(self.device))
            mu.append(np.maximum(outputs.mu.double().cpu().numpy(), 0.0))
            sigma.append(outputs.sigma.double().cpu().numpy())
        ids = tuple(planet.planet_id for planet in planets)
        return Predictive(Spectra(ids, np.concatenate(mu), np.concatenate(sigma)))
