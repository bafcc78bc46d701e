"""What the report reads of earlier reports, sweeps, ablation and folds, and of audit."""

import json
from pathlib import Path

import numpy as np
import pytest

from spectramind.config.compose import compose
from spectramind.config.root import Config
from spectramind.contracts.predictive import Predictive
from spectramind.contracts.spectra import Spectra
from spectramind.contracts.work_folder import WorkFolder
from spectramind.diagnostics.report_data import ReportData
from spectramind.evaluation.ablation_rows import AblationRow, AblationTable
from spectramind.evaluation.paired import Difference
from spectramind.instrument.grid import N_BINS
from spectramind.pipeline.dashboard import gather
from spectramind.run.atomic import write_json, write_npz, write_text
from spectramind.run.environment import file_digest
from spectramind.run.record import RunRecord

LINE = {"path": "v1.html", "score": 0.7}


@pytest.fixture
def config(tmp_path: Path) -> Config:
    config = compose([f"data.raw={tmp_path / 'raw'}", f"paths.work={tmp_path / 'work'}"])
    depth = np.full((1, N_BINS), 0.01)
    found = Predictive(Spectra(("101",), depth, 1e-4 * depth / depth))
    found.save(WorkFolder(config.paths).prediction("spectramind"))
    return config


def gathered(config: Config) -> tuple[ReportData, list[str]]:
    record = RunRecord("diagnose dashboard", {}, config.paths.work, config.hash, 0)
    return gather(config, record), record.warnings


def audited(config: Config, prediction: str) -> None:
    folder = WorkFolder(config.paths).audit
    planet = {
        "planet_id": "101",
        "violations": {"smoothness": {"score": 1.0, "status": "fail"}},
        "severity": "fail",
        "dominant_rules": {},
        "out_of_distribution": None,
        "truth": None,
    }
    log = {"prediction": prediction, "cfg_hash": "h", "weights": {"sm": 0.2}, "bands": {}}
    write_json(folder.violations, log | {"strangers": "", "planets": [planet]})
    write_npz(folder.influence, planet_id=np.array(["101"]), sm=np.ones((1, N_BINS)))


def test_nothing_there_is_no_problem(config: Config) -> None:
    data, warnings = gathered(config)
    assert (data.runs.ablation, data.runs.versions, data.runs.folds) == (None, (), ())
    assert data.rules is None
    assert not warnings


def test_versions_are_read_line_by_line(config: Config) -> None:
    path = WorkFolder(config.paths).diagnostics.versions
    write_text(path, json.dumps(LINE) + "\n" + json.dumps(LINE | {"score": None}) + "\n")
    assert [line["score"] for line in gathered(config)[0].runs.versions] == [0.7, None]


@pytest.mark.parametrize("content", ["{", "[1]\n", '"text"'])
def test_broken_versions_are_named_and_left_out(config: Config, content: str) -> None:
    write_text(WorkFolder(config.paths).diagnostics.versions, content)
    data, warnings = gathered(config)
    assert data.runs.versions == ()
    assert "versions.jsonl" in data.problems["versions"]
    assert len(warnings) == 1


def test_an_ablation_comes_back_as_it_was_written(config: Config) -> None:
    rows = tuple(
        AblationRow(name, "a=1", 0.5, (0.5, 0.4), Difference(0.1, 0.0, 0.2), None, 0.0, (0.5,))
        for name in ("base", "physics alone", "wider")
    )
    table = AblationTable(rows, (1, 2), "test", ("101",), ("same",), {"bad": "why"}, {"date": "d"})
    write_json(WorkFolder(config.paths).ablation.numbers, table.to_json())
    assert gathered(config)[0].runs.ablation == table


@pytest.mark.parametrize("content", ["", "{}", '{"rows": []}', "[]"])
def test_a_broken_ablation_is_named(config: Config, content: str) -> None:
    write_text(WorkFolder(config.paths).ablation.numbers, content)
    data, warnings = gathered(config)
    assert data.runs.ablation is None
    assert "run `spectramind ablate` again" in data.problems["ablation"]
    assert len(warnings) == 1


def test_jobs_of_sweeps_are_found(config: Config) -> None:
    for job, ts in (("1", "2026-01-02T00:00:00Z"), ("0", "2026-01-03T00:00:00Z")):
        folder = config.paths.work / "multirun" / "2026-01-01_00-00-00" / job
        write_text(folder / "events.jsonl", json.dumps({"cmd": "score", "ts": ts}) + "\n")
    assert [event["ts"][9] for event in gathered(config)[0].runs.sweeps] == ["2", "3"]


def test_audit_of_this_prediction_is_shown(config: Config) -> None:
    audited(config, file_digest(WorkFolder(config.paths).prediction("spectramind")))
    data, warnings = gathered(config)
    assert not warnings
    assert data.rules is not None
    assert data.rules.log.planets[0].planet_id == "101"
    assert data.rules.influence["sm"].shape == (1, N_BINS)


def test_audit_of_another_prediction_is_refused_and_said(config: Config) -> None:
    audited(config, "0" * 64)
    data, warnings = gathered(config)
    assert data.rules is None
    assert "judged another prediction" in data.problems["rules"]
    assert "judged another prediction" in warnings[0]


@pytest.mark.parametrize(("of", "stale"), [("this", False), ("another", True), ("", False)])
def test_a_score_of_another_prediction_is_not_shown(config: Config, of: str, stale: bool) -> None:
    """A file of an earlier version does not say what it scored."""
    digest = file_digest(WorkFolder(config.paths).prediction("spectramind"))
    keys = ("score", "score_low", "score_high", "fgs1_part", "airs_part", "one_sigma_coverage")
    row = dict.fromkeys((*keys, "interval_coverage", "interval_width_ppm"), 0.5)
    parts = dict.fromkeys(("fgs1_rms", "airs_mean_rms", "airs_shape_rms"), 1.0)
    held = {"this": {"scored": digest}, "another": {"scored": "0" * 64}, "": {}}[of]
    rows = [row | {"name": "spectramind", "residuals_ppm": parts}]
    write_json(config.paths.score, held | {"predictions": rows})
    data, warnings = gathered(config)
    assert (data.summaries is None) == stale
    assert bool(warnings) == stale
    assert not stale or "scored another prediction" in data.problems["summaries"]


def test_folds_of_another_training_do_not_count(config: Config, tmp_path: Path) -> None:
    """A checkpoint there is none of: folds that lie about belong to nobody."""
    note = {"settings": "s", "epochs": [1], "history": [{"epoch": 0.0, "val_loss": 1.0}]}
    write_json(WorkFolder(config.paths).fold_done(0), note)
    assert gathered(config)[0].runs.folds == ()
