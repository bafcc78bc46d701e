"""The physics estimate: a prior over spectra, conditioned on depths with their covariance."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from spectramind.config.model import PriorConfig
from spectramind.contracts.planet import LabelledPlanets, Planet
from spectramind.contracts.predictive import Predictive
from spectramind.contracts.spectra import Spectra
from spectramind.estimators.protocol import DepthsOf, fitted_depths
from spectramind.prior.prior_fit import fit_prior
from spectramind.prior.spectral_prior import Posterior, SpectralPrior


@dataclass(frozen=True, eq=False)
class PhysicsEstimate:
    """Posterior mean and standard deviation of every bin.

    With the depths of someone who knows geometry, limb darkening, drift and noise it is the oracle.

    Attributes:
        prior: what is known of spectra and errors; None before ``fit``.
        settings: where the prior comes from.
        depths: what is measured of a planet.
    """

    prior: SpectralPrior | None
    settings: PriorConfig
    name: str = "physics"
    depths: DepthsOf = fitted_depths

    def fit(self, fold: LabelledPlanets, stop: LabelledPlanets) -> Self:
        """Learn prior and error factors; there is nothing to stop.

        Raises:
            ConfigError: labels are needed, and there are fewer than three.
        """
        measured = [self.depths(planet) for planet in fold.planets]
        return replace(self, prior=fit_prior(fold.truth, measured, self.settings))

    @property
    def learnt(self) -> SpectralPrior:
        """The prior.

        Raises:
            ValueError: nothing was learnt yet.
        """
        if self.prior is None:
            raise ValueError(f"{self.name} has learnt nothing yet: call fit first")
        return self.prior

    def posteriors(self, planets: Sequence[Planet]) -> list[Posterior]:
        """One a planet."""
        return self.learnt.posteriors([self.depths(planet) for planet in planets])

    def predict(self, planets: Sequence[Planet]) -> Predictive:
        """Their moments; a negative depth is no spectrum, whatever the noise says."""
        found = self.posteriors(planets)
        ids = tuple(planet.planet_id for planet in planets)
        mu = np.maximum(np.stack([p.mean for p in found]), 0.0)
        return Predictive(Spectra(ids, mu, np.stack([p.sigma for p in found])))
