"""Who lies outside of what the labels cover, by a rule whose chance is known."""

import numpy as np
import pytest

from spectramind.diagnostics.planet_space import (
    PlanetSpace,
    find_outsiders,
    nearest,
    standing_out,
)
from spectramind.errors import SchemaError


def space(seen: np.ndarray, new: np.ndarray) -> PlanetSpace:
    columns = tuple(f"q{i}" for i in range(new.shape[1]))
    names = [tuple(f"{kind}{i}" for i in range(len(v))) for kind, v in (("s", seen), ("n", new))]
    return PlanetSpace("a", "A", "numbers", columns, names[0], seen, names[1], new)


def test_quantities_count_alike_whatever_their_unit_and_tail() -> None:
    rng = np.random.default_rng(0)
    seen = rng.normal(size=(200, 3)) * [1e-6, 1.0, 1e6] + [1.0, 0.0, -5e6]
    seen[0, 2] = 1e12
    one = space(seen, seen[:5])
    standard, new = one.standard
    assert np.abs(np.median(standard, axis=0)).max() < 1e-9
    spread = np.percentile(standard, 84, axis=0) - np.percentile(standard, 16, axis=0)
    np.testing.assert_allclose(spread, 1.76, rtol=0.25)  # arcsinh of about one sigma on either side
    assert standard.max() < 20
    np.testing.assert_array_equal(new, standard[:5])


def test_what_is_not_known_stands_in_the_middle_and_constants_are_left_out() -> None:
    seen = np.array([[float(i), 7.0, np.nan, 0.0] for i in range(9)])
    new = np.array([[np.nan, 7.0, np.nan, 1.0]])
    one = space(seen, new)
    assert one.names == ("q0", "q3")  # constant; never known; the same in all labelled planets
    np.testing.assert_allclose(one.standard[1], [[0.0, np.arcsinh(1.0)]])


def test_a_crowd_apart_lies_outside_and_is_told_why() -> None:
    rng = np.random.default_rng(1)
    seen, new = rng.normal(size=(100, 6)), rng.normal(size=(20, 6))
    new[:5, 2] += 400.0
    one = space(seen, new)
    found = find_outsiders(*one.standard, 5, 0.99)
    assert found.outside[:5].all()
    assert found.p < 1e-4
    assert standing_out(one.standard[1][0], one.names, 1) == ["q2 high"]


def test_planets_of_one_kind_lie_outside_as_often_as_chance_says() -> None:
    rng = np.random.default_rng(2)
    outside, small = [], 0
    for _ in range(150):
        seen, new = rng.standard_t(3, size=(60, 4)), rng.standard_t(3, size=(40, 4))
        found = find_outsiders(*space(seen, new).standard, 5, 0.9)
        assert found.chance == pytest.approx(6 / 61)
        outside.append(found.outside.mean())
        small += found.p < 0.05
    assert np.mean(outside) == pytest.approx(6 / 61, abs=0.015)
    assert small <= 15  # 7.5 are expected, 15 or more happen once in 150 times


def test_the_limit_of_few_planets_is_their_largest_distance() -> None:
    rng = np.random.default_rng(3)
    seen = rng.normal(size=(30, 2))
    found = find_outsiders(seen, seen, 3, 0.99)
    assert found.chance == pytest.approx(1 / 31)
    assert not found.outside.any()


def test_neighbours_are_others_and_the_nearest_first() -> None:
    points = np.array([[0.0], [1.0], [3.0], [3.5]])
    rows, distance = nearest(points, np.array([0, 2]), 2)
    assert rows.tolist() == [[1, 2], [3, 1]]
    np.testing.assert_allclose(distance, [[1.0, 3.0], [0.5, 2.0]])
    assert nearest(points, np.array([0]), 9)[0].shape == (1, 3)


def test_a_space_of_no_planet_or_of_another_shape_is_refused() -> None:
    with pytest.raises(SchemaError, match="no planet of the prediction was measured"):
        space(np.zeros((3, 2)), np.zeros((0, 2)))
    with pytest.raises(SchemaError, match=r"\(2, 3\) numbers for 2 planets and 2"):
        PlanetSpace("a", "A", "", ("x", "y"), (), np.zeros((0, 2)), ("1", "2"), np.zeros((2, 3)))
