"""The promise of both kinds of intervals, by simulation and against MAPIE."""

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from spectramind.evaluation.coverage import conformal_rank, promise
from spectramind.uncertainty.corel import Corel, conformal_quantiles
from spectramind.uncertainty.smoothing import bin_smoother
from spectramind.uncertainty.temperature import Temperature

Array = NDArray[np.float64]
SMOOTHER = bin_smoother(0.05)
BINS, SETS = 6, 500


def normal(rng: np.random.Generator, *shape: int) -> Array:
    return rng.normal(size=(*shape, BINS))


def heavy_tailed(rng: np.random.Generator, *shape: int) -> Array:
    return rng.standard_t(2.5, size=(*shape, BINS))


def heteroscedastic(rng: np.random.Generator, *shape: int) -> Array:
    return normal(rng, *shape) * np.exp(0.7 * rng.normal(size=(*shape, 1)))


def correlated(rng: np.random.Generator, *shape: int) -> Array:
    return np.sqrt(0.9) * rng.normal(size=(*shape, 1)) + np.sqrt(0.1) * normal(rng, *shape)


KINDS = pytest.mark.parametrize("errors", [normal, heavy_tailed, heteroscedastic, correlated])
Errors = Callable[..., Array]


@pytest.mark.parametrize("alpha", ["0.01", "0.05", "0.1", "0.2", "0.32", "0.5"])
def test_rank_is_that_of_exact_fractions(alpha: str) -> None:
    for n in range(1, 1200):
        exact = math.ceil((n + 1) * (1 - Fraction(alpha)))
        assert conformal_rank(n, float(alpha)) == exact, n
        bound = conformal_quantiles(np.arange(1.0, n + 1)[:, None], float(alpha))[0]
        assert bound == (exact if exact <= n else np.inf)


def test_order_of_planets_and_groups_says_nothing() -> None:
    rng = np.random.default_rng(0)
    z = rng.standard_t(3, size=(47, 283))
    for kind in ("split", "cross"):
        fitted = Corel.fit(z, 0.1, SMOOTHER, 30, kind)
        for _ in range(5):
            again = Corel.fit(z[rng.permutation(47)], 0.1, SMOOTHER, 30, kind)
            np.testing.assert_array_equal(again.quantiles, fitted.quantiles)
            np.testing.assert_allclose(again.factors, fitted.factors, rtol=1e-12)
            assert again.kind == kind


def between(covered: NDArray[np.bool_], lowest: float, highest: float) -> None:
    """Each bin's count over the sets stands where chance (1 in 10,000 a side) allows.

    Sets are independent of each other, and each tells of one new planet.
    """
    counts = covered.sum(axis=0)
    assert (counts >= stats.binom.ppf(1e-4, SETS, lowest)).all(), counts
    assert (counts <= stats.binom.isf(1e-4, SETS, highest)).all(), counts


@KINDS
def test_split_covers_as_its_rank_says_over_500_sets(errors: Errors) -> None:
    rng, n = np.random.default_rng(1), 57
    z, new = errors(rng, SETS, n), errors(rng, SETS)
    bounds = np.stack([conformal_quantiles(np.abs(one), 0.1) for one in z])
    exact = conformal_rank(n, 0.1) / (n + 1)
    between(np.abs(new) <= bounds, exact, exact)


def out_of_fold_scores(y: Array, folds: int) -> tuple[Array, Array, Array]:
    """|z| of every planet by mean and scatter of the others' groups; both, learnt from all.

    The simplest estimate that learns: y (sets, n, bins) -> scores, mean, scatter.
    """
    group = np.arange(y.shape[1]) % folds
    scores = np.empty_like(y)
    for held in range(folds):
        rest = y[:, group != held]
        mean, scatter = rest.mean(axis=1, keepdims=True), rest.std(axis=1, keepdims=True)
        scores[:, group == held] = np.abs(y[:, group == held] - mean) / scatter
    return scores, y.mean(axis=1), y.std(axis=1)


