"""The bin graph: its types of edges, alone and together."""

import itertools

import numpy as np
import pytest

from spectramind.errors import ConfigError
from spectramind.instrument.graph import EDGE_TYPES, BinGraph, build_graph

TYPES = EDGE_TYPES[1:]


def pairs(graph: BinGraph) -> set[tuple[int, int]]:
    return set(zip(graph.source.tolist(), graph.target.tolist(), strict=True))


@pytest.mark.parametrize("seam", [None, 150])
def test_types_together_are_the_types_alone(seam: int | None) -> None:
    alone = {name: pairs(build_graph(seam=seam, edge_types=[name])) for name in TYPES}
    for count in range(1, len(TYPES) + 1):
        for some in itertools.combinations(TYPES, count):
            found = pairs(build_graph(seam=seam, edge_types=some))
            assert found == set().union(*(alone[name] for name in some))


def test_every_type_is_what_its_name_says() -> None:
    graph = build_graph(seam=150)
    assert len(graph.types) == len(pairs(graph))
    of = {name: graph.types == number for number, name in enumerate(EDGE_TYPES)}
    assert set(graph.source[of["self"]]) == set(range(283))
    assert (graph.source == graph.target)[of["self"]].all()
    step = np.abs(graph.source - graph.target)
    assert set(step[of["adjacent"]]) == {1, 2, 3}
    assert (step[of["molecule"]] > 3).all()
    fgs1 = (graph.source == 0) | (graph.target == 0)
    across = (graph.source < 150) != (graph.target < 150)
    assert (fgs1 | across)[of["detector"]].all()
    assert of["detector"][fgs1 & (step > 0)].all()
    assert np.array_equal(of["detector"], graph.features[:, 3] == 1)


@pytest.mark.parametrize("name", TYPES)
def test_a_type_alone(name: str) -> None:
    graph = build_graph(edge_types=[name])
    assert set(graph.types) == {0, EDGE_TYPES.index(name)}


def test_the_order_of_the_settings_changes_nothing() -> None:
    first, second = (build_graph(edge_types=order) for order in (TYPES, TYPES[::-1]))
    assert np.array_equal(first.types, second.types)
    assert np.array_equal(first.source, second.source)


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(ConfigError, match="no edge type 'colour': there are detector"):
        build_graph(edge_types=["adjacent", "colour"])
