"""What the dashboard gathers from a work folder in any state: broken files are named, not fatal."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from spectramind.config.compose import compose
from spectramind.config.root import Config
from spectramind.contracts.depths import Depths, load_depths, save_depths, unmeasured
from spectramind.contracts.predictive import Predictive
from spectramind.contracts.spectra import Spectra
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.tree import KaggleTree
from spectramind.diagnostics.report_data import ReportData
from spectramind.errors import SchemaError
from spectramind.instrument.grid import N_BINS
from spectramind.pipeline.dashboard import DashboardReport, dashboard, gather
from spectramind.pipeline.report_reader import Problems, read_report
from spectramind.plotting.document import absent_lines
from spectramind.run.atomic import write_npz, write_text
from spectramind.run.failures import note_failure
from spectramind.run.record import RunRecord


@pytest.fixture
def config(tree: KaggleTree, tmp_path: Path) -> Config:
    """Planet 101 of the test split, predicted."""
    (tree.root / "train").rename(tree.root / "test")
    config = compose([f"data.raw={tree.root}", f"paths.work={tmp_path / 'work'}"])
    predict(config, "101")
    return config


PREDICTED = ("All planets", "Spectrum")  # all that predictions alone show


def predict(config: Config, *ids: str) -> None:
    depth = np.full((len(ids), N_BINS), 0.01)
    found = Predictive(Spectra(ids, depth, 1e-4 * np.ones_like(depth)))
    found.save(WorkFolder(config.paths).prediction("spectramind"))


def record_of(config: Config) -> RunRecord:
    return RunRecord("diagnose dashboard", {}, config.paths.work, config.hash, 0, config.data.raw)


def gathered(config: Config) -> tuple[ReportData, list[str]]:
    record = record_of(config)
    return gather(config, record), record.warnings


def made(config: Config) -> DashboardReport:
    return dashboard(config, record_of(config))


def measured(depth: float) -> Depths:
    time = np.linspace(0, 5, 40)
    flux = np.full((40, 2), 1 - depth)
    return Depths(unmeasured("").fit, time, flux, flux, {"reason": ""})


def test_every_report_is_a_version_of_its_own(config: Config) -> None:
    first, second = made(config), made(config)
    assert [first.path.name, second.path.name] == ["v1.html", "v2.html"]
    assert "version 2" in second.path.read_text(encoding="utf-8")
    lines = WorkFolder(config.paths).diagnostics.versions.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["path"] for line in lines] == ["v1.html", "v2.html"]


def test_the_report_says_what_it_shows_and_what_is_absent(config: Config) -> None:
    report = made(config)
    assert report.shown == ("All planets", "Spectrum")
    assert report.size_bytes == report.path.stat().st_size
    commands = {part.command for part in report.absent}
    twice = "simulate sim.two_visit_fraction=0.2 data.raw=ANOTHER_FOLDER"
    usual = {"score", "features", "train", "calibrate-corel", "calibrate", "selftest"}
    usual |= {"audit", "ablate", "calibrate-temp", "diagnose dashboard"}
    usual |= {f"diagnose {topic}" for topic in ("fft", "pca", "umap", "tsne", "shap", "explain")}
    usual |= {"retrieve PLANET", "retrieve --all"}
    assert commands == usual | {twice}
    assert report.report()[1:] == absent_lines(report.absent)


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("score", "summaries"),
        ("truth", "truth"),
        ("checkpoint", "history"),
    ],
)
@pytest.mark.parametrize("content", ["", "[]", "{}", "nonsense\n1,2"])
def test_a_broken_file_costs_its_own_panel(
    config: Config, name: str, field: str, content: str
) -> None:
    path = getattr(config.paths, name)
    write_text(path, content)
    data, warnings = gathered(config)
    assert not getattr(data, field)
    assert path.name in data.problems[field]
    assert len(warnings) == 1
    assert path.name in warnings[0]
    assert made(config).shown == PREDICTED


def test_broken_predictions_cost_what_needs_them(config: Config) -> None:
    path = WorkFolder(config.paths).prediction("spectramind")
    path.write_bytes(path.read_bytes()[:100])
    report = made(config)
    assert report.shown == ()
    reasons = [part.reason for part in report.absent]
    # planets, spectra, light curves, doubts, errors, reliability, z, PIT, groups, regions,
    # sharpness, worst planets, three of what the score is made of, five of what the fit leaves,
    # the sources of mu with its two planet panels, drift, PCA
    assert sum("spectramind.npz" in reason for reason in reasons) == 23


def test_what_is_switched_off_is_said(config: Config) -> None:
    off = compose(
        [
            f"data.raw={config.data.raw}",
            f"paths.work={config.paths.work}",
            "calib.corel.enabled=false",
        ]
    )
    assert "calib.corel.enabled=false" in gathered(off)[0].problems["corel"]


def test_intervals_of_other_planets_are_not_shown(config: Config) -> None:
    path = WorkFolder(config.paths).prediction("spectramind")
    with np.load(path) as archive:
        arrays = {key: archive[key] for key in archive.files}
    others = {"level": np.array(0.9), "half_width": np.ones((3, N_BINS))}
    write_npz(path, **(arrays | others))
    data, _ = gathered(config)
    assert data.half_width is None
    assert data.coverage_level is None
    assert "predict` again" in data.problems["mu"]
    assert "other planets" in made(config).path.read_text(encoding="utf-8")


def test_predictions_of_another_tree_have_no_light_curves(config: Config) -> None:
    predict(config, "999", "998", "997", "996")
    data, _ = gathered(config)
    assert data.light_curves == {}
    assert data.problems["light_curves"].startswith("999: not in data.raw; 998: ")
    assert data.problems["light_curves"].endswith("; and 1 more")


def test_a_second_visit_stands_in_for_a_first_that_failed(config: Config) -> None:
    folder = config.data.raw / "test/101"
    for path in folder.glob("*_signal_0.parquet"):
        path.with_name(path.name.replace("_0", "_1")).write_bytes(path.read_bytes())
    features = WorkFolder(config.paths).features
    save_depths(features.depths("101"), unmeasured("file is cut"), "")
    data, _ = gathered(config)
    assert data.light_curves == {}
    save_depths(features.depths("101_1"), measured(0.01), "")
    data, _ = gathered(config)
    assert data.light_curves["101"].fgs1[0] == pytest.approx(0.99)
    assert "light_curves" not in data.problems


def test_logs_in_any_state_are_told_apart(config: Config) -> None:
    path = WorkFolder(config.paths).calibrated.log("101")
    assert gathered(config)[0].calibration[0].problem == "not calibrated yet"
    note_failure(path, "FGS1_signal_0.parquet is cut")
    log = gathered(config)[0].calibration[0]
    assert log.failed
    assert log.problem == "FGS1_signal_0.parquet is cut"
    chain = {"Kill chain", "Kill chain of this planet"}
    assert set(made(config).shown) == {*PREDICTED, *chain}
    for content in ("{", "{}", "[1]"):
        write_text(path, content)
        log = gathered(config)[0].calibration[0]
        assert not log.failed
        assert str(path) in log.problem
        assert log.records == ()
    write_text(path, json.dumps([{"detector": "both", "step": "visit", "t_ms": 1.0}]))
    assert len(gathered(config)[0].calibration[0].records) == 1
    assert set(made(config).shown) == {*PREDICTED, *chain, "Earlier reports"}


def test_a_tree_that_is_gone_is_said(config: Config) -> None:
    (config.data.raw / "test").rename(config.data.raw / "elsewhere")
    data, warnings = gathered(config)
    assert "test" in data.problems["light_curves"]
    assert data.problems["calibration"] == data.problems["light_curves"]
    assert len(warnings) == 1


def test_a_report_reads_every_fit_once(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """Light curves, traits and doubts come of one reading, also of files that are broken."""
    features = WorkFolder(config.paths).features
    broken = config.data.raw / "test/102"
    shutil.copytree(config.data.raw / "test/101", broken)
    predict(config, "101", "102")
    save_depths(features.depths("101"), measured(0.01), "")
    features.depths("102").write_bytes(features.depths("101").read_bytes()[:300])
    read: list[str] = []

    def counted(path: Path) -> Depths:
        read.append(path.name)
        return load_depths(path)

    monkeypatch.setattr("spectramind.pipeline.fit_reader.load_depths", counted)
    data = read_report(config, Problems(lambda _: None), {}, {})
    assert sorted(read) == [features.depths(name).name for name in ("101", "102")]
    assert set(data.light_curves) == {"101"}
    assert data.doubted is not None
    assert data.traits is not None
    (doubted,) = data.doubted
    assert doubted.visit == "102"
    assert doubted.reason == data.traits.doubt[1]
    assert "cannot be read" in doubted.reason


def test_the_users_line_list_reaches_the_report_and_a_broken_one_stops_it(
    config: Config, tmp_path: Path
) -> None:
    line = " 51 4300.000000 1.000E-22".ljust(160)
    path = tmp_path / "co.par"
    path.write_text(line + "\n")
    work = f"paths.work={config.paths.work}"
    named = compose([f"data.raw={config.data.raw}", work, f"diag.line_list={path}"])
    data, warnings = gathered(named)
    assert list(data.lines) == ["co"]
    assert warnings == []
    assert "sticks" in made(named).path.read_text(encoding="utf-8")
    path.write_text(line[:100] + "\n")
    with pytest.raises(SchemaError, match=r"co\.par: its first line has 100 columns"):
        made(named)
    heard: list[str] = []
    shown = read_report(named, Problems(heard.append), {}, {})  # the server's way
    assert shown.lines == {}
    assert heard == [shown.problems["lines"]]
    path.unlink()
    with pytest.raises(SchemaError, match=r"co\.par cannot be read"):
        made(named)
