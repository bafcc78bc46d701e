"""Numbers behind the figures, against values worked out by hand and against simulation."""

from collections.abc import Callable

import numpy as np
import pytest

from spectramind.diagnostics.report_data import ReportData
from spectramind.diagnostics.statistics import (
    choose_planets,
    coverage,
    interval_chance,
    log_likelihood,
    scored,
    sigma_against_error,
    sigma_chance,
)

Make = Callable[..., ReportData]


def test_only_planets_with_known_truth_are_scored(make_report: Make) -> None:
    data = make_report(n=6)
    score = scored(data)
    assert score.ids == data.planet_ids[:3] + data.planet_ids[4:]
    np.testing.assert_array_equal(score.error[3], data.mu[4] - data.truth[4])
    assert np.isnan(score.half_width[:, 40]).all()
    assert scored(make_report(n=6, truth=np.full_like(data.mu, np.nan))) is None
    assert scored(make_report(n=6, truth=None)) is None


def test_coverage_counts_the_edge_as_inside_and_skips_missing_intervals() -> None:
    error = np.array([[1.0, -2.0, 0.0], [3.0, 2.1, 0.0]])
    half = np.array([[1.0, 2.0, 1.0], [1.0, 2.0, np.nan]])
    np.testing.assert_array_equal(coverage(error, half), [0.5, 0.5, np.nan])


def test_chance_band_of_the_interval_matches_a_simulation() -> None:
    rng = np.random.default_rng(3)
    n, m, alpha = 39, 50, 0.1
    k = 36  # ceil(40 * 0.9)
    threshold = np.partition(np.abs(rng.normal(size=(4000, n))), k - 1, axis=1)[:, k - 1]
    realised = (np.abs(rng.normal(size=(4000, m))) <= threshold[:, None]).mean(axis=1)
    low, high = interval_chance(n, alpha, m)
    share = ((realised >= low) & (realised <= high)).mean()
    assert share == pytest.approx(0.96, abs=0.02)
    assert realised.mean() == pytest.approx(0.9, abs=0.01)


def test_too_few_calibration_planets_have_no_chance_band() -> None:
    assert interval_chance(8, 0.1, 20) is None
    assert interval_chance(9, 0.1, 20) is not None


def test_sigma_chance_is_binomial() -> None:
    expected, low, high = sigma_chance(100)
    assert expected == pytest.approx(0.6826895)
    assert (low, high) == (0.59, 0.77)


def test_sigma_groups_are_ordered_and_rms() -> None:
    sigma = np.array([[4.0, 1.0], [3.0, 1.0]])
    error = np.array([[8.0, 1.0], [6.0, -7.0]])
    groups = sigma_against_error(sigma, error, 2)
    np.testing.assert_allclose(groups, [[1.0, 5.0], [np.sqrt(12.5), np.sqrt(50.0)]])
    assert sigma_against_error(sigma, error, 99).shape == (4, 2)


def test_log_likelihood_of_an_error_of_one_sigma(make_report: Make) -> None:
    data = make_report(n=5)
    sigma = np.full_like(data.mu, 50e-6)
    score = scored(make_report(n=5, truth=data.mu - sigma, sigma=sigma))
    expected = -0.5 - np.log(50 * np.sqrt(2 * np.pi))
    np.testing.assert_allclose(log_likelihood(score), expected)


def test_the_worst_planets_are_always_chosen_and_rows_ascend(make_report: Make) -> None:
    data = make_report(n=40)
    score = scored(data)
    worst = {score.ids[i] for i in np.argsort(log_likelihood(score))[:5]}
    rows = choose_planets(data, 12, 5)
    assert len(rows) == 12
    assert (np.diff(rows) > 0).all()
    assert worst <= {data.planet_ids[row] for row in rows}


@pytest.mark.parametrize(("count", "worst", "expected"), [(1, 1, 1), (3, 0, 3), (99, 5, 6)])
def test_as_many_planets_as_there_are(
    make_report: Make, count: int, worst: int, expected: int
) -> None:
    assert len(choose_planets(make_report(n=6), count, worst)) == expected


def test_without_truth_the_widest_sigma_comes_first(make_report: Make) -> None:
    data = make_report(n=6, truth=None)
    assert choose_planets(data, 1, 1).tolist() == [int(data.sigma.mean(axis=1).argmax())]
