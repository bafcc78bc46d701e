"""What every panel promises: plain data, a figure out of nothing else, no exception for gaps."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spectramind.diagnostics import panels as room
from spectramind.diagnostics.page import build_page
from spectramind.diagnostics.panel import Lack, Panel, PanelBody, ReportContext, lay_out, plain
from spectramind.diagnostics.panels import ORDER, kill_chain, report_panels
from spectramind.diagnostics.report_data import CalibrationLog, LightCurve, PlanetTraits, ReportData
from spectramind.plotting.document import AbsentPart, PagePart, grouped

Make = Callable[..., ReportData]
PANELS = report_panels()
WITHOUT_TRUTH = [
    *("worst", "gll-score", "gll-by-bin", "gll-by-planet", "errors", "reliability-section"),
    *("z-parts", "pit", "groups", "regions", "sharpness"),
]
KILL_CHAIN = next(panel for panel in PANELS if panel.anchor == "kill-chain")
FOLDER = Path(room.__file__).parent


def test_every_file_is_a_panel_in_its_place() -> None:
    assert sorted(ORDER) == sorted(p.stem for p in FOLDER.glob("*.py") if p.stem != "__init__")
    anchors = [panel.anchor for panel in PANELS]
    assert len(set(anchors)) == len(ORDER) == len(PANELS)
    for panel in PANELS:
        assert panel.needs
        assert panel.command
        assert panel.look_for.endswith(".")
        assert len(panel.look_for.split()) >= 10, panel.anchor


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.anchor)
def test_data_are_plain_and_all_that_is_drawn(panel: Panel, make_report: Make) -> None:
    values = panel.collect(ReportContext(make_report(), 20, 5))
    assert isinstance(values, dict)
    again = json.loads(json.dumps(values, allow_nan=False))
    assert again == values
    assert panel.draw(again) == panel.draw(values)


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.anchor)
def test_without_any_input_it_is_absent_and_names_a_command(
    panel: Panel, make_report: Make
) -> None:
    full = make_report()
    none = np.empty((0, 283))
    laid_out = lay_out(
        panel, ReportContext(ReportData("", {}, full.wavelength_um, (), none, none), 20, 5)
    )
    assert isinstance(laid_out.part, AbsentPart)
    assert not laid_out.broken
    assert laid_out.part == AbsentPart(panel.needs, panel.command)


@pytest.mark.parametrize(
    ("field", "empty", "anchors"),
    [
        ("summaries", None, ["scores"]),
        ("truth", None, WITHOUT_TRUTH),
        ("naive", None, ["gll-score", "gll-by-bin", "gll-by-planet"]),
        (
            "rules",
            None,
            ["rules", "violation-map", "influence", "strangers", "planet-rules-section"],
        ),
        ("light_curves", {}, ["light-curves-section"]),
        ("history", [], ["training"]),
        ("corel", None, ["corel"]),
        ("calibration", (), ["kill-chain", "visit-record"]),
        ("repeats", (), ["repeats"]),
        ("events", (), ["timings", "config-score-map", "runs"]),
        ("retrieved", {}, ["atmosphere-table", "planet-atmosphere"]),
        ("recovery", None, ["atmosphere-recovery"]),
    ],
)
def test_the_reason_is_said(
    make_report: Make, field: str, empty: object, anchors: list[str]
) -> None:
    data = make_report(**{field: empty, "problems": {field: "the <disk> is full"}})
    page = build_page(data, max_planets=20, worst_planets=5)
    assert [part.reason for part in page.absent] == ["the <disk> is full"] * len(anchors)
    assert page.html.count(": the &lt;disk&gt; is full: <code>") == len(grouped(page.absent))
    wanted = [panel.title for panel in PANELS if panel.anchor not in anchors]
    assert list(page.shown) == wanted


def gaps(data: ReportData) -> dict[str, ReportData]:
    """Reports of which something is there only in part, or is odd."""
    ids = data.planet_ids
    nan = np.full(300, np.nan)
    flat = {ids[0]: LightCurve(np.arange(300.0), nan, nan)}
    one = {"name": "a", "score": float("nan"), "low": None, "coverage_interval": float("nan")}
    return {
        "one planet": replace(
            data,
            planet_ids=ids[:1],
            mu=data.mu[:1],
            sigma=data.sigma[:1],
            truth=data.truth[:1],
            half_width=data.half_width[:1],
            traits=None,
            estimates={"spectramind": data.estimates["spectramind"].select(ids[:1])},
        ),
        "traits of which nothing is known": replace(
            data, traits=PlanetTraits(*np.full((3, len(ids)), np.nan), ("",) * len(ids))
        ),
        "one repeat visit": replace(data, repeats=data.repeats[:1]),
        "no predictions but the scored": replace(data, estimates={}),
        "no estimators but the predicted": replace(data, summaries=[{"name": "a"}]),
        "a level without intervals": replace(data, half_width=None),
        "intervals without a level": replace(data, coverage_level=None),
        "no interval is finite": replace(data, half_width=np.full_like(data.mu, np.inf)),
        "curves of NaN without a model": replace(data, light_curves=flat),
        "curves of other planets": replace(data, light_curves={"x": flat[ids[0]]}),
        "scores of NaN": replace(data, summaries=[one, {"name": "b"}, {}]),
        "one epoch": replace(data, history=data.history[:1]),
        "epochs of NaN": replace(data, history=[{"epoch": 0.0, "val_loss": float("nan")}]),
        "epochs without any loss": replace(data, history=[{"epoch": 0.0}], baseline={}),
        "events of another version": replace(data, events=[{}, {"cmd": None, "ts": 3}]),
    }


def test_gaps_break_no_panel(make_report: Make) -> None:
    for name, data in gaps(make_report()).items():
        page = build_page(data, max_planets=20, worst_planets=5)
        assert not [panel.part for panel in page.panels if panel.broken], name
        lacking = 2 if name == "events of another version" else 0  # timings, scores by config
        assert len(page.shown) == len(PANELS) - lacking, name


def test_a_panel_that_fails_costs_no_other(make_report: Make) -> None:
    def fail(context: ReportContext) -> Lack:
        raise KeyError("mask_frac")

    broken = Panel(
        "overview", "a", "A", "numbers", "train", "Look.", fail, lambda values: PanelBody("")
    )
    laid_out = lay_out(broken, ReportContext(make_report(), 20, 5))
    assert laid_out.broken
    assert isinstance(laid_out.part, AbsentPart)
    assert "KeyError: 'mask_frac'" in laid_out.part.reason
    assert laid_out.part.command == "train"


NEW = """
from spectramind.diagnostics.panel import Panel, PanelBody

