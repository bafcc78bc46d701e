"""Every figure is valid Plotly, and shows the numbers it says it shows."""

from collections.abc import Callable

import numpy as np
import plotly.graph_objects as go
import pytest

from spectramind.diagnostics.panel import ReportContext, Values
from spectramind.diagnostics.panels import (
    conformal_bins,
    errors_and_coverage,
    loss_curves,
    planet_spectra,
    visit_record,
    white_light,
)
from spectramind.diagnostics.report_data import CorelTable, ReportData
from spectramind.diagnostics.statistics import interval_chance
from spectramind.instrument.detectors import DETECTORS
from spectramind.instrument.grid import N_BINS
from spectramind.plotting import plot

Make = Callable[..., ReportData]


def trace(figure: plot.Figure, name: str, axis: str) -> dict:
    found = [t for t in figure["data"] if t["name"] == name and t.get("xaxis") == axis]
    assert len(found) == 1
    return found[0]


def errors_of(data: ReportData) -> Values:
    values = errors_and_coverage.collect(ReportContext(data, 20, 5))
    assert isinstance(values, dict)
    return values


def corel_of(data: ReportData) -> Values:
    values = conformal_bins.collect(ReportContext(data, 20, 5))
    assert isinstance(values, dict)
    return values


def all_figures(data: ReportData) -> dict[str, plot.Figure]:
    errors = errors_of(data)
    assert data.history is not None
    return {
        "spectrum": planet_spectra.figure(True, True, 0.9),
        "spectrum, no truth": planet_spectra.figure(False, False, None),
        "curves": white_light.figure(),
        **{
            f"{kind} of {detector.key}": visit_record.figure(detector, kind)
            for detector in DETECTORS
            for kind in ("mean", "mask")
        },
        "residuals": errors_and_coverage.residuals(errors),
        "z": errors_and_coverage.z_histogram(errors["z"]),
        "sigma": errors_and_coverage.sigma_calibration(errors["planets"], errors["sigma_error"]),
        "history": loss_curves.figure(data.history, data.baseline, data.chosen_epoch),
        "corel": conformal_bins.figure(corel_of(data)),
    }


def test_every_figure_follows_the_plotly_schema(make_report: Make) -> None:
    for name, figure in all_figures(make_report()).items():
        built = go.Figure(figure)
        axes = {key.replace("axis", "") for key in figure["layout"] if "axis" in key}
        used = {t.get("xaxis", "x") for t in figure["data"]}
        used |= {t.get("yaxis", "y") for t in figure["data"]}
        assert used == axes, name
        assert len(built.data) == len(figure["data"])


def test_residuals_show_rms_bias_and_both_coverages(make_report: Make) -> None:
    data = make_report(n=5)
    truth = data.truth.copy()
    truth[3] = data.mu[3]
    error = np.array([1, -1, 2, 0, 3])[:, None] * 1e-5 * np.ones(N_BINS)
    sigma, half = np.full_like(error, 1.5e-5), np.full_like(error, 2.5e-5)
    half[:, 40] = np.inf
    corel = CorelTable(np.ones(N_BINS), np.ones(N_BINS), 0.1, 110)
    exact = make_report(
        n=5, mu=truth + error, truth=truth, sigma=sigma, half_width=half, corel=corel
    )
    figure = errors_and_coverage.residuals(errors_of(exact))
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
    figure = errors_and_coverage.residuals(errors_of(data))
    rows = [axis["title"]["text"] for key, axis in figure["layout"].items() if key[:5] == "yaxis"]
    assert rows == ["rms error [ppm]", "bias [ppm]", "inside ±1σ", "each gas"]


def test_z_densities_integrate_to_the_share_that_is_drawn(make_report: Make) -> None:
    data = make_report()
    mu = data.mu.copy()
    mu[0, 1:] = data.truth[0, 1:] + 7 * data.sigma[0, 1:]  # one planet of 39 beyond the limit
    figure = errors_and_coverage.z_histogram(errors_of(make_report(mu=mu))["z"])
    airs, fgs1, normal = figure["data"]
    assert sum(airs["y"]) * 0.25 == pytest.approx(38 / 39, abs=1e-3)
    assert sum(fgs1["y"]) * 1.0 == pytest.approx(1, abs=1e-3)
    assert max(normal["y"]) == pytest.approx(0.39894, abs=1e-5)


def test_perfect_predictions_still_make_a_figure(make_report: Make) -> None:
    data = make_report(n=5)
    perfect = make_report(n=5, truth=data.mu)
    values = errors_of(perfect)
    figure = errors_and_coverage.sigma_calibration(values["planets"], values["sigma_error"])
    assert all(np.isfinite(figure["data"][0]["x"]))


def test_history_marks_the_kept_epoch_and_the_physics_level(make_report: Make) -> None:
    data = make_report()
    figure = loss_curves.figure(data.history, {"val_score": 0.425}, 16)
    level = trace(figure, "physics alone (score)", "x2")
    assert (level["x"], level["y"]) == ([1.0, 30.0], [0.425, 0.425])
    assert [s["x0"] for s in figure["layout"]["shapes"]] == [16, 16]
    assert [t["name"] for t in figure["data"] if t["xaxis"] == "x"] == [
        "training loss",
        "validation loss",
    ]


def test_corel_draws_an_infinite_quantile_as_a_gap(make_report: Make) -> None:
    data = make_report()
    figure = conformal_bins.figure(corel_of(data))
    assert trace(figure, "q, half width in σ", "x2")["y"][39] is None
    normal = [s["y0"] for s in figure["layout"]["shapes"] if s.get("yref") == "y"]
    assert normal == [pytest.approx(1.6448536)]
