"""The panels that prove sigma, on predictions whose answer is known."""

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest
from scipy import stats

from spectramind.contracts.predictive import Intervals, Predictive
from spectramind.contracts.spectra import Spectra
from spectramind.diagnostics.page import build_page
from spectramind.diagnostics.panel import Lack, Panel, ReportContext, Values
from spectramind.diagnostics.panels import (
    coverage_regions,
    pit_histogram,
    sharpness_beside_coverage,
    sigma_by_group,
    visit_repeats,
)
from spectramind.diagnostics.report_data import (
    NO_REPEATS,
    CorelTable,
    PlanetTraits,
    RepeatVisits,
    ReportData,
)
from spectramind.diagnostics.statistics import interval_chance, outside, pit_chance, pit_counts
from spectramind.evaluation.group_coverage import NARROW, TOO_FEW
from spectramind.evaluation.repeatability import VisitDifference
from spectramind.instrument.grid import N_BINS
from spectramind.instrument.molecules import window_bins
from spectramind.plotting.forest import OUTSIDE

Make = Callable[..., ReportData]
N, SIGMA = 40, 5e-5
PANELS = [
    module.PANEL
    for module in (
        coverage_regions,
        pit_histogram,
        sharpness_beside_coverage,
        sigma_by_group,
        visit_repeats,
    )
]


def of(panel: Panel, data: ReportData) -> Values:
    values = panel.collect(ReportContext(data, 20, 5))
    assert isinstance(values, dict)
    return values


def predicted(make_report: Make, z: np.ndarray, **changes: object) -> ReportData:
    """N planets with errors of z sigma, (N,) or (N, 283), and intervals of 1.645 sigma."""
    full = np.broadcast_to(z.reshape(N, -1), (N, N_BINS))
    truth = np.linspace(0.004, 0.02, N)[:, None] * np.ones(N_BINS)
    sigma = np.full_like(truth, SIGMA)
    mu = truth + full * sigma
    ids = tuple(str(100 + n) for n in range(N))
    half = 1.645 * sigma
    known = PlanetTraits(
        flux=np.linspace(0.5e6, 20e6, N),
        star_k=np.full(N, 5500.0),
        impact=np.linspace(0, 0.79, N),
        doubt=("",) * N,
    )
    fields = {
        "planet_ids": ids,
        "truth": truth,
        "mu": mu,
        "sigma": sigma,
        "half_width": half,
        "corel": CorelTable(np.full(N_BINS, 1.645), np.ones(N_BINS), 0.1, 110),
        "traits": known,
        "estimates": {"spectramind": Predictive(Spectra(ids, mu, sigma), Intervals(0.9, half))},
        "summaries": None,
        "light_curves": {},
    }
    return make_report(n=N, **(fields | changes))


def honest(n: int = N) -> np.ndarray:
    """The n middles of the normal distribution's quantiles, shuffled."""
    z = stats.norm.ppf((np.arange(n) + 0.5) / n)
    return np.random.default_rng(3).permutation(z)


def row(values: Values, grouping: str, group: str) -> Values:
    found = [r for r in values["groups"] if (r["grouping"], r["group"]) == (grouping, group)]
    assert len(found) == 1, [(r["grouping"], r["group"]) for r in values["groups"]]
    return found[0]


def test_grazing_planets_with_half_their_sigma_are_found(make_report: Make) -> None:
    z = honest()
    z[-9:] = np.array([2.5, -2.5, 2.2, -2.0, 1.9, -1.8, 3.0, 0.4, -0.5])
    data = predicted(make_report, z)
    values = of(sigma_by_group.PANEL, data)
    grazing = row(values, "impact", "from 0.6")
    trusted = row(values, "impact", "below 0.2")
    assert grazing["planets"] == (data.traits.impact >= 0.6).sum()
    assert grazing["reading"] == NARROW
    assert grazing["chi2"] == pytest.approx(np.mean(z[data.traits.impact >= 0.6] ** 2))
    assert trusted["chi2"] == pytest.approx(np.mean(z[data.traits.impact < 0.2] ** 2))
    assert "impact from 0.6: σ too small" in sigma_by_group.PANEL.draw(values).note


