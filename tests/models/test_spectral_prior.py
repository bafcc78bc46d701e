"""The prior: exact conditioning, shrinkage where the data are weak, honest factors."""

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.errors import ConfigError
from spectramind.instrument.grid import N_BINS
from spectramind.models.measurement import Measurement, combine
from spectramind.models.spectral_prior import SpectralPrior, fit_prior

Array = NDArray[np.float64]


def planets(rng: np.random.Generator, count: int) -> Array:
    """Spectra: a level, and two shapes of random amplitude."""
    x = np.linspace(0, 1, N_BINS)
    shapes = np.stack([np.sin(6 * x), np.exp(-(((x - 0.4) / 0.1) ** 2))])
    return rng.normal(0.015, 0.003, (count, 1)) + rng.normal(0, 1e-4, (count, 2)) @ shapes


def measure(rng: np.random.Generator, truth: Array, sigma: float, stated: float) -> Measurement:
    noise = sigma * rng.standard_normal(N_BINS)
    return Measurement(truth + noise, np.full(N_BINS, stated**2), np.zeros((N_BINS, 1)))


@pytest.fixture
def prior() -> SpectralPrior:
    rng = np.random.default_rng(0)
    truth = planets(rng, 60)
    return fit_prior(truth, [[measure(rng, y, 2e-4, 2e-4)] for y in truth], components=6)


def test_posterior_beats_the_measurement_and_knows_how_good_it_is(prior: SpectralPrior) -> None:
    rng = np.random.default_rng(1)
    raw, posterior, z = [], [], []
    for y in planets(rng, 80):
        measured = measure(rng, y, 2e-4, 2e-4)
        answer = prior.posterior([measured])
        raw.append(measured.depth - y)
        posterior.append(answer.mean - y)
        z.append((answer.mean - y) / answer.sigma)
    assert np.std(posterior) < 0.35 * np.std(raw)
    assert np.std(z) == pytest.approx(1.0, abs=0.2)


def test_posterior_is_the_textbook_formula(prior: SpectralPrior) -> None:
    rng = np.random.default_rng(2)
    measured = measure(rng, planets(rng, 1)[0], 1e-4, 1e-4)
    error = prior.error_covariance(measured)
    precision = np.linalg.inv(prior.covariance) + np.linalg.inv(error)
    covariance = np.linalg.inv(precision)
    right = np.linalg.solve(prior.covariance, prior.mean) + np.linalg.solve(error, measured.depth)
    answer = prior.posterior([measured])
    np.testing.assert_allclose(answer.mean, covariance @ right, rtol=1e-5)
    np.testing.assert_allclose(answer.sigma, np.sqrt(np.diag(covariance)), rtol=1e-4)


def test_two_visits_know_more_than_one(prior: SpectralPrior) -> None:
    rng = np.random.default_rng(3)
    y = planets(rng, 1)[0]
    visits = [measure(rng, y, 2e-4, 2e-4) for _ in range(2)]
    assert np.all(prior.posterior(visits).sigma < prior.posterior(visits[:1]).sigma)


def test_combining_by_hand() -> None:
    """1 +- 1 and 4 +- 2 (variances 1 and 4): weights 4/5 and 1/5, variance 4/5."""
    one, two = np.array([1.0]), np.array([4.0])
    mean, variance = combine([one, two], [np.array([[1.0]]), np.array([[4.0]])])
    assert mean[0] == pytest.approx(1.6)
    assert variance[0, 0] == pytest.approx(0.8)


def test_no_knowledge_gives_the_prior_back(prior: SpectralPrior) -> None:
    blank = Measurement(np.full(N_BINS, 0.0147), np.full(N_BINS, 1e-8), np.full((N_BINS, 1), 10.0))
    answer = prior.posterior([blank])
    assert np.mean(answer.sigma) == pytest.approx(prior.level_sigma, rel=0.05)


def test_understated_noise_is_found_out() -> None:
    rng = np.random.default_rng(4)
    truth = planets(rng, 60)
    prior = fit_prior(truth, [[measure(rng, y, 3e-4, 1e-4)] for y in truth], components=6)
    assert prior.noise_scale == pytest.approx(9.0, rel=0.05)
    # FGS1 is one bin: its excess variance, 8e-8, relative to depth squared.
    expected = np.sqrt(8e-8 * np.mean(1 / truth[:, 1:].mean(axis=1) ** 2))
    assert prior.extra_fgs1 == pytest.approx(expected, rel=0.25)


def test_few_planets_keep_few_components_and_two_are_refused() -> None:
    rng = np.random.default_rng(5)
    truth = planets(rng, 4)
    visits = [[measure(rng, y, 1e-4, 1e-4)] for y in truth]
    assert fit_prior(truth, visits, components=8).components.shape == (N_BINS, 2)
    with pytest.raises(ConfigError, match="2 training planets"):
        fit_prior(truth[:2], visits[:2], components=8)


def test_state_round_trip(prior: SpectralPrior) -> None:
    again = SpectralPrior.from_state(prior.state())
    np.testing.assert_array_equal(again.covariance, prior.covariance)
    assert again.noise_scale == prior.noise_scale
