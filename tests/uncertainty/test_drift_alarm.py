"""Alarms say what differs and by how much; sets too small are not judged; traits on disk."""

import json
from pathlib import Path

import numpy as np
import pytest

from spectramind.config.compose import compose
from spectramind.contracts.traits import TRAITS, Traits
from spectramind.errors import ConfigError, SchemaError
from spectramind.uncertainty.drift_alarm import look_for_drift
from spectramind.uncertainty.seen_planets import load_traits, save_traits

MINE, OTHER = "a" * 64, "b" * 64
SETTINGS = compose().drift
NAMES = list(TRAITS)


def traits(seed: int, count: int) -> Traits:
    """Planets of one population: one in ten doubted, one in five with two visits."""
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((count, len(TRAITS)))
    values[:, NAMES.index("doubted")] = rng.random(count) < 0.1
    values[rng.random(count) > 0.2, NAMES.index("visits")] = np.nan
    values[:, NAMES.index("network")] = np.nan
    return Traits.of({f"{seed}{n}": row for n, row in enumerate(values)})


def moved(base: Traits, **by: float) -> Traits:
    values = base.values.copy()
    for name, step in by.items():
        values[:, NAMES.index(name)] += step
    return Traits(base.planet_ids, values)


def test_planets_of_one_population_raise_no_alarm() -> None:
    found = look_for_drift(traits(1, 80), traits(2, 60), SETTINGS, np.random.default_rng(0))
    assert found is not None
    assert not found.alarm
    assert "are not told from the 80 that calibration saw" in found.told()


def test_an_alarm_names_the_quantity_and_how_much() -> None:
    new = moved(traits(2, 60), noise_airs=np.log(10.0), offset_b=1.5)
    found = look_for_drift(traits(1, 80), new, SETTINGS, np.random.default_rng(0))
    assert found is not None
    assert found.alarm
    assert {one.name for one in found.differing} == {"noise_airs", "offset_b"}
    assert found.differing[0].name == "noise_airs"  # the worst first
    ratio = float(found.differing[0].how.removesuffix(" times"))
    assert 6 < ratio < 16
    assert "no promise of sigma or intervals holds for these 60 planets" in found.told()
    assert "AIRS noise" in found.told()


def test_the_same_question_has_the_same_answer() -> None:
    def ask() -> object:
        return look_for_drift(traits(1, 20), traits(2, 20), SETTINGS, np.random.default_rng(7))

    assert ask() == ask()


def test_few_planets_are_not_judged() -> None:
    new = moved(traits(2, 7), noise_airs=9.0)
    assert look_for_drift(traits(1, 80), new, SETTINGS, np.random.default_rng(0)) is None


def test_permutations_that_could_never_alarm_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"never alarm at level 0\.01: take more than 200"):
        compose(["drift.permutations=150"])


def test_traits_come_back_and_are_the_same_bytes(tmp_path: Path) -> None:
    one, two, path = traits(1, 5), traits(2, 4), tmp_path / "seen.json"
    save_traits(path, one.with_others(two), MINE)
    before = path.read_bytes()
    again = load_traits(path, MINE, "predict")
    assert again is not None
    np.testing.assert_array_equal(again.values, two.with_others(one).values)
    save_traits(path, again.with_others(one), MINE)
    assert path.read_bytes() == before
    assert load_traits(path, OTHER, "predict") is None
    assert load_traits(tmp_path / "none.json", MINE, "predict") is None


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda held: held["planets"].popitem() and held["planets"].update(x=[1.0]), "must be the"),
        (lambda held: held.pop("checkpoint"), "checkpoint: Field required"),
        (lambda held: held.update(traits=held["traits"][::-1]), "must be the"),
        (lambda held: held.update(planets={}), "planets: "),
    ],
)
def test_broken_traits_are_refused(tmp_path: Path, spoil, words: str) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "seen.json"
    save_traits(path, traits(1, 3), MINE)
    held = json.loads(path.read_text())
    spoil(held)
    path.write_text(json.dumps(held))
    with pytest.raises(SchemaError, match=words):
        load_traits(path, MINE, "predict")
