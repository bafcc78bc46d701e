import math

import numpy as np
import pytest

from spectramind.errors import SchemaError
from spectramind.evaluation.official import (
    bin_weights,
    bootstrap_interval,
    clipped_score,
    element_scores,
    naive_moments,
    paired_interval,
    part_scores,
    planet_scores,
)

M0, S0 = 0.014689019532534079, 0.010661335331978338


def official_score(truth, mu, sigma, naive_mean, naive_sigma):
    """What the competition calls the score."""
    return clipped_score(planet_scores(element_scores(truth, mu, sigma, naive_mean, naive_sigma)))


def constant(value, n=1):
    return np.full((n, 283), float(value))


def test_one_element_by_hand():
    # m0 = 0.01, s0 = 0.01; y = 0.02, mu = 0.0201, sigma = 1e-4. The ln(2 pi) terms cancel.
    # prediction: z = 1   -> -1/2 - ln 1e-4 = -0.5 + 9.210340 = 8.710340
    # naive:      z = 1   -> -1/2 - ln 1e-2 = -0.5 + 4.605170 = 4.105170
    # ideal AIRS: z = 0   ->  0   - ln 1e-5 = 11.512925
    # ideal FGS1: z = 0   ->  0   - ln 1e-6 = 13.815511
    scores = element_scores(constant(0.02), constant(0.0201), constant(1e-4), 0.01, 0.01)
    assert scores[0, 0] == pytest.approx((8.710340 - 4.105170) / (13.815511 - 4.105170), abs=1e-6)
    assert scores[0, 1:] == pytest.approx((8.710340 - 4.105170) / (11.512925 - 4.105170), abs=1e-6)


def test_fgs1_weighs_58_airs_bins_by_hand():
    # AIRS ideal (s = 1): mu = y, sigma = 1e-5. FGS1 naive (s = 0): mu = m0, sigma = s0.
    truth, mu, sigma = constant(0.02), constant(0.02), constant(1e-5)
    mu[0, 0], sigma[0, 0] = 0.01, 0.01
    score = official_score(truth, mu, sigma, 0.01, 0.01)
    assert score == pytest.approx(282 / (282 + 57.846), abs=1e-12)
    assert bin_weights()[0] / bin_weights().sum() == pytest.approx(0.17, abs=0.001)


def test_ideal_scores_one_and_naive_zero():
    sigma = constant(1e-5)
    sigma[0, 0] = 1e-6
    assert official_score(constant(0.02), constant(0.02), sigma, M0, S0) == pytest.approx(1.0)
    naive = official_score(constant(0.02), constant(M0), constant(S0), M0, S0)
    assert naive == pytest.approx(0.0, abs=1e-12)


def test_score_is_clipped_at_both_ends_but_its_parts_are_not():
    # Overconfident: an error of 1000 sigma is far below naive.
    elements = element_scores(constant(0.02), constant(0.021), constant(1e-6), M0, S0)
    assert planet_scores(elements)[0] < -1000
    assert part_scores(elements)[1] < -1000
    assert official_score(constant(0.02), constant(0.021), constant(1e-6), M0, S0) == 0.0
    # sigma below the metric's own sigma_true at zero error beats "ideal".
    assert official_score(constant(0.02), constant(0.02), constant(1e-9), M0, S0) == 1.0


def test_sigma_is_clipped_from_below():
    zero = element_scores(constant(0.02), constant(0.02), constant(0.0), M0, S0)
    least = element_scores(constant(0.02), constant(0.02), constant(1e-15), M0, S0)
    np.testing.assert_array_equal(zero, least)
    assert np.isfinite(zero).all()


@pytest.mark.parametrize(
    ("ppm", "expected"),
    [(10, 0.892), (30, 0.749), (50, 0.680), (100, 0.589), (200, 0.499), (300, 0.445), (500, 0.377)],
)
def test_published_table_of_scores_when_sigma_equals_the_error(ppm, expected):
    # Depths drawn with the real labels' mean, scatter and range; errors of exactly one sigma.
    # The real labels' own shape, unknown here, moves the score by up to 0.005.
    rng = np.random.default_rng(0)
    spread = math.log(1 + (S0 / M0) ** 2)
    depth = rng.lognormal(math.log(M0) - spread / 2, math.sqrt(spread), (3000, 1))
    truth = np.clip(depth, 0.0036, 0.08) * np.ones(283)
    error = ppm * 1e-6
    score = official_score(truth, truth + error, np.full_like(truth, error), M0, S0)
    assert score == pytest.approx(expected, abs=0.006)


