"""Panels of how things were made: versions, configurations, timings, ablation, folds, record."""

from collections.abc import Callable
from dataclasses import replace

import plotly.graph_objects as go
import pytest

from spectramind.diagnostics.panel import Lack, Panel, ReportContext, Values
from spectramind.diagnostics.panels import (
    ablation_forest,
    config_scores,
    loss_curves,
    report_versions,
    run_record,
    stage_timings,
)
from spectramind.diagnostics.report_data import ReportData
from spectramind.diagnostics.run_history import RunHistory

Make = Callable[..., ReportData]


def of(panel: Panel, data: ReportData) -> Values:
    values = panel.collect(ReportContext(data, 20, 5))
    assert isinstance(values, dict), values
    return values


def event(cmd: str, ms: int, science: str = "s1", **more: object) -> dict:
    return {"cmd": cmd, "duration_ms": ms, "science_hash": science, "status": "ok", **more}


@pytest.mark.parametrize(
    "panel",
    [
        m.PANEL
        for m in (ablation_forest, config_scores, loss_curves, report_versions, stage_timings)
    ],
    ids=lambda panel: panel.anchor,
)
def test_figures_follow_the_plotly_schema(panel: Panel, make_report: Make) -> None:
    drawn = panel.draw(of(panel, make_report()))
    assert drawn.figures
    for name, figure in drawn.figures.items():
        assert len(go.Figure(figure).data) == len(figure["data"]), name


def test_a_repeat_that_found_its_work_done_is_not_the_stages_time(make_report: Make) -> None:
    events = [
        event("train", 900_000, "old"),
        event("train", 60_000),
        event("train", 500),
        event("train", 70_000, status="fail"),
        event("predict", 20_000),
        event("gate", 10_000),
    ]
    train, predict = of(stage_timings.PANEL, make_report(events=events))["stages"]
    assert (train["cmd"], train["duration_ms"], train["failed"]) == ("train", 60_000, 1)
    assert train["share"] == pytest.approx(0.75)
    assert predict["share"] == pytest.approx(0.25)


def test_each_configuration_counts_by_its_last_good_score(make_report: Make) -> None:
    def scored(config: str, score: float, setting: str, **more: object) -> dict:
        args = {"overrides": ["env.workers=1", setting]}
        metrics = {"score_spectramind": score}
        return event("score", 1, cfg_hash=config, args=args, metrics=metrics, **more)

    sweep = [scored("ccc", 0.7, "seed=3")]
    events = [
        scored("aaa", 0.5, "seed=1"),
        scored("bbb", 0.6, "seed=2"),
        scored("aaa", 0.4, "seed=1"),
        scored("aaa", 0.9, "seed=1", status="fail"),
    ]
    data = make_report(events=events, runs=RunHistory(sweeps=sweep))
    values = of(config_scores.PANEL, data)
    found = [(row["config"], row["scores"]["spectramind"]) for row in values["configs"]]
    assert found == [("bbb", 0.6), ("aaa", 0.4), ("ccc", 0.7)]
    html = config_scores.PANEL.draw(values).html
    assert "seed=2" in html
    assert "env.workers=1" not in html  # all share it
    (heat,) = config_scores.figure(values["configs"], values["estimators"])["data"]
    assert heat["z"] == [[0.7], [0.4], [0.6]]


def test_versions_tell_the_change_and_short_hashes(make_report: Make) -> None:
    values = of(report_versions.PANEL, make_report())
    drawn = report_versions.PANEL.draw(values)
    assert values["versions"][1]["change"] == pytest.approx(0.05)
    assert drawn.verdict is not None
    assert drawn.verdict.text.startswith("The score rose by 0.0500")
    assert "1b2c3d4e" in drawn.html
    assert "1b2c3d4e5f" not in drawn.html


def test_one_version_is_a_table_without_a_curve(make_report: Make) -> None:
    data = make_report()
    one = replace(data, runs=RunHistory(versions=data.runs.versions[:1]))
    drawn = report_versions.PANEL.draw(of(report_versions.PANEL, one))
    assert not drawn.figures
    assert drawn.verdict is None
    none = replace(data, runs=RunHistory())
    assert report_versions.PANEL.collect(ReportContext(none, 20, 5)) == Lack("")


def test_folds_are_drawn_apart_and_their_mean_as_far_as_all_go(make_report: Make) -> None:
    values = of(loss_curves.PANEL, make_report())
    figure = loss_curves.PANEL.draw(values).figures["history"]
    pale = [t for t in figure["data"] if t["name"] == "a fold" and t["xaxis"] == "x"]
    assert [len(trace["x"]) for trace in pale] == [3, 4, 5]
    assert pale[1]["y"] == pytest.approx([0, 0.01, 0.02, 0.03])  # epoch 0's loss less the epoch's
    (mean,) = [t for t in figure["data"] if t["name"] == "mean over the folds"]
    assert mean["y"] == pytest.approx([0, 0.01, 0.02])
    chose = [t for t in figure["data"] if t["name"] == "epoch that it chose"]
    assert [t["x"] for t in chose] == [[0.0], [1.0], [2.0]]


def test_no_two_curves_of_a_training_look_alike() -> None:
    rows = [{"epoch": e, "val_loss": 1.0, "train_loss": 2.0, "coarse_loss": 3.0} for e in (0, 1)]
    traces = loss_curves.figure(rows, {}, None)["data"]
    looks = {(t["line"]["color"], t["marker"]["symbol"], t["line"]["dash"]) for t in traces}
    assert len(looks) == len({t["line"]["color"] for t in traces}) == 3


@pytest.mark.parametrize(
    ("chosen", "epochs", "words"),
    [(0, 4, "not kept"), (3, 4, "epoch 3 was kept"), (0, 1, "No network was trained")],
)
def test_what_was_kept_is_said(make_report: Make, chosen: int, epochs: int, words: str) -> None:
    history = [{"epoch": e, "val_loss": 1.0} for e in range(epochs)]
    data = make_report(history=history, chosen_epoch=chosen, runs=RunHistory())
    told = loss_curves.verdict(of(loss_curves.PANEL, data))
    assert words in told.text


def test_a_variant_beyond_chance_is_named(make_report: Make) -> None:
    drawn = ablation_forest.PANEL.draw(of(ablation_forest.PANEL, make_report()))
    assert drawn.verdict is not None
    assert "wider most (+0.0300" in drawn.verdict.text
    better = next(t for t in drawn.figures["ablation-forest"]["data"] if t["name"] == "better")
    assert (better["x"], better["y"]) == ([0.03], ["wider"])


def test_a_command_that_failed_last_is_bad_news(make_report: Make) -> None:
    sha = "0123456789abcdef0123456789abcdef01234567"
    events = [event("train", 1, status="fail", message="no <disk>", git_sha=sha)]
    drawn = run_record.PANEL.draw(of(run_record.PANEL, make_report(events=events)))
    assert drawn.verdict is not None
    assert drawn.verdict.level == "bad"
    assert "no &lt;disk&gt;" in drawn.html
    assert "01234567<" in drawn.html
    again = [*events, event("train", 1, git_sha=sha)]
    better = run_record.PANEL.draw(of(run_record.PANEL, make_report(events=again)))
    assert better.verdict is not None
    assert better.verdict.level == "good"