@KINDS
@pytest.mark.parametrize("n", [30, 100])
def test_cross_covers_about_what_it_says_over_500_sets(errors: Errors, n: int) -> None:
    rng, folds, alpha = np.random.default_rng(2), 5, 0.1
    scores, mean, scatter = out_of_fold_scores(errors(rng, SETS, n), folds)
    bounds = np.stack([conformal_quantiles(one, alpha) for one in scores])
    covered = np.abs(errors(rng, SETS) - mean) <= bounds * scatter
    rank = conformal_rank(n, alpha) / (n + 1)
    # What is learnt from 4/5 of 30 planets makes scores a little too large, never too small.
    between(covered, rank - 0.005, rank + (0.02 if n == 30 else 0.01))


def test_planets_that_were_seen_would_break_it() -> None:
    """In-sample scores of an estimate that follows its planets: what out-of-fold ones are for."""
    rng, n = np.random.default_rng(3), 10
    y, new = normal(rng, SETS, n), normal(rng, SETS)
    inside = np.abs(y - y.mean(axis=1, keepdims=True)) / y.std(axis=1, keepdims=True)
    bounds = np.stack([conformal_quantiles(one, 0.1) for one in inside])
    covered = np.abs(new - y.mean(axis=1)) <= bounds * y.std(axis=1)
    with pytest.raises(AssertionError):
        between(covered, 10 / 11 - 0.005, 10 / 11 + 0.02)
    scores, mean, scatter = out_of_fold_scores(y, 5)
    honest = np.stack([conformal_quantiles(one, 0.1) for one in scores])
    assert (np.abs(new - mean) <= honest * scatter).mean() > 0.89


def test_a_temperature_fitted_on_the_same_planets_cancels_in_the_intervals() -> None:
    rng = np.random.default_rng(4)
    z = 1.7 * rng.standard_t(3, size=(60, 283))
    sigma = np.exp(rng.normal(size=(4, 283)) - 9)
    tau = Temperature.fit(z, 10).tau
    assert tau > 1.3
    without = Corel.fit(z, 0.1, SMOOTHER, 30, "cross").half_width(sigma)
    after = Corel.fit(z / tau, 0.1, SMOOTHER, 30, "cross").half_width(tau * sigma)
    np.testing.assert_allclose(after, without, rtol=1e-12)


def test_cross_equals_mapie_bin_by_bin() -> None:
    """MAPIE's method "base" is ours: out-of-fold residuals around the estimate of all planets."""
    pytest.importorskip("mapie")
    from mapie.regression import CrossConformalRegressor
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import KFold

    rng, n, alpha = np.random.default_rng(5), 60, 0.1
    x = rng.normal(size=(n, 3))
    y = x @ rng.normal(size=(3, BINS)) + heavy_tailed(rng, n)
    scores = np.empty_like(y)
    for rest, held in KFold(5).split(x):
        scores[held] = np.abs(y[held] - Ridge().fit(x[rest], y[rest]).predict(x[held]))
    ours = conformal_quantiles(scores, alpha)
    centre = Ridge().fit(x, y).predict(x[:1])[0]
    for bin_ in range(BINS):
        theirs = CrossConformalRegressor(
            Ridge(), confidence_level=1 - alpha, method="base", cv=KFold(5)
        ).fit_conformalize(x, y[:, bin_])
        _, interval = theirs.predict_interval(x[:1])
        assert interval[0, 1, 0] == pytest.approx(centre[bin_] + ours[bin_], rel=1e-9)
        assert interval[0, 0, 0] == pytest.approx(centre[bin_] - ours[bin_], rel=1e-9)


def test_what_is_promised_depends_on_the_kind() -> None:
    assert "at least 90%" in promise("split", 0.1)
    assert "about 90%" in promise("cross", 0.1)
    assert "no bound" in promise("cross", 0.1)
