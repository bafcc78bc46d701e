import numpy as np
import pytest

from spectramind.errors import ConfigError
from spectramind.evaluation.coverage import (
    conformal_rank,
    coverage_band,
    covered,
    planets_needed,
    residuals,
    white_z_scores,
    z_scores,
    z_statistics,
)


@pytest.mark.parametrize(
    ("n", "alpha", "rank"),
    [
        (9, 0.1, 9),  # 10 * 0.9 = 9
        (10, 0.1, 10),  # 11 * 0.9 = 9.9
        (8, 0.1, 9),  # 9 * 0.9 = 8.1: one more than there are
        (109, 0.1, 99),  # 110 * 0.9 is 99.00000000000001 in floating point
        (19, 0.05, 19),
        (110, 0.1, 100),  # 111 * 0.9 = 99.9
        (4, 0.5, 3),
    ],
)
def test_rank_by_hand(n, alpha, rank):
    assert conformal_rank(n, alpha) == rank


@pytest.mark.parametrize("alpha", [0.3, 0.1, 0.05, 0.01, 0.317])
def test_planets_needed_is_the_smallest_n_with_a_finite_rank(alpha):
    n = planets_needed(alpha)
    assert conformal_rank(n, alpha) <= n
    assert conformal_rank(n - 1, alpha) > n - 1


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, float("nan")])
def test_alpha_outside_its_range_is_refused(alpha):
    with pytest.raises(ConfigError, match="alpha"):
        conformal_rank(10, alpha)


def test_band_contains_the_share_of_bins_it_promises():
    # Independent uniform scores: a calibration quantile, then its coverage counted on a test set.
    rng = np.random.default_rng(0)
    n, m, alpha, trials = 50, 40, 0.1, 4000
    k = conformal_rank(n, alpha)
    quantile = np.sort(rng.random((trials, n)), axis=1)[:, k - 1]
    coverage = (rng.random((trials, m)) <= quantile[:, None]).mean(axis=1)
    low, high = coverage_band(n, alpha, m)
    inside = ((coverage >= low) & (coverage <= high)).mean()
    assert 0.94 < inside < 0.995
    assert low < 0.9 < high


def test_band_narrows_to_the_beta_of_the_design_note():
    # n = 110, alpha = 0.1: 0.901 +- 0.028, so 95 % lie near 0.84 .. 0.95.
    low, high = coverage_band(110, 0.1, 10**6)
    assert low == pytest.approx(0.901 - 1.96 * 0.028, abs=0.01)
    assert high == pytest.approx(0.901 + 1.96 * 0.028, abs=0.01)


def test_band_of_infinite_intervals_is_one():
    assert coverage_band(5, 0.1, 40) == (1.0, 1.0)


def test_covered_counts_bounds_and_infinite_widths():
    truth, mu = np.full((2, 283), 3.0), np.full((2, 283), 1.0)
    width = np.full((2, 283), 2.0)
    width[0, 5], width[1, 6] = 1.9, np.inf
    share = covered(truth, mu, width)
    assert share[4] == 1.0
    assert share[5] == 0.5
    assert share[6] == 1.0


def test_z_and_its_statistics_by_hand():
    z = z_scores(np.array([[3.0, 1.0]]), np.array([[1.0, 1.0]]), np.array([[0.5, 2.0]]))
    np.testing.assert_array_equal(z, [[4.0, 0.0]])
    summary = z_statistics(z)
    assert (summary.mean, summary.largest, summary.beyond_3) == (2.0, 4.0, 0.5)
    assert summary.rms == pytest.approx(8**0.5)


def test_residuals_separate_level_from_shape_by_hand():
    truth = np.full((2, 283), 0.01)
    mu = truth.copy()
    mu[0, 0] += 30e-6  # FGS1: errors 30 and 0 -> bias 15, rms sqrt(450)
    mu[0, 1:] += 10e-6  # planet 0: AIRS level 10, planet 1: level -20
    mu[1, 1:] -= 20e-6
    mu[0, 1:142] += 5e-6  # half the bins +5, half -5: shape rms 5 for planet 0, 0 for planet 1
    mu[0, 142:] -= 5e-6
    parts = residuals(truth, mu)
    assert parts.fgs1_bias == pytest.approx(15)
    assert parts.fgs1_rms == pytest.approx(450**0.5)
    assert parts.airs_mean_bias == pytest.approx(-5)
    assert parts.airs_mean_rms == pytest.approx(250**0.5)
    assert parts.airs_shape_rms == pytest.approx(12.5**0.5)
    assert parts.fgs1_median == pytest.approx(15)
    assert parts.airs_mean_median == pytest.approx(15)
    assert parts.airs_shape_median == pytest.approx(2.5)


def test_the_white_light_error_is_measured_in_mean_sigmas_by_hand():
    mu, sigma = np.full((2, 283), 0.01), np.full((2, 283), 1e-5)
    truth = mu.copy()
    truth[0, 1:] += 3e-5
    truth[:, 0] += 1.0  # FGS1 is no part of it
    sigma[0, 1:142] = 2e-5  # mean 1.5e-5
    np.testing.assert_allclose(white_z_scores(truth, mu, sigma), [2.0, 0.0], atol=1e-9)
