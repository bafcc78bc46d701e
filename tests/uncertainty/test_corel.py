import logging

import numpy as np
import pytest

from spectramind.errors import ConfigError, SchemaError
from spectramind.evaluation.coverage import conformal_rank, coverage_band, covered
from spectramind.uncertainty.corel import Corel, conformal_quantiles, lift, sigma_factors
from spectramind.uncertainty.smoothing import bin_smoother

SMOOTHER = bin_smoother(0.05)


def correlated(rng, n, scale=1.0):
    """z-scores with a common part, a part smooth in wavelength, and heavy-tailed planets."""
    kernel = np.exp(-0.5 * (np.arange(-60, 61) / 20) ** 2)
    kernel /= np.sqrt((kernel**2).sum())
    white = rng.normal(size=(n, 283 + 120))
    smooth = np.stack([np.convolve(row, kernel, mode="valid") for row in white])
    z = np.sqrt(0.3) * rng.normal(size=(n, 1)) + np.sqrt(0.35) * smooth
    z = z + np.sqrt(0.35) * rng.normal(size=(n, 283))
    return scale * z * np.exp(0.3 * rng.normal(size=(n, 1)) - 0.09)


def test_quantile_is_the_kth_smallest_by_hand():
    scores = np.array([[5.0, 0.1], [1.0, 0.2], [4.0, 0.3], [2.0, 0.4], [3.0, 0.5]])
    # n = 5, alpha = 0.4: k = ceil(6 * 0.6) = 4.
    np.testing.assert_array_equal(conformal_quantiles(scores, 0.4), [4.0, 0.4])
    # alpha = 0.1: k = ceil(5.4) = 6 > 5.
    np.testing.assert_array_equal(conformal_quantiles(scores, 0.1), [np.inf, np.inf])


def test_lift_never_narrows_and_keeps_infinity():
    rng = np.random.default_rng(0)
    quantiles = rng.uniform(0.5, 3, 283)
    lifted = lift(quantiles, SMOOTHER)
    assert (lifted >= quantiles).all()
    assert (lifted > quantiles).sum() > 100
    assert lifted[0] == quantiles[0]  # FGS1 has no neighbours
    endless = np.full(283, np.inf)
    np.testing.assert_array_equal(lift(endless, SMOOTHER), endless)


def test_per_bin_coverage_has_its_guarantee():
    # The promise itself: over many calibration sets, a new planet is covered in every bin with
    # probability k / (n + 1) without the lift, and at least that with it.
    rng = np.random.default_rng(1)
    n, m, alpha, trials = 39, 60, 0.1, 120
    plain, lifted = np.zeros(283), np.zeros(283)
    for _ in range(trials):
        z, new = correlated(rng, n), correlated(rng, m)
        quantiles = conformal_quantiles(np.abs(z), alpha)
        plain += covered(new, np.zeros(283), quantiles) / trials
        lifted += covered(new, np.zeros(283), lift(quantiles, SMOOTHER)) / trials
    promised = conformal_rank(n, alpha) / (n + 1)  # 36 / 40 = 0.9
    # One set's coverage scatters by 0.047 (Beta) and 0.039 (60 planets): 0.0056 for the mean of
    # 120; bins are correlated, so their average is hardly steadier than one of them.
    assert plain.mean() == pytest.approx(promised, abs=0.015)
    assert plain.min() > promised - 5 * 0.0056
    assert plain.max() < promised + 5 * 0.0056
    assert (lifted >= plain).all()
    assert lifted[1:].mean() > plain[1:].mean()


def test_coverage_of_single_sets_scatters_as_the_beta_band_says():
    rng = np.random.default_rng(2)
    n, m, alpha, trials = 39, 60, 0.1, 300
    low, high = coverage_band(n, alpha, m)
    inside = 0
    for _ in range(trials):
        quantiles = conformal_quantiles(np.abs(correlated(rng, n)), alpha)
        coverage = covered(correlated(rng, m), np.zeros(283), quantiles)[::20]
        inside += ((coverage >= low) & (coverage <= high)).mean()
    assert 0.92 < inside / trials < 0.99


