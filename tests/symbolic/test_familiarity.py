"""Strangers: spectra of another kind are told, spectra of the same kind are not."""

import numpy as np
import pytest
from scipy import stats

from spectramind.errors import SchemaError
from spectramind.instrument.grid import bin_wavelengths
from spectramind.prior.atmospheres import atmosphere_spectra
from spectramind.symbolic.familiarity import FamiliarSpectra

FLOOR = 1e-5


def planets(rng: np.random.Generator, count: int, centre_um: float) -> np.ndarray:
    """Planets of one band each, of random level, strength and width."""
    wavelength = bin_wavelengths()
    level = np.exp(rng.normal(np.log(0.01), 0.4, (count, 1)))
    strength = np.exp(rng.normal(np.log(2e-4), 0.8, (count, 1)))
    centre, width = centre_um + rng.normal(0, 0.03, (count, 1)), rng.uniform(0.15, 0.3, (count, 1))
    band = np.exp(-0.5 * ((wavelength - centre) / width) ** 2)
    return level + strength * band


@pytest.fixture(scope="module")
def familiar() -> FamiliarSpectra:
    return FamiliarSpectra.of(planets(np.random.default_rng(1), 150, 2.7), 3, FLOOR)


def test_their_like_is_no_stranger(familiar: FamiliarSpectra) -> None:
    more = planets(np.random.default_rng(2), 2000, 2.7)
    chance = familiar.chance(familiar.distance(more))
    assert (chance < 0.01).mean() < 0.04
    assert 0.3 < np.median(chance) < 0.7


def test_another_kind_is(familiar: FamiliarSpectra) -> None:
    others = planets(np.random.default_rng(3), 200, 3.3)
    assert (familiar.chance(familiar.distance(others)) < 1e-3).mean() > 0.95


@pytest.mark.parametrize("change", ["level", "haze", "upside down", "noise"])
def test_each_feature_tells(familiar: FamiliarSpectra, change: str) -> None:
    one = planets(np.random.default_rng(4), 20, 2.7)
    level = one[:, 1:].mean(axis=1, keepdims=True)
    if change == "level":
        one = one * 30
    elif change == "haze":
        one[:, 0] += 0.02
    elif change == "upside down":
        one = 2 * level - one
    else:
        one = one + 3e-4 * np.random.default_rng(5).normal(size=one.shape)
    assert (familiar.chance(familiar.distance(one)) < 1e-3).mean() > 0.7


def test_chances_are_those_of_the_tail(familiar: FamiliarSpectra) -> None:
    k = len(familiar.mean)
    assert k == 7
    drawn = stats.f.rvs(k, familiar.freedom, size=20_000, random_state=0)
    chance = familiar.chance(np.sqrt(drawn * k * familiar.scale))
    assert (chance < 0.1).mean() == pytest.approx(0.1, abs=0.01)
    assert (np.diff(familiar.chance(np.linspace(0.1, 50, 100))) < 0).all()


def test_degenerate_spectra_have_a_distance(familiar: FamiliarSpectra) -> None:
    odd = np.stack([np.zeros(283), np.full(283, 0.01), np.full(283, 1e6), -np.ones(283)])
    distance = familiar.distance(odd)
    assert np.isfinite(distance).all()
    assert (familiar.chance(distance)[[0, 2, 3]] < 1e-3).all()


def test_planets_that_are_all_alike_can_be_learnt() -> None:
    familiar = FamiliarSpectra.of(
        np.tile(planets(np.random.default_rng(6), 1, 2.7), (40, 1)), 3, FLOOR
    )
    assert np.isfinite(familiar.distance(planets(np.random.default_rng(7), 3, 2.7))).all()


def test_too_few_are_refused() -> None:
    with pytest.raises(SchemaError, match="20 known spectra cannot tell a stranger by 3 modes: 21"):
        FamiliarSpectra.of(planets(np.random.default_rng(8), 20, 2.7), 3, FLOOR)


def test_random_atmospheres_are_familiar_with_each_other() -> None:
    spectra = atmosphere_spectra(120)
    familiar = FamiliarSpectra.of(spectra[:80], 3, FLOOR)
    assert (familiar.chance(familiar.distance(spectra[80:])) < 1e-3).mean() <= 0.05
