"""A planet's series in its figure, by the rules of ``page.js``."""

import numpy as np
import pytest

from spectramind.plotting.filled_figure import fill, ring, shared_arrays

SHARED = {"wavelength": [1.0, 2.0, 3.0], "airs": [2.0, 3.0]}


def filled(trace, own):
    series = None if own is None else {"mu": own}
    (found,) = fill({"data": [trace], "layout": {"height": 1}}, series, SHARED)["data"]
    return found


def test_what_is_given_replaces_what_the_template_holds() -> None:
    trace = {"meta": "mu", "x": [], "y": [], "mode": "lines"}
    found = filled(trace, {"x": "airs", "y": [5, 6]})
    assert found == {"meta": "mu", "x": [2.0, 3.0], "y": [5, 6], "mode": "lines"}
    assert trace["x"] == []  # the template stays
    assert filled(trace, {"x": "wavelength", "y": [1, 2, 3]})["x"] == [1.0, 2.0, 3.0]
    assert filled({"meta": "mu", "type": "heatmap"}, {"z": [[1]]})["z"] == [[1]]


def test_a_trace_without_a_name_stays_and_one_without_a_series_is_emptied() -> None:
    assert filled({"x": [1], "y": [2]}, None) == {"x": [1], "y": [2]}
    assert filled({"meta": "mu", "x": [1], "y": [1]}, None)["y"] == [None]
    assert filled({"meta": "other", "x": [1], "y": [1]}, {"x": [], "y": []})["x"] == [None]
    assert filled({"meta": "mu", "x": [1], "y": [1]}, {"x": "airs", "y": []})["x"] == [None]


def test_error_bars_keep_their_style() -> None:
    trace = {"meta": "mu", "error_y": {"width": 4}}
    found = filled(trace, {"x": [1], "y": [1], "error_y": {"array": [2]}})
    assert found["error_y"] == {"width": 4, "array": [2]}


def test_half_widths_make_rings_and_gaps_stay() -> None:
    found = filled({"meta": "mu"}, {"x": [1, 2, 3, 4], "y": [5, 5, None, 7], "half": [1, 1, 1, 2]})
    assert found["x"] == [1, 2, 2, 1, None, 4, 4, None]
    assert found["y"] == [6, 6, 4, 4, None, 9, 5, None]
    assert "half" not in found


def test_a_ring_of_nothing_is_a_gap() -> None:
    assert ring([1.0, 2.0], [], [None]) == {"x": [], "y": []}
    assert filled({"meta": "mu"}, {"x": "airs", "y": [], "half": [None]})["y"] == [None]


def test_shared_wavelengths_are_the_pages() -> None:
    found = shared_arrays(np.array([0.7, 1.9517606, 2.0]))
    assert found["wavelength"] == pytest.approx([0.7, 1.95176, 2.0])
    assert found["airs"] == found["wavelength"][1:]