def test_score_is_best_where_sigma_equals_the_error():
    truth = constant(0.02)
    scores = [
        official_score(truth, truth + 1e-4, constant(sigma), M0, S0) for sigma in (7e-5, 1e-4, 2e-4)
    ]
    assert scores[1] > scores[0]
    assert scores[1] > scores[2]


def test_planet_scores_average_to_the_score():
    rng = np.random.default_rng(1)
    truth = rng.uniform(0.005, 0.03, (20, 283))
    mu = truth + rng.normal(0, 1e-4, truth.shape)
    sigma = rng.uniform(5e-5, 2e-4, truth.shape)
    elements = element_scores(truth, mu, sigma, M0, S0)
    weights = np.ones(elements.shape)
    weights[:, 0] = 57.846
    expected = np.average(elements, weights=weights)
    assert official_score(truth, mu, sigma, M0, S0) == pytest.approx(expected, rel=1e-12)
    fgs1, airs = part_scores(elements)
    assert (57.846 * fgs1 + 282 * airs) / 339.846 == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("which", ["mu", "sigma"])
def test_negative_values_are_refused(which):
    values = {"mu": constant(0.01, 3), "sigma": constant(1e-4, 3)}
    values[which][2, 17] = -1e-9
    with pytest.raises(SchemaError, match=rf"{which} is -1e-09 in row 2, bin 17"):
        official_score(constant(0.01, 3), values["mu"], values["sigma"], M0, S0)


@pytest.mark.parametrize("shape", [(2, 282), (3, 283), (283,)])
def test_wrong_shapes_are_refused(shape):
    with pytest.raises(SchemaError, match="mu has shape"):
        official_score(constant(0.01, 2), np.full(shape, 0.01), constant(1e-4, 2), M0, S0)


def test_nan_and_no_planets_are_refused():
    mu = constant(0.01)
    mu[0, 3] = np.nan
    with pytest.raises(SchemaError, match="mu holds NaN"):
        official_score(constant(0.01), mu, constant(1e-4), M0, S0)
    empty = np.empty((0, 283))
    with pytest.raises(SchemaError, match="n > 0"):
        official_score(empty, empty, empty, M0, S0)


def test_naive_moments_pool_all_labels():
    train = constant(0.01, 2)
    train[1] = 0.03
    assert naive_moments(train) == pytest.approx((0.02, 0.01))


def test_bootstrap_interval_matches_the_standard_error():
    planets = np.random.default_rng(2).normal(0.5, 0.1, 400)
    low, high = bootstrap_interval(planets, np.random.default_rng(3))
    # 95 % of a normal mean: +- 1.96 * 0.1 / sqrt(400) = 0.0098.
    assert low < planets.mean() < high
    assert (high - low) / 2 == pytest.approx(1.96 * planets.std() / 20, rel=0.1)


def test_bootstrap_interval_is_clipped_and_repeatable():
    planets = np.array([-5.0, -4.0, -6.0])
    assert bootstrap_interval(planets, np.random.default_rng(0)) == (0.0, 0.0)
    some = np.linspace(0.2, 0.8, 11)
    first = bootstrap_interval(some, np.random.default_rng(5))
    assert first == bootstrap_interval(some, np.random.default_rng(5))
    assert first != bootstrap_interval(some, np.random.default_rng(6))


def test_a_difference_of_pairs_is_told_where_planets_scatter_far_more():
    rng = np.random.default_rng(4)
    planets = rng.normal(0.6, 0.1, 50)
    others = planets - rng.normal(0.01, 0.002, 50)
    low, high = paired_interval(planets, others, np.random.default_rng(0))
    assert 0.008 < low < (planets - others).mean() < high < 0.012
    alone = bootstrap_interval(planets, np.random.default_rng(0))
    assert alone[1] - alone[0] > 10 * (high - low)


def test_a_difference_is_one_of_clipped_scores():
    lost = np.full(20, -3.0)
    assert paired_interval(np.full(20, 0.5), lost, np.random.default_rng(0)) == (0.5, 0.5)
