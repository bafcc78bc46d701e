"""The strip below a spectrum: templates, bands and a line list's sticks."""

import numpy as np
import plotly.graph_objects as go
import pytest

from spectramind.instrument.grid import N_BINS, bin_wavelengths
from spectramind.physics.bands import GASES
from spectramind.physics.line_list import Lines
from spectramind.plotting.molecule_strip import stick_heights, strip_traces
from spectramind.plotting.spectrum import spectrum_figure


def test_every_gas_has_a_template_and_its_bands() -> None:
    traces = strip_traces("y3")
    assert len(traces) == 2 * len(GASES)
    assert {trace["yaxis"] for trace in traces} == {"y3"}
    alone = next(trace for trace in traces if trace["name"] == "CH₄ alone")
    assert max(alone["y"]) == pytest.approx(1)
    assert len(alone["x"]) == N_BINS - 1
    told = [text for trace in traces for text in trace.get("text", [])]
    assert {"CO₂ band head at 2.657 µm", "H₂O band centre at 2.662 µm"} <= set(told)


def test_sticks_are_logarithms_below_the_strongest_line() -> None:
    at = bin_wavelengths()[[10, 20, 30]]
    lines = Lines(1e4 / at[::-1], np.array([1e-26, 1e-22, 1e-20]))
    height = stick_heights(lines)
    np.testing.assert_allclose(height[[9, 19, 29]], [1.0, 0.5, 0.0], atol=1e-12)
    assert (height > 0).sum() == 2
    far = Lines(np.array([100.0]), np.array([1e-20]))
    assert not stick_heights(far).any()


def test_a_spectrum_with_a_line_list_is_valid_plotly() -> None:
    lines = {"co": Lines(np.array([4300.0, 4310.0]), np.array([1e-22, 1e-22]))}
    flat = np.full(N_BINS, 0.01)
    figure = spectrum_figure("X", flat, 0.01 * flat, lines)
    built = go.Figure(figure)
    assert len(built.data) == 3 + 2 * len(GASES) + 1
    sticks = next(trace for trace in built.data if trace.name == "CO lines")
    assert sticks.yaxis == "y2"
    assert len(sticks.x) == 6
