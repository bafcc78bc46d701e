import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from spectramind.errors import SchemaError
from spectramind.uncertainty.temperature import Temperature


def test_recovers_a_known_factor():
    z = 1.7 * np.random.default_rng(0).normal(size=(4000, 283))
    # FGS1 holds 17 % of the weight in one column: relative error near 0.17 / sqrt(2 * 4000).
    assert Temperature.fit(z, 10).tau == pytest.approx(1.7, rel=0.01)


def test_closed_form_is_the_minimum_of_the_weighted_likelihood():
    rng = np.random.default_rng(1)
    z = rng.normal(size=(30, 283)) * rng.uniform(0.5, 2, 283)
    weights = np.ones(283)
    weights[0] = 57.846
    weights /= weights.sum()

    def loss(tau):
        return (weights * (np.log(tau) + z**2 / (2 * tau**2))).sum(axis=1).mean()

    found = minimize_scalar(loss, bounds=(0.1, 10), method="bounded", options={"xatol": 1e-9}).x
    assert Temperature.fit(z, 0).tau == pytest.approx(found, rel=1e-5)


def test_fgs1_counts_with_its_weight_by_hand():
    z = np.zeros((2, 283))
    z[:, 0] = 2.0
    # tau^2 = 57.846 * 4 / (57.846 + 282)
    mean_square = 57.846 * 4 / 339.846
    assert Temperature.fit(z, 0).tau == pytest.approx(mean_square**0.5)
    # Two planets beside six of the prior.
    assert Temperature.fit(z, 6).tau == pytest.approx(((2 * mean_square + 6) / 8) ** 0.5)


def test_one_bad_planet_moves_tau_less_than_it_would_alone():
    rng = np.random.default_rng(3)
    z = rng.normal(size=(30, 283))
    z[0] *= 8
    plain, held = Temperature.fit(z, 0).tau, Temperature.fit(z, 10).tau
    assert 1.5 < plain < 2.1
    assert 1 < held < 0.93 * plain


def test_apply_scales_and_leaves_its_input():
    sigma = np.full((2, 283), 3.0)
    np.testing.assert_array_equal(Temperature(2.0, 5).apply(sigma), np.full((2, 283), 6.0))
    np.testing.assert_array_equal(sigma, np.full((2, 283), 3.0))


def test_fit_then_apply_makes_the_weighted_mean_square_one():
    z = np.random.default_rng(2).normal(0, 3, size=(20, 283))
    fitted = Temperature.fit(z, 0)
    assert fitted.n_planets == 20
    assert Temperature.fit(z / fitted.apply(np.ones_like(z)), 0).tau == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("z", "words"),
    [
        (np.zeros((0, 283)), "n > 0"),
        (np.ones((3, 282)), "282"),
        (np.ones(283), r"\(283,\)"),
        (np.full((2, 283), np.nan), "NaN"),
        (np.zeros((2, 283)), "all 0"),
    ],
)
def test_unusable_scores_are_refused(z, words):
    with pytest.raises(SchemaError, match=words):
        Temperature.fit(z, 10)


def test_channels_by_hand():
    sigma = np.full((1, 283), 5.0)
    sigma[0, 0], sigma[0, 9] = 7.0, 3.0
    found = Temperature.of("channels", (2.0, 0.5, 1.5), 4).apply(sigma)
    assert found[0, 0] == 14.0
    assert found[0, 9] == pytest.approx(1.5)  # all of it is shared
    # 9 of 25 are shared: 0.25 * 9 + 2.25 * 16.
    np.testing.assert_allclose(np.delete(found[0], [0, 9]), np.sqrt(38.25))


def test_mean_factor_stands_for_the_channels():
    tau = Temperature.of("channels", (2.0, 0.5, 1.5), 4).tau
    logs = 57.846 * np.log(2.0) + 282 * (np.log(0.5) + np.log(1.5)) / 2
    assert tau == pytest.approx(np.exp(logs / 339.846))
    assert Temperature.of("detectors", (1.25, 1.25, 1.25), 4).tau == pytest.approx(1.25)


@pytest.mark.parametrize(
    ("kind", "channels", "words"),
    [
        ("none", (1.0, 1.0, 1.0), "no factor"),
        ("global", (1.2, 1.2, 1.2), "tau 1.200"),
        ("detectors", (1.2, 0.9, 0.9), "tau 1.200 FGS1, 0.900 AIRS"),
        ("channels", (1.2, 0.9, 2.0), "tau 1.200 FGS1, 0.900 AIRS shared, 2.000 AIRS own"),
    ],
)
def test_factors_in_words(kind, channels, words):
    assert Temperature.of(kind, channels, 4).describe() == words
