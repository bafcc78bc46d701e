"""Every figure is valid Plotly, and shows the numbers it says it shows."""

from collections.abc import Callable

import numpy as np
import plotly.graph_objects as go
import pytest

from spectramind.diagnostics import figures
from spectramind.diagnostics.data import CorelTable, ReportData
from spectramind.diagnostics.statistics import interval_chance, scored
from spectramind.instrument.grid import N_BINS, bin_wavelengths
from spectramind.instrument.molecules import WINDOWS_UM
from spectramind.plotting import plot

Make = Callable[..., ReportData]


def trace(figure: plot.Figure, name: str, axis: str) -> dict:
    found = [t for t in figure["data"] if t["name"] == name and t.get("xaxis") == axis]
    assert len(found) == 1
    return found[0]


def all_figures(data: ReportData) -> dict[str, plot.Figure]:
    score = scored(data)
    assert score is not None
    assert data.corel is not None
    assert data.history is not None
    return {
        "spectrum": figures.spectrum(True, True, 0.9),
        "spectrum, no truth": figures.spectrum(False, False, None),
        "curves": figures.light_curves(True),
        "curves, no model": figures.light_curves(False),
        "residuals": figures.residuals(data.wavelength_um, score, 0.9, data.corel),
        "z": figures.z_histogram(score),
        "sigma": figures.sigma_calibration(score),
        "history": figures.history(data.history, data.baseline, data.chosen_epoch),
        "corel": figures.corel(data.wavelength_um, data.corel),
    }


def test_every_figure_follows_the_plotly_schema(make_report: Make) -> None:
    for name, figure in all_figures(make_report()).items():
        built = go.Figure(figure)
        axes = {key.replace("axis", "") for key in figure["layout"] if "axis" in key}
        used = {t.get("xaxis", "x") for t in figure["data"]}
        used |= {t.get("yaxis", "y") for t in figure["data"]}
        assert used == axes, name
        assert len(built.data) == len(figure["data"])


@pytest.mark.parametrize("height", [400, 850])
def test_panels_lie_below_the_molecule_lanes_and_do_not_overlap(height: int) -> None:
    rows = [plot.Row("a"), plot.Row("b", 2, log=True), plot.Row("c")]
    layout = plot.spectral_layout(rows, height)
    domains = [layout[key]["domain"] for key in ("yaxis", "yaxis2", "yaxis3")]
    lanes = [s["y0"] for s in layout["shapes"] if "label" in s]
    assert min(lanes) >= domains[0][1]
    assert domains[0][0] > domains[1][1]
    assert domains[1][0] > domains[2][1]
    assert domains[2][0] == pytest.approx(0, abs=1e-9)
    heights = [top - bottom for bottom, top in domains]
    assert heights[1] == pytest.approx(2 * heights[0])


def test_each_molecule_window_has_its_label_and_no_two_overlap() -> None:
    bars = [s for s in plot.spectral_layout([plot.Row("a")], 500)["shapes"] if "label" in s]
    assert len(bars) == sum(len(windows) for windows in WINDOWS_UM.values())
    for i, one in enumerate(bars):
        for other in bars[i + 1 :]:
            if one["y0"] == other["y0"]:
                assert one["x1"] <= other["x0"] or other["x1"] <= one["x0"]


def test_fgs1_and_airs_go_to_their_own_axes() -> None:
    values = np.arange(float(N_BINS))
    fgs1, airs = plot.per_bin(bin_wavelengths(), values, "q", "#000000", 1)
    assert (fgs1["x"], fgs1["y"], fgs1["xaxis"], fgs1["yaxis"]) == ([0.7], [0.0], "x", "y2")
    assert (airs["xaxis"], airs["y"][0], airs["y"][-1]) == ("x2", 1.0, 282.0)


def test_listed_rounds_and_leaves_gaps() -> None:
    assert plot.listed([1.26, np.nan, np.inf, -np.inf, -2], 1) == [1.3, None, None, None, -2.0]


def test_residuals_show_rms_bias_and_both_coverages(make_report: Make) -> None:
    data = make_report(n=5)
    truth = data.truth.copy()
    truth[3] = data.mu[3]
    error = np.array([1, -1, 2, 0, 3])[:, None] * 1e-5 * np.ones(N_BINS)
    sigma, half = np.full_like(error, 1.5e-5), np.full_like(error, 2.5e-5)
    half[:, 40] = np.inf
    exact = make_report(n=5, mu=truth + error, truth=truth, sigma=sigma, half_width=half)
    corel = CorelTable(np.ones(N_BINS), np.ones(N_BINS), 0.1, 110)
    figure = figures.residuals(exact.wavelength_um, scored(exact), 0.9, corel)
    assert trace(figure, "rms error", "x")["y"] == [pytest.approx(np.sqrt(15 / 5) * 10, abs=1e-3)]
    assert trace(figure, "bias", "x2")["y"][7] == pytest.approx(10)
    assert trace(figure, "coverage ±1σ", "x2")["y"][0] == pytest.approx(3 / 5)
    inside = trace(figure, "coverage of the interval", "x2")["y"]
    assert inside[0] == pytest.approx(4 / 5)
    assert inside[39] is None
    strips = [
        s for s in figure["layout"]["shapes"] if s.get("yref") == "y4" and s["type"] == "rect"
    ]
    assert [(s["y0"], s["y1"]) for s in strips] == [interval_chance(110, 0.1, 5)]


def test_no_interval_panel_without_intervals(make_report: Make) -> None:
    data = make_report(half_width=None)
    figure = figures.residuals(data.wavelength_um, scored(data), None, None)
    assert "yaxis3" in figure["layout"]
    assert "yaxis4" not in figure["layout"]


def test_z_densities_integrate_to_the_share_that_is_drawn(make_report: Make) -> None:
    data = make_report()
    mu = data.mu.copy()
    mu[0, 1:] = data.truth[0, 1:] + 7 * data.sigma[0, 1:]  # one planet of 39 beyond the limit
    figure = figures.z_histogram(scored(make_report(mu=mu)))
    airs, fgs1, normal = figure["data"]
    assert sum(airs["y"]) * 0.25 == pytest.approx(38 / 39, abs=1e-3)
    assert sum(fgs1["y"]) * 1.0 == pytest.approx(1, abs=1e-3)
    assert max(normal["y"]) == pytest.approx(0.39894, abs=1e-5)


def test_perfect_predictions_still_make_a_figure(make_report: Make) -> None:
    data = make_report(n=5)
    perfect = make_report(n=5, truth=data.mu)
    figure = figures.sigma_calibration(scored(perfect))
    assert all(np.isfinite(figure["data"][0]["x"]))


def test_history_marks_the_kept_epoch_and_the_physics_level(make_report: Make) -> None:
    data = make_report()
    figure = figures.history(data.history, {"val_score": 0.425}, 16)
    level = trace(figure, "val score, physics only", "x2")
    assert (level["x"], level["y"]) == ([1.0, 30.0], [0.425, 0.425])
    assert [s["x0"] for s in figure["layout"]["shapes"]] == [16, 16]
    assert [t["name"] for t in figure["data"] if t["xaxis"] == "x"] == ["train loss", "val loss"]


def test_corel_draws_an_infinite_quantile_as_a_gap(make_report: Make) -> None:
    data = make_report()
    figure = figures.corel(data.wavelength_um, data.corel)
    assert trace(figure, "q, half width in σ", "x2")["y"][39] is None
    normal = [s["y0"] for s in figure["layout"]["shapes"] if s.get("yref") == "y"]
    assert normal == [pytest.approx(1.6448536)]
