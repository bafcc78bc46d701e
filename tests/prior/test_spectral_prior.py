"""Conditioning the mixture: exact, sharper than the measurement, honest about how sharp."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.config.compose import compose
from spectramind.contracts.measurement import Measurement
from spectramind.errors import ConfigError
from spectramind.instrument.grid import N_BINS
from spectramind.prior.error_model import STATED
from spectramind.prior.prior_fit import fit_prior
from spectramind.prior.spectral_prior import SpectralPrior
from spectramind.prior.spotted import before

Array = NDArray[np.float64]


def planets(rng: np.random.Generator, count: int) -> Array:
    """Spectra: a level, and two shapes of random amplitude, some planets ten times flatter."""
    x = np.linspace(0, 1, N_BINS)
    shapes = np.stack([np.sin(6 * x), np.exp(-(((x - 0.4) / 0.1) ** 2))])
    size = rng.choice([1e-5, 1e-4], (count, 1))
    return rng.normal(0.015, 0.003, (count, 1)) + size * rng.normal(0, 1, (count, 2)) @ shapes


def measure(rng: np.random.Generator, truth: Array, sigma: float = 2e-4) -> Measurement:
    """White noise, and 50 ppm common to all bins."""
    noise = sigma * rng.standard_normal(N_BINS) + 5e-5 * rng.standard_normal()
    return Measurement(truth + noise, np.full(N_BINS, sigma**2), np.full((N_BINS, 1), 5e-5))


@pytest.fixture(scope="module")
def prior() -> SpectralPrior:
    rng = np.random.default_rng(0)
    truth = planets(rng, 80)
    settings = compose(["model.prior.source=labels", "model.prior.components=6"]).model.prior
    return fit_prior(truth, [[measure(rng, y)] for y in truth], settings)


def test_posterior_beats_the_measurement_and_knows_how_good_it_is(prior: SpectralPrior) -> None:
    rng = np.random.default_rng(1)
    raw, posterior, z = [], [], []
    for y in planets(rng, 80):
        measured = measure(rng, y)
        answer = prior.posterior([measured])
        raw.append(measured.depth - y)
        posterior.append(answer.mean - y)
        z.append((answer.mean - y) / answer.sigma)
    assert np.std(posterior) < 0.35 * np.std(raw)
    assert np.std(z) == pytest.approx(1.0, abs=0.2)


def test_a_flat_planet_is_known_better_than_a_structured_one(prior: SpectralPrior) -> None:
    """One Gaussian would be as unsure of both."""
    x = np.linspace(0, 1, N_BINS)
    exact = replace(prior, errors=STATED)
    flat, structured = np.full(N_BINS, 0.015), 0.015 + 2e-4 * np.sin(6 * x)
    no_modes = np.zeros((N_BINS, 1))
    visits = [Measurement(y, np.full(N_BINS, 1e-4**2), no_modes) for y in (flat, structured)]
    sigma = [np.mean(exact.posterior([visit]).sigma) for visit in visits]
    assert sigma[0] < 0.8 * sigma[1]


def test_posterior_is_the_textbook_mixture(prior: SpectralPrior) -> None:
    """Dense matrices, information form, then the moments of the mixture."""
    rng = np.random.default_rng(3)
    visits = [measure(rng, y) for y in planets(rng, 1) for _ in range(2)]
    prior = replace(prior, patchy=before(1e-12))  # spots: test_spotted.py
    one = prior.errors.combined(visits)
    precision = np.linalg.inv(one.covariance)
    means, variances, logs = [], [], []
    hazy = prior.haze_share
    for w, size, haze in (
        (w * share, size, haze)
        for w, size in zip(prior.weight, prior.size, strict=True)
        for share, haze in ((1 - hazy, 0.0), (hazy, prior.haze_depth))
    ):
        mean, c, r = prior.of_size(size)
        r = r + haze**2 * (np.arange(N_BINS) == 0)
        own = np.linalg.inv(c @ c.T + np.diag(r))
        covariance = np.linalg.inv(own + precision)
        means.append(covariance @ (own @ mean + precision @ one.depth))
        variances.append(np.diag(covariance))
        total = c @ c.T + np.diag(r) + one.covariance
        off = one.depth - mean
        logs.append(np.log(w) - 0.5 * (off @ np.linalg.solve(total, off)))
        logs[-1] -= 0.5 * np.linalg.slogdet(total)[1]
    share = np.exp(np.array(logs) - np.logaddexp.reduce(logs))[:, None]
    mean = (share * means).sum(axis=0)
    second = (share * (np.array(variances) + np.array(means) ** 2)).sum(axis=0)
    answer = prior.posterior(visits)
    np.testing.assert_allclose(answer.mean, mean, rtol=1e-6)
    np.testing.assert_allclose(answer.sigma**2, second - mean**2, rtol=2e-3)


@pytest.mark.parametrize("haze", [-4e-4, 4e-4])
def test_a_haze_stays_in_fgs1(prior: SpectralPrior, haze: float) -> None:
    """FGS1 is measured to 30 ppm: what it shows beyond the AIRS bins is believed."""
    rng = np.random.default_rng(6)
    truth = planets(rng, 1)[0]
    truth[0] += haze
    variance = np.full(N_BINS, 2e-4**2)
    variance[0] = 3e-5**2
    noise = np.sqrt(variance) * rng.standard_normal(N_BINS)
    measured = Measurement(truth + noise, variance, np.full((N_BINS, 1), 5e-5))
    answer = replace(prior, errors=STATED, patchy=before(1e-12)).posterior([measured])
    assert abs(answer.mean[0] - truth[0]) < 3 * answer.sigma[0]
    assert answer.sigma[0] < 1e-4
    assert abs((answer.mean - truth)[1:].mean()) < 6e-5


def test_share_and_depth_of_hazes_count(prior: SpectralPrior) -> None:
    """The wider or more frequent, the more FGS1 is left to itself; the AIRS bins feel little."""
    rng = np.random.default_rng(6)
    measured = measure(rng, planets(rng, 1)[0], 1e-4)
    without, usual, frequent, wide = (
        replace(prior, errors=STATED, patchy=before(1e-12), haze_share=share, haze_depth=depth)
        .posterior([measured])
        .sigma[0]
        for share, depth in ((0.0, 2.5e-4), (0.1, 2.5e-4), (0.5, 2.5e-4), (0.5, 1e-3))
    )
    assert without < usual < frequent
    assert wide != frequent
    rare = replace(prior, errors=STATED, patchy=before(1e-12), haze_share=1e-9).posterior(
        [measured]
    )
    assert rare.sigma[0] == pytest.approx(without, rel=1e-6)


@pytest.mark.parametrize("haze", [{"haze_share": 1.0}, {"haze_share": -0.1}, {"haze_depth": 0.0}])
def test_a_senseless_haze_is_refused(prior: SpectralPrior, haze: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="hazes of"):
        replace(prior, **haze)


def test_two_visits_know_more_than_one(prior: SpectralPrior) -> None:
    rng = np.random.default_rng(4)
    visits = [measure(rng, planets(rng, 1)[0])] * 2
    assert np.mean(prior.posterior(visits).sigma) < np.mean(prior.posterior(visits[:1]).sigma)


def test_no_knowledge_gives_the_prior_back(prior: SpectralPrior) -> None:
    blank = Measurement(np.full(N_BINS, 0.0147), np.full(N_BINS, 1e-8), np.full((N_BINS, 1), 10.0))
    answer = prior.posterior([blank])
    assert np.mean(answer.sigma) == pytest.approx(prior.level_sigma, rel=0.05)
    assert prior.level_sigma == pytest.approx(2 * 0.003, rel=0.25)


def test_state_round_trip(prior: SpectralPrior) -> None:
    again = SpectralPrior.from_state(prior.state())
    rng = np.random.default_rng(5)
    measured = [measure(rng, planets(rng, 1)[0])]
    np.testing.assert_array_equal(again.posterior(measured).sigma, prior.posterior(measured).sigma)
    with pytest.raises(KeyError, match="errors_noise"):
        SpectralPrior.from_state({k: v for k, v in prior.state().items() if k != "errors_noise"})
