"""The tests behind the drift alarm, against hand-made cases and against chance itself."""

import numpy as np
import pytest
from scipy.stats import binomtest, ks_2samp

from spectramind.uncertainty.two_samples import LEAST, compare, energy_p, holm, quantity_p


def test_holm_by_hand() -> None:
    found = holm(np.array([0.01, np.nan, 0.04, 0.03]))
    np.testing.assert_allclose(found, [0.03, np.nan, 0.06, 0.06])
    assert holm(np.array([0.9, 0.8])).tolist() == [1.0, 1.0]
    assert np.isnan(holm(np.array([np.nan]))).all()


def test_a_quantity_is_compared_where_it_is_known() -> None:
    rng = np.random.default_rng(0)
    seen, new = rng.standard_normal(30), rng.standard_normal(20) + 1
    wanted = ks_2samp(seen, new).pvalue
    gaps = np.concatenate([seen, [np.nan, np.nan]])
    assert quantity_p(gaps, new) == quantity_p(seen, new) == wanted
    assert np.isnan(quantity_p(seen, new[: LEAST - 1]))
    assert np.isnan(quantity_p(np.full(30, 2.0), np.full(20, 2.0)))
    assert quantity_p(np.full(30, 2.0), np.full(20, 2.5)) < 1e-9


def test_shares_are_compared_exactly() -> None:
    seen, new = np.repeat([0.0, 1.0], [9, 1]), np.repeat([0.0, 1.0], [1, 9])
    # 11 tables as far or farther of C(20, 10) = 184756: twice (10 * 10 + 1) of them.
    assert quantity_p(seen, new) == pytest.approx(202 / 184756)


def test_energy_sees_what_no_single_quantity_shows() -> None:
    rng = np.random.default_rng(1)
    one = rng.standard_normal((60, 1))
    seen = np.hstack([one, one + 0.1 * rng.standard_normal((60, 1))])
    two = rng.standard_normal((60, 1))
    new = np.hstack([two, -two + 0.1 * rng.standard_normal((60, 1))])
    found = compare(seen, new, 1999, rng)
    assert found.quantities.min() > 0.05
    assert found.together == 1 / 2000
    assert found.familywise == 2 / 2000


def test_energy_is_the_same_whatever_unit_or_order() -> None:
    rng = np.random.default_rng(2)
    seen, new = rng.standard_normal((15, 3)), rng.standard_normal((12, 3)) + 0.4
    new[3, 1] = np.nan

    def p(a: np.ndarray, b: np.ndarray) -> float:
        return energy_p(a, b, 499, np.random.default_rng(3))

    assert p(np.exp(seen), np.exp(new)) == p(seen, new)
    assert p(seen[:, ::-1], new[:, ::-1]) == p(seen, new)
    assert p(seen, seen) > 0.99  # no two sets are more alike


def test_false_alarms_come_as_often_as_the_level_says() -> None:
    """500 pairs of sets of one correlated, heavy-tailed population with gaps."""
    rng, level, times = np.random.default_rng(4), 0.1, 500
    mixing = rng.standard_normal((6, 6))
    alarms = together = 0
    for _ in range(times):
        both = rng.standard_t(3, (45, 6)) @ mixing
        both[rng.random((45, 6)) < 0.1] = np.nan
        both[:, 5] = both[:, 5] > 1
        found = compare(both[:20], both[20:], 99, rng)
        alarms += found.familywise < level
        together += found.together <= level
    assert binomtest(alarms, times, level, alternative="greater").pvalue > 1e-3
    assert alarms > 0.02 * times  # it is careful, not deaf
    assert binomtest(together, times, level).pvalue > 1e-3  # exact