def test_split_conformal_equals_mapie_bin_by_bin():
    pytest.importorskip("mapie")
    from mapie.regression import SplitConformalRegressor
    from sklearn.dummy import DummyRegressor

    z = correlated(np.random.default_rng(3), 57)
    ours = conformal_quantiles(np.abs(z), 0.1)
    column = np.zeros((57, 1))
    zero = DummyRegressor(strategy="constant", constant=0.0).fit(column, column[:, 0])
    for bin_ in (0, 1, 140, 282):
        theirs = SplitConformalRegressor(zero, confidence_level=0.9, prefit=True)
        theirs.conformalize(column, z[:, bin_])
        _, interval = theirs.predict_interval(column[:1])
        assert interval[0, 1, 0] == pytest.approx(ours[bin_], rel=1e-12)


def test_factors_by_hand():
    z = np.zeros((4, 283))
    z[:, 0] = [1.0, 3.0, 1.0, 1.0]  # mean square 3
    # FGS1 stands alone: sqrt((4 * 3 + 10) / 14); with no prior sqrt(3).
    assert sigma_factors(z, SMOOTHER, 10)[0] == pytest.approx((22 / 14) ** 0.5)
    assert sigma_factors(z, SMOOTHER, 0)[0] == pytest.approx(3**0.5)
    assert sigma_factors(z, SMOOTHER, 10)[5] == pytest.approx((10 / 14) ** 0.5)


def test_factors_recover_a_smooth_truth_with_many_planets():
    truth = np.exp(0.3 * np.sin(np.arange(283) / 60))
    z = correlated(np.random.default_rng(4), 3000, truth)
    np.testing.assert_allclose(sigma_factors(z, SMOOTHER, 10), truth, rtol=0.08)


def test_prior_planets_help_when_planets_are_few():
    rng = np.random.default_rng(5)
    truth = np.exp(0.1 * np.sin(np.arange(283) / 60))

    def loss(factors):  # expected negative log-likelihood above the truth's own, in nats
        return (np.log(factors / truth) + 0.5 * (truth / factors) ** 2 - 0.5).mean()

    losses = np.zeros((2, 40))
    for trial in range(40):
        z = correlated(rng, 20, truth)
        losses[:, trial] = [loss(sigma_factors(z, SMOOTHER, prior)) for prior in (0, 10)]
    without, with_prior = losses.mean(axis=1)
    assert with_prior < 0.8 * without


def test_fit_serves_both_jobs_from_sigma_star():
    z = correlated(np.random.default_rng(6), 60)
    corel = Corel.fit(z, 0.1, SMOOTHER, 10)
    sigma_star = np.full((2, 283), 1e-4)
    np.testing.assert_array_equal(corel.sigma(sigma_star), corel.factors * sigma_star)
    np.testing.assert_array_equal(corel.half_width(sigma_star), corel.quantiles * sigma_star)
    # 90 % of |z| for honest normal sigmas is 1.645; the lift adds little.
    assert 1.5 < np.median(corel.quantiles) < 2.0
    assert corel.n_planets == 60


def test_too_few_planets_give_infinite_intervals_and_say_how_many_are_needed(caplog):
    z = correlated(np.random.default_rng(7), 8)
    with caplog.at_level(logging.WARNING):
        corel = Corel.fit(z, 0.1, SMOOTHER, 10)
    assert np.isinf(corel.quantiles).all()
    assert np.isinf(corel.half_width(np.ones((1, 283)))).all()
    assert np.isfinite(corel.factors).all()
    assert "at least 9 planets" in caplog.text
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        enough = Corel.fit(correlated(np.random.default_rng(7), 9), 0.1, SMOOTHER, 10)
    assert np.isfinite(enough.quantiles).all()
    assert caplog.text == ""


def test_bad_input_is_refused():
    with pytest.raises(ConfigError, match="alpha"):
        Corel.fit(np.ones((20, 283)), 1.5, SMOOTHER, 10)
    with pytest.raises(SchemaError, match="NaN"):
        Corel.fit(np.full((20, 283), np.nan), 0.1, SMOOTHER, 10)
