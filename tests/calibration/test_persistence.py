"""Tails after saturation and hits."""

import numpy as np
from numpy.typing import NDArray

from spectramind.calibration.steps.persistence_flags import persistence

LEVEL, NOISE, SIGMA = 1_000.0, 10.0, 3.0


def quiet(n: int = 200) -> NDArray[np.float64]:
    return np.random.default_rng(7).normal(LEVEL, NOISE, n)


def tail(signal: NDArray[np.float64], *hits: int) -> list[int]:
    struck = np.isin(np.arange(len(signal)), hits)
    found = persistence(signal, np.full(len(signal), NOISE**2), struck, SIGMA)
    return np.flatnonzero(found).tolist()


def test_a_decaying_tail_is_flagged_until_it_drowns() -> None:
    signal = quiet()
    signal[50] += 9e4
    signal[51:] += 500 * np.exp(-np.arange(149) / 10)
    found = tail(signal, 50)
    assert found == list(range(51, 51 + len(found)))
    assert 22 <= len(found) <= 34  # 500 exp(-t / 10) falls below 3 x 10 at t = 28


def test_without_a_hit_nothing_is_a_tail() -> None:
    signal = quiet()
    signal[51:90] += 300
    assert tail(signal) == []


def test_no_tail_no_flag() -> None:
    assert tail(quiet(), 0, 50, 51, 120, 199) == []


def test_a_change_of_level_is_no_tail() -> None:
    """The last in-transit exposure is struck; the egress after it lasts."""
    signal = quiet()
    signal[101:] += 200
    assert tail(signal, 100) == []


def test_a_drop_is_no_tail() -> None:
    signal = quiet()
    signal[51:80] -= 200
    assert tail(signal, 50) == []


def test_a_hit_inside_a_tail_is_judged_by_the_level_before_both() -> None:
    signal = quiet()
    signal[51:90] += 200
    signal[60] += 9e4
    assert tail(signal, 50, 60) == list(range(51, 90))


def test_nothing_before_the_hit_nothing_to_compare_with() -> None:
    signal = quiet()
    signal[1:20] += 300
    assert tail(signal, 0) == []
