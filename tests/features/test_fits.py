"""Which visits are fitted again, and who teaches the population."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spectramind.config.compose import compose
from spectramind.contracts.depths import Depths
from spectramind.contracts.measurement import Measurement
from spectramind.contracts.star_row import StarRow
from spectramind.contracts.work_folder import FeaturesFolder
from spectramind.features import fits
from spectramind.features.fits import Job, fit_visits, learn_population
from spectramind.features.population import OFFSETS, Population, Seen, expected
from spectramind.run.atomic import write_json, write_npz
from spectramind.run.pool import Workers

CONFIG = compose().fit
STAR = StarRow(3.0, 9.0, 88.0, 5500.0)


def jobs(*names: str) -> list[Job]:
    return [(name, STAR) for name in names]


@pytest.fixture
def features(tmp_path: Path) -> FeaturesFolder:
    """Light curves of visits a..f."""
    folder = FeaturesFolder(tmp_path)
    for name in "abcdef":
        write_npz(
            folder.airs_bins(name),
            time=np.arange(3.0),
            flux=np.ones((3, 283)),
            pointing=np.zeros((3, 5)),
        )
        write_json(folder.log(name), {"digest": name})
    return folder


@pytest.fixture
def fitted(monkeypatch: pytest.MonkeyPatch) -> list[StarRow]:
    """Rows of the fits that were made, by a fit that is quick and says what it was given."""
    seen: list[StarRow] = []

    def quick(time_h: Any, flux: Any, star: StarRow, *rest: Any) -> Depths:
        seen.append(star)
        population = rest[-1]
        fit = Measurement(
            np.full(283, 0.01 + population.mean[0]), np.full(283, 1e-8), np.zeros((283, 1))
        )
        told = Seen(
            np.full(len(OFFSETS), 0.01 * star.period_d),
            0.5 * population.covariance,
            population.shares,
        ).told()
        curve = np.ones((3, 2))
        return Depths(fit, time_h, curve, curve, {"reason": "", "seen": told})

    monkeypatch.setattr(fits, "estimate", quick)
    return seen


def fit(features: FeaturesFolder, given: list[Job]) -> None:
    fit_visits(given, features, CONFIG, expected(CONFIG), Workers(1))


def test_a_mended_row_refits_its_planet_alone(
    features: FeaturesFolder, fitted: list[StarRow]
) -> None:
    wrong = replace(STAR, period_d=72.0)
    fit(features, [("a", STAR), ("b", wrong), ("c", STAR)])
    assert fitted == [STAR, wrong, STAR]
    fitted.clear()
    fit(features, jobs("a", "b", "c"))
    assert fitted == [STAR]
    fitted.clear()
    fit(features, jobs("a", "b", "c"))
    assert fitted == []


def teach(features: FeaturesFolder, **by_split: list[Job]) -> Population:
    return learn_population(by_split, features, CONFIG, Workers(1))


def test_a_teachers_mended_row_is_learnt_from(
    features: FeaturesFolder, fitted: list[StarRow]
) -> None:
    wrong = replace(STAR, period_d=72.0)
    before = teach(features, train=[("a", STAR), ("b", wrong)])
    assert teach(features, train=[("a", STAR), ("b", wrong)]).digest == before.digest
    after = teach(features, train=jobs("a", "b"))
    assert after.digest != before.digest
    assert after.taught_by == "train"


def test_training_teaches_whatever_stands_beside_it(
    features: FeaturesFolder, fitted: list[StarRow]
) -> None:
    alone = teach(features, train=jobs("a", "b", "c"))
    kept = features.population.read_bytes()
    assert teach(features, train=jobs("a", "b", "c"), test=jobs("d", "e")).digest == alone.digest
    assert features.population.read_bytes() == kept


def test_test_visits_never_overwrite_what_training_taught(
    features: FeaturesFolder, fitted: list[StarRow]
) -> None:
    shifted = [(name, replace(STAR, period_d=9.0)) for name in "de"]
    first = teach(features, train=[], test=shifted)
    assert first.taught_by == "test"
    assert first.visits == 2
    taught = teach(features, train=jobs("a", "b", "c"), test=shifted)
    assert taught.taught_by == "train"
    assert taught.digest != first.digest
    kept = features.population.read_bytes()
    for left in ({"test": shifted}, {"train": [], "test": shifted}):
        assert teach(features, **left).digest == taught.digest
    assert features.population.read_bytes() == kept
    assert json.loads(kept)["taught_by"] == "train"


def test_people_read_who_taught(features: FeaturesFolder, fitted: list[StarRow]) -> None:
    assert "2 test visits" in teach(features, test=jobs("d", "e")).describe()
