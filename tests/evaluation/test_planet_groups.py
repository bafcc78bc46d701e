"""Groups of planets: none smaller than asked for, every planet in one."""

import numpy as np
import pytest

from spectramind.evaluation.planet_groups import PlanetGroup, group_by_doubt, group_by_edges


def told(groups: list[PlanetGroup]) -> dict[str, list[int]]:
    return {group.label: group.rows.tolist() for group in groups}


def test_a_value_on_an_edge_belongs_to_the_class_above() -> None:
    values = np.array([1.0, 2.0, 3.0, 4.0])
    assert told(group_by_edges(values, [2, 4], "g", least=1)) == {
        "below 2": [0],
        "2 to 4": [1, 2],
        "from 4": [3],
    }


def test_a_small_class_joins_its_smaller_neighbour() -> None:
    values = np.array([0.5] * 6 + [1.5] * 2 + [2.5] * 5 + [3.5] * 9)
    groups = group_by_edges(values, [1, 2, 3], "g")
    assert [(group.label, len(group.rows)) for group in groups] == [
        ("below 1", 6),
        ("1 to 3", 7),
        ("from 3", 9),
    ]


def test_empty_classes_vanish_and_the_labels_have_no_gap() -> None:
    values = np.array([0.5] * 5 + [9.5] * 5)
    assert list(told(group_by_edges(values, [1, 2, 5, 9], "g"))) == ["below 9", "from 9"]


def test_what_is_not_known_is_a_group_of_its_own() -> None:
    values = np.array([np.nan, *[0.5] * 5, *[1.5] * 5])
    assert told(group_by_edges(values, [1], "g"))["not known"] == [0]
    assert told(group_by_edges(np.full(3, np.nan), [1], "g")) == {"not known": [0, 1, 2]}


def test_one_class_of_many_planets_is_cut_into_thirds() -> None:
    values = np.random.default_rng(0).permutation(np.linspace(2, 3, 30))
    groups = group_by_edges(values, [1, 10], ".3g")
    assert [len(group.rows) for group in groups] == [10, 10, 10]
    assert [group.label for group in groups] == ["below 2.33", "2.33 to 2.67", "from 2.67"]
    assert max(values[groups[0].rows]) < min(values[groups[2].rows])


@pytest.mark.parametrize("values", [np.linspace(2, 3, 14), np.full(30, 2.0)])
def test_too_few_or_equal_planets_stay_together(values: np.ndarray) -> None:
    groups = group_by_edges(values, [1, 10], ".3g")
    assert [(group.label, len(group.rows)) for group in groups] == [("all", len(values))]


def test_every_planet_is_in_exactly_one_group() -> None:
    rng = np.random.default_rng(1)
    for n in (1, 4, 5, 17, 60):
        values = np.where(rng.random(n) < 0.1, np.nan, rng.lognormal(0, 2, n))
        groups = group_by_edges(values, [0.1, 0.3, 1, 3, 10], "g")
        rows = np.sort(np.concatenate([group.rows for group in groups]))
        np.testing.assert_array_equal(rows, np.arange(n))
        known = [group for group in groups if group.label != "not known"]
        assert len(known) == 1 or all(len(group.rows) >= 5 for group in known)


def test_doubted_fits_are_never_merged() -> None:
    assert told(group_by_doubt(["", "grazing", ""])) == {"trusted": [0, 2], "doubted": [1]}
    assert told(group_by_doubt(["", ""])) == {"trusted": [0, 1]}
