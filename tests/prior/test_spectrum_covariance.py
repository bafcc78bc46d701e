"""The covariance of spectra: its diagonal is the posterior's sigma, with spots and hazes too."""

import numpy as np
import pytest

from spectramind.config.compose import compose
from spectramind.contracts.measurement import Measurement
from spectramind.instrument.grid import N_BINS, bin_wavelengths
from spectramind.physics.spots import contamination
from spectramind.prior.prior_fit import fit_prior
from spectramind.prior.spectral_prior import SpectralPrior
from spectramind.prior.spectrum_covariance import spectrum_covariances


def measure(rng: np.random.Generator, seen: np.ndarray) -> Measurement:
    noise = 3e-5 * rng.standard_normal(N_BINS) + 2e-5 * rng.standard_normal()
    return Measurement(seen + noise, np.full(N_BINS, 9e-10), np.full((N_BINS, 1), 2e-5))


def spectra(rng: np.random.Generator, count: int) -> np.ndarray:
    x = np.linspace(0, 1, N_BINS)
    shapes = np.stack([np.sin(6 * x), np.exp(-(((x - 0.4) / 0.1) ** 2))])
    return rng.normal(0.015, 0.003, (count, 1)) + 1e-4 * rng.normal(0, 1, (count, 2)) @ shapes


@pytest.fixture(scope="module")
def prior() -> SpectralPrior:
    rng = np.random.default_rng(0)
    truth = spectra(rng, 60)
    settings = compose(["model.prior.source=labels", "model.prior.components=4"]).model.prior
    return fit_prior(truth, [[measure(rng, y)] for y in truth], settings)


def test_the_diagonal_is_sigma_and_the_rest_is_a_covariance(prior: SpectralPrior) -> None:
    rng = np.random.default_rng(1)
    factor = contamination(0.1, 4600.0, 5500.0, bin_wavelengths())
    truth = spectra(rng, 4)
    seen = [truth[0], truth[1] * factor, truth[2] * factor, truth[3]]
    planets = [[measure(rng, y), measure(rng, y)] for y in seen]
    found = spectrum_covariances(prior, planets)
    for covariance, answer in zip(found, prior.posteriors(planets), strict=True):
        np.testing.assert_allclose(np.sqrt(np.diag(covariance)), answer.sigma, rtol=1e-6)
        correlation = covariance / np.outer(answer.sigma, answer.sigma)
        np.testing.assert_array_equal(correlation, correlation.T)
        assert np.linalg.eigvalsh(correlation).min() > -1e-9
        assert abs(correlation[1, 2]) > 0.05  # neighbours err together
    assert spectrum_covariances(prior, []) == []
