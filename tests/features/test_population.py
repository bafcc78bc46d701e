"""How orbits and limb darkening stray: learnt from visits that each say little."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.config.compose import compose
from spectramind.errors import SchemaError
from spectramind.features.population import OFFSETS, Population, Seen, expected, learn

Array = NDArray[np.float64]
BEFORE = expected(compose().fit)
MEAN = np.array([0.02, 0.0, -0.05, 0.04, -0.03, 0.01, 0.02, -0.01, 0.0, 0.01])
WIDTH = np.array([0.05, 0.03, 0.02, 0.02, 0.01, 0.01, *[0.02] * 4])


def fitted(rng: np.random.Generator, truth: Array, noise: Array) -> Seen:
    """Posterior of one visit's offsets, measured with ``noise``, under the prior ``BEFORE``."""
    inner = np.linalg.inv(BEFORE.covariance)
    covariance = np.linalg.inv(np.diag(noise**-2) + inner)
    seen = truth + noise * rng.standard_normal(len(truth))
    mean = covariance @ (seen / noise**2 + inner @ BEFORE.mean)
    return Seen(mean, covariance, BEFORE.shares)


def visits(count: int, noise: Array, seed: int = 1) -> list[Seen]:
    rng = np.random.default_rng(seed)
    return [fitted(rng, MEAN + WIDTH * rng.standard_normal(len(MEAN)), noise) for _ in range(count)]


def test_mean_and_spread_come_back_through_errors_as_large() -> None:
    found = learn(visits(2000, WIDTH), BEFORE, strength=1.0)
    np.testing.assert_allclose(found.mean, MEAN, atol=5 * 1.5 * WIDTH.max() / np.sqrt(2000))
    np.testing.assert_allclose(np.sqrt(np.diag(found.covariance)), WIDTH, rtol=0.2)
    assert found.visits == 2000


def test_few_visits_hardly_move_what_is_expected() -> None:
    assert learn([], BEFORE, 5.0) is BEFORE
    one = learn(visits(1, WIDTH), BEFORE, strength=10.0)
    wide = np.sqrt(np.diag(BEFORE.covariance))
    assert np.all(np.abs(one.mean) < 0.2 * wide)
    np.testing.assert_allclose(np.sqrt(np.diag(one.covariance)), wide, rtol=0.1)


def test_a_visit_gone_wrong_does_not_widen_all() -> None:
    good = visits(100, WIDTH)
    wrong = Seen(np.full(len(MEAN), 1.0), np.diag(WIDTH**2), BEFORE.shares)
    clean, spoilt = learn(good, BEFORE, 5.0), learn([*good, wrong], BEFORE, 5.0)
    grown = np.sqrt(np.diag(spoilt.covariance) / np.diag(clean.covariance))
    assert grown.max() < 1.6  # at full weight it would be above 3


def test_how_often_there_is_noise_with_memory_comes_back() -> None:
    """Visits that each say little: a third of them has the fourth of what is tried."""
    rng, before = np.random.default_rng(2), BEFORE.shares[0]
    truth = np.where(rng.random(600) < 1 / 3, 3, 0)
    likelihood = np.exp(rng.normal(scale=0.5, size=(600, len(before))))
    likelihood[np.arange(600), truth] *= np.e**2
    posterior = before * likelihood
    posterior /= posterior.sum(axis=1, keepdims=True)
    still = BEFORE.shares[1:]
    seen = [Seen(MEAN, np.diag(WIDTH**2), (shares, *still)) for shares in posterior]
    found = learn(seen, BEFORE, 5.0).shares
    assert found[0][0] == pytest.approx(2 / 3, abs=0.08)
    assert found[0][3] == pytest.approx(1 / 3, abs=0.08)
    for shares, as_before in zip(found[1:], still, strict=True):
        np.testing.assert_allclose(shares, as_before)


def test_what_was_learnt_from_something_else_is_learnt_again(tmp_path: Path) -> None:
    path = tmp_path / "population.json"
    found = learn(visits(20, WIDTH), BEFORE, 5.0)
    assert Population.load(path, "a") is None
    found.save(path, "a")
    again = Population.load(path, "a")
    assert again is not None
    assert again.digest == found.digest != BEFORE.digest
    np.testing.assert_array_equal(again.covariance, found.covariance)
    np.testing.assert_array_equal(again.shares[-1], found.shares[-1])
    assert Population.load(path, "b") is None
    config = compose().fit
    assert Population.known(path, config) is not None
    with pytest.raises(SchemaError, match=r"fit\.motion_px"):
        Population.known(path, config.model_copy(update={"motion_px": (0.01,)}))
    path.write_text("{", encoding="utf-8")
    with pytest.raises(SchemaError, match="delete it"):
        Population.load(path, "a")


def test_people_read_what_was_learnt() -> None:
    line = learn(visits(20, WIDTH), BEFORE, 5.0).describe()
    assert "20 visits" in line
    assert all(name in line for name in OFFSETS)
    assert "no visit" in BEFORE.describe()