def test_every_grouping_counts_every_planet(make_report: Make) -> None:
    values = of(sigma_by_group.PANEL, predicted(make_report, honest()))
    counts: dict[str, int] = {}
    for group in values["groups"]:
        counts[group["grouping"]] = counts.get(group["grouping"], 0) + group["planets"]
    assert counts == dict.fromkeys(
        ("planets", "depth [%]", "flux [10⁶ e]", "star [K]", "impact", "fit"), N
    )
    assert row(values, "depth [%]", "below 1")["planets"] == 15  # 0.4 % up to 1 %: 15 of 40
    assert row(values, "star [K]", "all")["planets"] == N


def test_few_doubted_planets_are_said_to_be_too_few(make_report: Make) -> None:
    data = predicted(make_report, honest())
    doubt = tuple("grazing" if n < 3 else "" for n in range(N))
    data = replace(data, traits=replace(data.traits, doubt=doubt))
    values = of(sigma_by_group.PANEL, data)
    doubted = row(values, "fit", "doubted")
    assert (doubted["planets"], doubted["chi2"], doubted["reading"]) == (3, None, TOO_FEW)
    assert row(values, "fit", "trusted")["planets"] == N - 3
    assert "1 with too few planets to say" in sigma_by_group.PANEL.draw(values).note


def test_traits_that_nobody_knows_are_named(make_report: Make) -> None:
    data = predicted(make_report, honest(), traits=None, problems={"traits": "no stars"})
    values = of(sigma_by_group.PANEL, data)
    assert {group["grouping"] for group in values["groups"]} == {"planets", "depth [%]"}
    assert "Not known: flux [10⁶ e], star [K], impact, fit (no stars)." in (
        sigma_by_group.PANEL.draw(values).note
    )


def test_dots_outside_their_band_are_red(make_report: Make) -> None:
    values = of(sigma_by_group.PANEL, predicted(make_report, 3 * honest()))
    figures = sigma_by_group.PANEL.draw(values).figures
    assert set(figures) == {"group-chi2", "group-inside-sigma", "group-inside-interval"}
    band, dots = figures["group-inside-sigma"]["data"]
    first = row(values, "planets", "all")
    assert dots["x"][:2] == [None, first["inside_sigma"]]  # the title of the grouping comes first
    assert dots["marker"]["color"][1] == OUTSIDE
    assert band["x"][3:5] == [first["inside_sigma_low"], first["inside_sigma_high"]]


def test_without_intervals_or_their_calibration_less_is_drawn(make_report: Make) -> None:
    data = predicted(make_report, honest(), half_width=None, coverage_level=None)
    values = of(coverage_regions.PANEL, data)
    assert row(values, "region", "CO₂")["inside_interval"] is None
    assert set(coverage_regions.PANEL.draw(values).figures) == {
        "region-chi2",
        "region-inside-sigma",
    }
    values = of(coverage_regions.PANEL, predicted(make_report, honest(), corel=None))
    co2 = row(values, "region", "CO₂")
    assert co2["inside_interval"] == pytest.approx(0.9)
    assert co2["inside_interval_low"] is None


def test_a_molecule_that_is_told_too_confidently_is_found(make_report: Make) -> None:
    z = np.tile(honest()[:, None], (1, N_BINS))
    z[:, window_bins("co")] *= 3
    values = of(coverage_regions.PANEL, predicted(make_report, z))
    co = row(values, "region", "CO")
    assert co["reading"] == NARROW
    assert co["inside_interval"] == pytest.approx(np.mean(np.abs(3 * honest()) <= 1.645))
    assert row(values, "region", "elsewhere")["inside_interval"] == pytest.approx(0.9)
    assert row(values, "region", "FGS1")["reading"] != NARROW
    crossed = {line["region"]: line for line in values["crossed"]}
    known = [line for key, line in crossed["elsewhere"].items() if key != "region"]
    counts = [r["planets"] for r in values["groups"] if r["grouping"] == "depth / σ"]
    assert np.average(known, weights=counts) == pytest.approx(0.9)
    band = interval_chance(110, 0.1, N)
    assert values["bins"]["chance"] == list(band)
    assert values["bins"]["outside"] == len(window_bins("co"))
    assert values["bins"]["there"] == N_BINS
    table = coverage_regions.PANEL.draw(values).tables["coverage_bins"]
    assert [line["bin"] for line in table] == list(range(N_BINS))
    assert table[1]["inside_interval"] == pytest.approx(0.9)
    assert (table[1]["q"], table[1]["chance_low"]) == (1.645, band[0])


