"""Exchanged inputs: all kept is the submission, none kept is the other planet alone."""

import numpy as np
import pytest
import torch

from spectramind.config.model import ModelConfig
from spectramind.contracts.measurement import Measurement
from spectramind.contracts.planet import Planet
from spectramind.estimators.masked_inputs import (
    ALL_GROUPS,
    BANDS,
    PHYSICS_GROUPS,
    ExchangeGame,
    PlanetInputs,
    SubmittedAnswer,
    band_of_bins,
    inputs_of_set,
    mixed,
)
from spectramind.estimators.network_estimate import NetworkEstimate
from spectramind.estimators.physics_estimate import PhysicsEstimate
from spectramind.instrument.grid import AIRS_BINS, N_BINS, bin_wavelengths
from spectramind.instrument.molecules import window_matrix
from spectramind.models.assembly import build_network
from spectramind.prior.prior_fit import fit_prior
from spectramind.prior.spectral_prior import SpectralPrior

LENGTH = 32
WIDER = 1.3


def wider(sigma: np.ndarray) -> np.ndarray:
    return WIDER * sigma


@pytest.fixture(scope="module")
def planets() -> list[Planet]:
    """Six, of one visit or two, of levels from 0.5 to 3 %."""
    rng = np.random.default_rng(3)
    shape = 1e-4 * np.sin(3 * bin_wavelengths())
    found = []
    for number, level in enumerate(np.linspace(0.005, 0.03, 6)):
        visits = [
            Measurement(
                level + shape + 2e-5 * rng.standard_normal(N_BINS),
                np.full(N_BINS, 4e-10) * (1 + number),
                np.full((N_BINS, 1 + number % 2), 2e-5),
            )
            for _ in range(1 + number % 2)
        ]
        white = 1 + 1e-4 * rng.standard_normal((50, 2))
        model = np.ones((50, 2))
        model[15:35] -= level
        jitter = rng.standard_normal((50, 2))
        found.append(Planet(str(number), tuple(visits), white * model, model, jitter))
    return found


@pytest.fixture(scope="module")
def prior(planets: list[Planet], small: ModelConfig) -> SpectralPrior:
    truth = np.stack([planet.measurements[0].depth for planet in planets])
    return fit_prior(truth, [planet.measurements for planet in planets], small.prior)


@pytest.fixture(scope="module")
def inputs(planets: list[Planet], prior: SpectralPrior) -> list[PlanetInputs]:
    return inputs_of_set(planets, prior, LENGTH)


@pytest.fixture(scope="module")
def network(prior: SpectralPrior, small: ModelConfig) -> NetworkEstimate:
    torch.manual_seed(0)
    kept = build_network(small, None).eval()
    with torch.no_grad():
        for parameter in kept.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    physics = PhysicsEstimate(prior, small.prior)
    return NetworkEstimate(kept, physics, LENGTH, 4, torch.device("cpu"))


def test_a_bin_of_several_windows_is_the_narrowest_ones() -> None:
    band, inside = band_of_bins(), window_matrix()
    um = bin_wavelengths()
    assert BANDS[band[0]] == "fgs1"
    assert BANDS[band[np.abs(um - 2.74).argmin()]] == "co2"  # of H2O's, too
    assert BANDS[band[np.abs(um - 2.55).argmin()]] == "h2o"
    assert BANDS[band[np.abs(um - 2.31).argmin()]] == "co"  # of CH4's and NH3's, too
    outside = ~inside.any(axis=0)
    assert ((band == BANDS.index("continuum"))[1:] == outside[1:]).all()
    assert set(band) == set(range(len(BANDS)))


@pytest.mark.parametrize("kept_network", [False, True])
def test_the_function_is_what_is_submitted(
    planets: list[Planet],
    prior: SpectralPrior,
    inputs: list[PlanetInputs],
    network: NetworkEstimate,
    kept_network: bool,
) -> None:
    answer = SubmittedAnswer(prior, network if kept_network else None, 1e-9, wider)
    mu, sigma = answer(inputs)
    said = (network if kept_network else network.physics).predict(planets).spectra
    np.testing.assert_allclose(mu, said.mu, rtol=1e-6 if kept_network else 1e-12)
    np.testing.assert_allclose(sigma, WIDER * said.sigma, rtol=1e-5 if kept_network else 1e-9)
    physics = network.physics.predict(planets).spectra
    assert kept_network == (np.abs(mu - physics.mu).max() > 1e-6)


def test_all_kept_is_the_planet_none_kept_the_others_alone(
    prior: SpectralPrior, inputs: list[PlanetInputs], planets: list[Planet]
) -> None:
    answer = SubmittedAnswer(prior, None, 1e-9, wider)
    game = ExchangeGame(answer, inputs[1], inputs[2:4])
    found = game(np.array([[True] * len(PHYSICS_GROUPS), [False] * len(PHYSICS_GROUPS)]))
    assert found.shape == (2, 2 * N_BINS)
    mu, sigma = answer(inputs[1:2])
    np.testing.assert_allclose(found[0], np.concatenate([mu[0], sigma[0]]), rtol=1e-12)
    alone = [prior.posterior(planet.measurements) for planet in planets[2:4]]
    means = np.mean([np.concatenate([p.mean, WIDER * p.sigma]) for p in alone], axis=0)
    np.testing.assert_allclose(found[1], means, rtol=1e-9)


@pytest.mark.parametrize("group", ALL_GROUPS)
def test_a_group_exchanges_what_it_names_and_nothing_else(
    inputs: list[PlanetInputs], group: str
) -> None:
    own, other = inputs[1], inputs[4]
    kept = np.array([name != group for name in ALL_GROUPS])
    found = mixed(own, other, kept, 0.25)
    one, two = own.measured, other.measured
    shift = (other.level - own.level) if group == "level" else 0.0
    band = np.zeros(N_BINS, dtype=bool)
    if group in BANDS:
        band = band_of_bins() == BANDS.index(group)
    expected = np.where(band, two.depth - other.level + own.level, one.depth + shift)
    np.testing.assert_allclose(found.measured.depth, expected, atol=1e-15)
    quiet = {"noise_fgs1": slice(0, 1), "noise_airs": AIRS_BINS}.get(group, slice(0, 0))
    variance = one.variance.copy()
    variance[quiet] = two.variance[quiet]
    np.testing.assert_array_equal(found.measured.variance, variance)
    assert found.measured.modes is (two.modes if group == "common" else one.modes)
    assert found.spotted == (0.25 if group == "set" else own.spotted)
    columns = {"transit_shape": [0, 1], "residuals": [2, 3], "jitter": [4, 5]}.get(group, [])
    curves = own.curves.copy()
    curves[:, columns] = other.curves[:, columns]
    np.testing.assert_array_equal(found.curves, curves)
    assert found.planet_id == own.planet_id
