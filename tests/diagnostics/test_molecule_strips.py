"""What gases alone would draw stands below every spectrum, with the lines of the user's list."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from spectramind.diagnostics.page import ReportPage, build_page
from spectramind.diagnostics.report_data import ReportData
from spectramind.instrument.grid import N_BINS
from spectramind.physics.bands import GASES
from spectramind.physics.line_list import Lines
from spectramind.plotting.filled_figure import fill, shared_arrays
from spectramind.plotting.plot import FORMULA
from spectramind.simulation.audit import audit_figures

Make = Callable[..., ReportData]
LINES = {
    "co": Lines(np.array([4300.0, 4310.0]), np.array([1e-22, 1e-23])),
    "nh3": Lines(np.array([12.0]), np.array([1e-20])),  # outside the instrument's bands
}
# Figures of depths [ppm] over wavelength.
SPECTRA = {"spectrum", "atmosphere-spectrum", "planet-mu-parts", "residuals", "mu-sizes"}


def page_of(data: ReportData) -> ReportPage:
    return build_page(data, max_planets=3, worst_planets=2)


def figures_of(page: ReportPage) -> dict[str, dict[str, Any]]:
    return {name: figure for body in page.bodies for name, figure in body.figures.items()}


def stripped(figure: dict[str, Any]) -> list[dict[str, Any]]:
    """Traces of the strip: those on the axis that is called after it."""
    layout = figure["layout"]
    (key,) = [k for k, v in layout.items() if k[:5] == "yaxis" and v["title"]["text"] == "each gas"]
    axis = f"y{key.removeprefix('yaxis')}"
    assert layout[key]["domain"][0] == pytest.approx(0, abs=1e-9)
    return [trace for trace in figure["data"] if trace.get("yaxis") == axis]


def test_every_spectrum_has_the_gases_and_the_lines_of_the_list(make_report: Make) -> None:
    page = page_of(make_report(lines=LINES))
    drawn = figures_of(page)
    assert set(drawn) >= SPECTRA
    for name in SPECTRA:
        traces = stripped(drawn[name])
        names = [trace["name"] for trace in traces]
        assert {f"{FORMULA[gas]} alone" for gas in GASES} <= set(names), name
        assert [one for one in names if one.endswith("lines")] == ["CO lines"], name
        assert not any(trace["showlegend"] for trace in traces)
    words = [body.note + body.html for body in page.bodies if SPECTRA & set(body.figures)]
    assert len(words) == len(SPECTRA)
    assert all("strongest line in diag.line_list" in told for told in words)


def test_a_planets_own_series_leave_the_strip_as_it_is(make_report: Make) -> None:
    data = make_report(lines=LINES)
    page = build_page(data, max_planets=20, worst_planets=2)
    drawn, shared = figures_of(page), shared_arrays(data.wavelength_um)
    every = [planet["series"] for planet in page.planets.values()]
    series = next(one for one in every if "atmosphere-spectrum" in one)
    filled = fill(drawn["atmosphere-spectrum"], series["atmosphere-spectrum"], shared)
    assert stripped(filled) == stripped(drawn["atmosphere-spectrum"])


def test_without_a_list_there_are_no_sticks(make_report: Make) -> None:
    page = page_of(make_report())
    for name in SPECTRA:
        names = [trace["name"] for trace in stripped(figures_of(page)[name])]
        assert len(names) == 2 * len(GASES), name
    assert not any("sticks" in body.note + body.html for body in page.bodies)


def test_spectra_of_a_simulated_tree_have_them_too() -> None:
    depths = {"simulated": np.full((2, N_BINS), 0.01)}
    sticks = {"co": [0.5] * (N_BINS - 1)}
    names = [trace["name"] for trace in stripped(audit_figures.spectra(depths, sticks))]
    assert names.count("CO lines") == 1
    assert len(names) == 2 * len(GASES) + 1