def test_bins_outside_a_band_are_counted_without_gaps() -> None:
    assert outside(np.array([0.7, 0.8, 0.9, 1.0, np.nan]), (0.8, 0.95)) == (2, 4)


def test_pit_of_an_honest_sigma_is_flat_and_of_half_of_it_is_not() -> None:
    z = stats.norm.ppf((np.arange(1000) + 0.5) / 1000)
    np.testing.assert_allclose(pit_counts(z, 10), 0.1)
    halved = pit_counts(2 * z, 10)
    tail = stats.norm.sf(stats.norm.isf(0.1) / 2)
    assert halved[0] == halved[-1] == pytest.approx(tail, abs=1e-3)
    assert pit_counts(np.array([-9.0, 9.0, 9.0, 9.0]), 4).tolist() == [0.25, 0, 0, 0.75]
    assert pit_chance(100, 10) == (0.05, 0.16)


def test_pit_rises_where_depths_are_too_low(make_report: Make) -> None:
    z = np.tile(honest()[:, None], (1, N_BINS))
    z[:, 0] = -3.0  # FGS1: predicted 3 sigma below the truth
    values = of(pit_histogram.PANEL, predicted(make_report, z))
    assert values["classes"] == pit_histogram.COARSE
    assert values["shares"]["FGS1"] == [0, 0, 0, 0, 1]
    np.testing.assert_allclose(values["shares"]["AIRS-CH0"], 0.2)
    table = pit_histogram.PANEL.draw(values).tables["pit"]
    assert len(table) == 10
    assert (table[4]["detector"], table[4]["low"], table[4]["share"]) == ("FGS1", 0.8, 1)


def pair(z: float, doubt: str = "") -> RepeatVisits:
    found = VisitDifference(10 * z, z, 5 * z, 2 * z, np.full(N_BINS, z), np.full(N_BINS - 1, -z))
    return RepeatVisits("1", ("1", "1_1"), "train", doubt, found)


def test_repeats_are_judged_without_the_doubted(make_report: Make) -> None:
    pairs = [pair(z) for z in (1.0, -1.0, 2.0, -2.0, 1.0)] + [pair(50.0, "grazing")]
    values = of(visit_repeats.PANEL, make_report(repeats=pairs))
    expected = np.sqrt(11 / 5)
    assert values["trusted"] == 5
    assert values["rms"] == {
        "FGS1": pytest.approx(expected),
        "AIRS level": pytest.approx(2 * expected),
        "AIRS shape": pytest.approx(expected),
    }
    assert values["bins"] == [pytest.approx(expected)] * N_BINS
    low, high = values["chance"]
    assert (low, high) == tuple(np.sqrt(stats.chi2.interval(0.95, 5) / np.array(5)))
    body = visit_repeats.PANEL.draw(values)
    assert body.html.count("stated error too small") == 1  # the level's, 2.97
    assert "6 pairs of visits, 1 of them with a doubted fit" in body.note
    assert [line["doubt"] for line in body.tables["repeats"]] == [""] * 5 + ["grazing"]


def test_four_pairs_are_too_few_to_judge(make_report: Make) -> None:
    values = of(visit_repeats.PANEL, make_report(repeats=[pair(1.0)] * 4))
    body = visit_repeats.PANEL.draw(values)
    assert body.figures == {}
    assert "4 pairs are too few to judge: 5 are needed" in body.note