PANEL = Panel(
    topic="runs",
    anchor="how-many",
    title="How many",
    needs="the number of planets",
    command="predict",
    look_for="It should be the number of planets in the test folder.",
    collect=lambda context: {"planets": len(context.data.planet_ids)},
    draw=lambda values: PanelBody(f"<p>{values['planets']} planets</p>"),
)
"""


def test_a_new_panel_is_one_new_file(
    make_report: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "how_many.py").write_text(NEW)
    monkeypatch.setattr(room, "__path__", [*room.__path__, str(tmp_path)])
    page = build_page(make_report(n=6), max_planets=20, worst_planets=5)
    monkeypatch.delitem(sys.modules, "spectramind.diagnostics.panels.how_many")
    assert page.shown[-1] == "How many"
    assert "<p>6 planets</p>" in page.html
    assert len(page.shown) == len(PANELS) + 1


def test_a_file_without_a_panel_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "no_panel.py").write_text("")
    monkeypatch.setattr(room, "__path__", [*room.__path__, str(tmp_path)])
    with pytest.raises(TypeError, match="no_panel defines no PANEL"):
        report_panels()


def test_failed_visits_come_first_with_their_reason(make_report: Make) -> None:
    good = make_report().calibration[0]
    logs = [good, CalibrationLog("7", problem="signal.parquet is cut", failed=True)]
    values = kill_chain.collect(ReportContext(make_report(calibration=logs), 20, 5))
    assert isinstance(values, dict)
    assert [row["visit"] for row in values["visits"]] == ["7", good.visit]
    assert values["visits"][1]["fgs1_masked"] == 0.0042
    assert values["visits"][1]["time_ms"] == 4412.7
    body = kill_chain.draw(values)
    assert "signal.parquet is cut" in body.html
    assert "1 of 2 failed" in body.note


@pytest.mark.parametrize(
    "records",
    [
        [{"detector": "both", "step": "simulated", "t_ms": 0.0, "delta_stats": {}}],
        [{"detector": "FGS1", "step": "bad_pixels", "delta_stats": None}],
        [{"detector": "FGS1", "step": "bad_pixels", "delta_stats": {"mask_frac": "much"}}],
        [{}],
        ["bad_pixels"],
    ],
)
def test_a_log_that_lacks_records_is_a_row_that_says_so(records: list) -> None:
    row = kill_chain.row(CalibrationLog("7", records))
    assert row["fgs1_masked"] is None
    assert row["problem"].startswith("the log lacks FGS1 bad_pixels, ")


def test_simulated_light_curves_have_no_kill_chain(make_report: Make) -> None:
    logs = [CalibrationLog(v, problem="no frames", simulated=True) for v in "78"]
    part = lay_out(KILL_CHAIN, ReportContext(make_report(calibration=logs), 20, 5)).part
    assert isinstance(part, AbsentPart)
    assert part.reason == "no frames"
    assert part.command.startswith("simulate level=telemetry")
    mixed = [*logs, make_report().calibration[0]]
    part = lay_out(KILL_CHAIN, ReportContext(make_report(calibration=mixed), 20, 5)).part
    assert isinstance(part, PagePart)
    assert part.html.count("no frames") == 2


def test_plain_numbers_have_no_nan() -> None:
    assert plain(np.array([[1.5, np.nan], [np.inf, -2]])) == [[1.5, None], [None, -2.0]]
