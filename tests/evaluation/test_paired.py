"""Paired differences: pairing takes out what all planets and seeds share."""

import numpy as np
import pytest

from spectramind.evaluation.paired import Difference, mean_score, paired_difference


def scores(seeds: int, planets: int) -> np.ndarray:
    return np.random.default_rng(3).normal(0.5, 0.1, (seeds, planets))


def gap(ours: np.ndarray, theirs: np.ndarray, **more: float) -> Difference:
    return paired_difference(ours, theirs, np.random.default_rng(1), **more)


def test_what_all_planets_share_has_no_width() -> None:
    base = scores(2, 30)
    found = gap(base + 0.01, base)
    np.testing.assert_allclose([found.value, found.low, found.high], 0.01, rtol=1e-9)
    assert found.verdict == "better"
    assert gap(base - 0.01, base).verdict == "worse"


def test_an_estimate_is_the_same_as_itself() -> None:
    base = scores(3, 20)
    assert gap(base, base) == Difference(0.0, 0.0, 0.0)
    assert gap(base, base).verdict == "same"


def test_the_interval_is_that_of_the_mean_over_planets() -> None:
    """One seed, n planets: 1.96 standard errors of the mean difference on either side."""
    base, noise = scores(1, 200), 0.02 * np.random.default_rng(5).normal(size=(1, 200))
    found = gap(base + noise, base, draws=20_000)
    half = 1.96 * noise.std() / np.sqrt(200)
    np.testing.assert_allclose(
        [found.low, found.high], [noise.mean() - half, noise.mean() + half], atol=0.1 * half
    )


def test_seeds_that_disagree_widen_the_interval() -> None:
    base = scores(4, 50)
    luck = np.array([[0.04], [-0.04], [0.04], [-0.04]])
    found = gap(base + luck, base)
    assert abs(found.value) < 1e-12
    assert found.low < -0.015
    assert found.high > 0.015
    assert found.verdict == "unclear"


def test_the_official_score_is_clipped_seed_by_seed() -> None:
    ours = np.array([[-0.4, -0.2], [0.2, 0.4]])
    assert mean_score(ours) == pytest.approx(0.15)
    assert gap(ours, np.full((2, 2), -1.0)).value == pytest.approx(0.15)


@pytest.mark.parametrize("shape", [(2, 3), (0, 4), (1, 0)])
def test_what_cannot_be_paired_is_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="cannot be paired"):
        gap(np.zeros(shape), np.zeros(shape if 0 in shape else (1, 3)))


def test_what_no_table_shows_is_the_same() -> None:
    found = Difference(-1e-5, -4e-5, -1e-6)
    assert found.verdict == "same"
    assert found.texts() == ("+0.0000", "+0.0000..+0.0000")
    assert Difference(-0.001, -0.002, -1e-6).verdict == "worse"