def test_a_tree_without_second_visits_is_sent_to_another(make_report: Make) -> None:
    data = make_report(repeats=(), problems={"repeats": NO_REPEATS})
    lack = visit_repeats.PANEL.collect(ReportContext(data, 20, 5))
    assert lack == Lack(NO_REPEATS, "simulate sim.two_visit_fraction=0.2 data.raw=ANOTHER_FOLDER")


def test_sharpness_of_every_estimator_that_was_predicted(make_report: Make) -> None:
    data = predicted(make_report, honest())
    wide = Predictive(Spectra(data.planet_ids, data.mu, 2 * data.sigma))
    told = {
        "name": "box",
        "coverage_1sigma": 0.7,
        "coverage_interval": 0.91,
        "width_mean_ppm": 300.0,
        "sigma_airs_median_ppm": 150.0,
    }
    again = {"name": "spectramind", "coverage_1sigma": 0.1}
    data = replace(
        data,
        estimates={"physics": wide, **data.estimates},
        summaries=[again, told, {"name": "old"}],
    )
    values = of(sharpness_beside_coverage.PANEL, data)
    rows = values["estimators"]
    assert [line["name"] for line in rows] == ["spectramind", "physics", "box", "old"]
    ours, physics, box, old = rows
    assert [ours[f"sigma_{of}"] for of in ("airs_median", "fgs1_mean")] == [pytest.approx(50)] * 2
    assert ours["width_median"] == pytest.approx(1.645 * 50)
    assert ours["width_mean"] == pytest.approx(1.645 * 50)
    assert ours["inside_sigma"] == pytest.approx(np.mean(np.abs(honest()) <= 1))
    assert ours["inside_interval"] == pytest.approx(0.9)
    assert physics["sigma_airs_mean"] == pytest.approx(100)
    assert physics["inside_sigma"] == pytest.approx(np.mean(np.abs(honest()) <= 2))
    assert "width_mean" not in physics
    assert (box["inside_sigma"], box["width_mean"], box["sigma_airs_median"]) == (0.7, 300, 150)
    assert old == {"name": "old"}
    figures = sharpness_beside_coverage.PANEL.draw(
        of(sharpness_beside_coverage.PANEL, data)
    ).figures
    assert figures["sharp-sigma"]["data"][0]["text"] == ["spectramind", "physics", "box"]
    assert figures["sharp-interval"]["data"][0]["text"] == ["spectramind"]


def test_infinite_intervals_have_no_width(make_report: Make) -> None:
    data = predicted(make_report, honest())
    endless = Predictive(
        Spectra(data.planet_ids, data.mu, data.sigma),
        Intervals(0.9, np.full_like(data.mu, np.inf)),
    )
    values = of(sharpness_beside_coverage.PANEL, replace(data, estimates={"spectramind": endless}))
    assert values["estimators"][0]["width_mean"] is None
    assert "sharp-interval" not in sharpness_beside_coverage.PANEL.draw(values).figures


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.anchor)
def test_figures_follow_the_plotly_schema_and_tables_are_plain(
    panel: Panel, make_report: Make
) -> None:
    body = panel.draw(of(panel, make_report()))
    for name, figure in body.figures.items():
        assert len(go.Figure(figure).data) == len(figure["data"]), name
        assert f'id="{name}"' in body.html
    assert body.tables
    for rows in body.tables.values():
        assert rows
        json.dumps(rows, allow_nan=False)
        assert all(list(line) == list(rows[0]) for line in rows if "name" not in line)


def test_no_two_panels_write_one_file(make_report: Make) -> None:
    page = build_page(make_report(), max_planets=20, worst_planets=5)
    names = [name for body in page.bodies for name in body.tables]
    assert sorted(names) == sorted(page.tables)
    assert set(names) >= {"pit", "groups", "regions", "coverage_bins", "repeats", "sharpness"}


def test_only_predictions_without_truth_lack_all_but_the_repeats(make_report: Make) -> None:
    context = ReportContext(make_report(truth=None), 20, 5)
    lacking = {panel.anchor for panel in PANELS if isinstance(panel.collect(context), Lack)}
    assert lacking == {"regions", "pit", "sharpness", "groups"}
