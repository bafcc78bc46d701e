"""Small planets made of Gaussian measurements: enough for the loop, no telemetry needed."""

import numpy as np
import pytest

from spectramind.config.compose import compose
from spectramind.config.root import Config
from spectramind.contracts.measurement import Measurement
from spectramind.contracts.planet import LabelledPlanets, Planet
from spectramind.instrument.grid import N_BINS
from spectramind.prior.prior_fit import fit_prior
from spectramind.prior.spectral_prior import SpectralPrior


def labelled(rng: np.random.Generator, count: int) -> LabelledPlanets:
    """Planets with a level and one spectral feature, measured with 200 ppm a bin."""
    x = np.linspace(0, 1, N_BINS)
    truth = rng.normal(0.015, 0.003, (count, 1)) + rng.normal(0, 1e-4, (count, 1)) * np.sin(6 * x)
    planets = []
    for i, y in enumerate(truth):
        depth = y + 2e-4 * rng.standard_normal(N_BINS)
        measured = Measurement(depth, np.full(N_BINS, 4e-8), np.full((N_BINS, 1), 3e-5))
        curve = 1 + 1e-3 * rng.standard_normal((50, 2))
        planets.append(Planet(str(i), (measured,), curve, np.ones((50, 2)), curve - 1))
    return LabelledPlanets(tuple(planets), truth)


@pytest.fixture
def config() -> Config:
    return compose(["train.epochs=2", "train.batch_size=4", "train.sequence_length=32"])


@pytest.fixture
def folds() -> tuple[LabelledPlanets, LabelledPlanets]:
    rng = np.random.default_rng(0)
    return labelled(rng, 10), labelled(rng, 5)


@pytest.fixture
def prior(folds: tuple[LabelledPlanets, LabelledPlanets]) -> SpectralPrior:
    fold = folds[0]
    settings = compose(["model.prior.source=labels", "model.prior.components=4"]).model.prior
    return fit_prior(fold.truth, [planet.measurements for planet in fold.planets], settings)
