"""The whole chain from the command line on a tree of our own, then everything a user does to it."""

import csv
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from spectramind.run.record import read_events, read_manifest
from spectramind.submission.dialects import Dialect
from spectramind.submission.validate import validate_submission

pytestmark = pytest.mark.slow

Cli = Callable[..., int]
# One chain serves every test of this file: it is the slowest thing of the suite.
SETTINGS = [
    "experiment=smoke",
    "sim.planets=12",
    "sim.test_planets=3",
    "sim.two_visit_fraction=0.2",
    "train.epochs=1",
    "env.workers=1",  # of two: test_any_workers.py
    "env.threads=1",
    "calib.corel.alpha=0.4",
    "score.against=[physics,constant,box,lsq,oracle]",
]
CHAIN = (
    ["simulate"],
    ["calibrate"],
    ["features"],
    ["train"],
    ["calibrate-temp"],
    ["calibrate-corel"],
    ["predict"],
    ["score"],
    ["diagnose", "dashboard"],
    ["submit", "bundle"],
)


@pytest.fixture(scope="module")
def work(spectramind: Cli, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A work folder in which the chain has run."""
    folder = tmp_path_factory.mktemp("chain")
    for command in CHAIN:
        code = spectramind(*command, *SETTINGS, f"paths.work={folder}")
        assert code == 0, command
    return folder


def settings(work: Path, *more: str) -> list[str]:
    return [*SETTINGS, f"paths.work={work}", *more]


def test_calibrated_npz_are_the_contract(work: Path) -> None:
    for detector, curves in (("fgs1", 2), ("airs", 282)):
        paths = sorted((work / "data/calibrated" / detector).glob("*.npz"))
        assert len(paths) >= 15
        with np.load(paths[0]) as held:
            keys = {"time", "flux", "flux_variance", "pointing"}
            assert set(held.files) == keys | ({"trace_meta"} if detector == "airs" else set())
            count = len(held["time"])
            assert held["flux"].shape == held["flux_variance"].shape == (count, curves)
            assert held["pointing"].shape == (count, 3)
            assert held["flux"].dtype == held["flux_variance"].dtype == np.float32


def test_cubes_are_kept_on_request(work: Path, spectramind: Cli, tmp_path: Path) -> None:
    elsewhere = settings(work, f"paths.calibrated={tmp_path}", "calib.keep_cubes=all")
    assert spectramind("calibrate", *elsewhere, "data.split=test") == 0
    for detector, width in (("fgs1", 32), ("airs", 356)):
        path = sorted((tmp_path / detector).glob("*.npz"))[0]
        with np.load(path) as cube:
            assert cube["frames"].dtype == cube["variance"].dtype == np.float32
            assert cube["mask"].dtype == bool
            assert cube["frames"].shape == cube["mask"].shape == cube["variance"].shape
            assert cube["frames"].shape[1:] == (32, width)


def test_feature_npz_are_the_contract(work: Path) -> None:
    path = sorted((work / "data/features/fgs1_white").glob("*.npz"))[0]
    with np.load(path) as white:
        assert set(white.files) == {"flux", "time", "centroid", "jitter"}
        count = len(white["time"])
        assert white["flux"].shape == (count,)
        assert white["centroid"].shape == white["jitter"].shape == (count, 2)
        assert (white["flux"].dtype, white["time"].dtype) == (np.float32, np.float64)
    path = sorted((work / "data/features/airs_bins").glob("*.npz"))[0]
    with np.load(path) as bins:
        assert set(bins.files) == {"flux", "time", "pointing"}
        assert bins["pointing"].shape == (len(bins["time"]), 5)
        assert bins["flux"].shape == (len(bins["time"]), 283)
        assert (bins["flux"].dtype, bins["time"].dtype) == (np.float32, np.float64)


def test_second_visits_have_files_of_their_own(work: Path) -> None:
    second = list((work / "data/features/airs_bins").glob("airs_bins_*_1.npz"))
    assert second
    assert (work / "data/calibrated/airs" / second[0].name.replace("airs_bins", "airs")).is_file()


def test_splits_keep_planets_apart(work: Path) -> None:
    raw = json.loads((work / "data/splits/groupkfold.json").read_text())
    folds = [set(raw[name]) for name in ("train", "val", "calibration")]
    assert sum(map(len, folds)) == len(set.union(*folds)) == 12
    assert {"seed", "reason"} <= set(raw)


def test_submission_covers_every_test_planet(work: Path) -> None:
    planets = {path.name for path in (work / "data/raw/test").iterdir()}
    checked = validate_submission(work / "outputs/submission.csv", planets)
    assert checked.dialect is Dialect.SPECTRAMIND
    assert set(checked.spectra.planet_ids) == planets


def test_score_stands_beside_its_references(work: Path) -> None:
    rows = json.loads((work / "outputs/score.json").read_text())["predictions"]
    by_name = {row["name"]: row for row in rows}
    assert [*by_name] == ["spectramind", "physics", "constant", "box", "lsq", "oracle"]
    assert by_name["oracle"]["over_oracle"]["score"] == 1.0
    rms = {name: row["residuals_ppm"]["airs_mean_median"] for name, row in by_name.items()}
    # A prior of a few planets costs the oracle more than noise does: no closer comparison here.
    assert rms["oracle"] < rms["box"] < rms["constant"]
    assert rms["lsq"] < rms["box"]
    assert by_name["constant"]["score"] == pytest.approx(0.0, abs=1e-12)
    assert by_name["spectramind"]["interval_coverage"] is not None


def test_no_oracle_without_the_truth(
    work: Path, spectramind: Cli, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    for path in (work / "data/raw").iterdir():
        if path.name != "truth":
            (raw / path.name).symlink_to(path)
    elsewhere = [f"data.raw={raw}", f"paths.score={tmp_path / 'score.json'}"]
    truth = ["--truth", str(work / "data/raw/truth/test.csv")]
    arguments = [*settings(work, *elsewhere), *truth]
    assert spectramind("score", *arguments, "--against", "oracle") == 2
    assert "simulated visits only" in capsys.readouterr().err
    assert spectramind("score", *arguments, "--against", "box") == 0


def test_bundle_holds_the_submission_and_its_provenance(work: Path) -> None:
    with zipfile.ZipFile(work / "outputs/submission_bundle.zip") as archive:
        names = set(archive.namelist())
        assert archive.read("submission.csv") == (work / "outputs/submission.csv").read_bytes()
    assert {"submission_manifest.json", "temperature.json", "corel.npz", "score.json"} <= names


def test_report_is_one_file_with_the_planets(work: Path) -> None:
    page = (work / "outputs/diagnostics/v1.html").read_text()
    for path in (work / "data/raw/test").iterdir():
        assert path.name in page
    assert "<script src" not in page


def test_every_command_left_its_record(work: Path) -> None:
    events = read_events(work)
    assert [event["cmd"] for event in events[: len(CHAIN)]] == [" ".join(c) for c in CHAIN]
    assert {event["status"] for event in events[: len(CHAIN)]} <= {"ok", "warn"}
    (scored,) = [event for event in events[: len(CHAIN)] if event["cmd"] == "score"]
    assert 0 < scored["metrics"]["coverage_1sigma"] < 1
    manifest = read_manifest(work)
    entry = manifest.commands["predict"]
    assert entry.data_hash == manifest.commands["train"].data_hash
    assert any(path.endswith("submission.csv") for path in entry.artifacts)
    assert (work / "v50_debug_log.md").read_text().count("### CLI: ") >= len(CHAIN)
    assert (work / "logs/spectramind.log").is_file()


def test_running_again_redoes_nothing(work: Path, spectramind: Cli) -> None:
    kept = [p for p in (work / "data").rglob("*") if p.is_file()]
    kept.append(work / "outputs/checkpoints/best.pt")
    before = {path: path.stat().st_mtime_ns for path in kept}
    for command in (["simulate"], ["calibrate"], ["features"], ["train"]):
        assert spectramind(*command, *settings(work)) == 0
    assert {path: path.stat().st_mtime_ns for path in kept} == before


def test_a_lost_visit_alone_is_done_again(work: Path, spectramind: Cli) -> None:
    first, *others = sorted((work / "data/calibrated/fgs1").glob("*.npz"))
    before = {path: path.stat().st_mtime_ns for path in others}
    content = np.load(first)["flux"]
    first.unlink()
    assert spectramind("calibrate", *settings(work)) == 0
    np.testing.assert_array_equal(np.load(first)["flux"], content)
    assert {path: path.stat().st_mtime_ns for path in others} == before


def test_dry_run_writes_nothing(
    work: Path, spectramind: Cli, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    elsewhere = settings(work, f"paths.calibrated={tmp_path / 'cubes'}")
    assert spectramind("calibrate", "--dry-run", *elsewhere) == 0
    assert "visits to calibrate" in capsys.readouterr().out
    assert not (tmp_path / "cubes").exists()


def test_kaggle_dialect_and_out_csv(work: Path, spectramind: Cli, tmp_path: Path) -> None:
    target = tmp_path / "kaggle.csv"
    more = settings(work, "submission.dialect=kaggle", f"paths.predictions={tmp_path / 'p'}")
    assert spectramind("predict", "--out-csv", str(target), *more) == 0
    with target.open() as stream:
        header = next(csv.reader(stream))
    with (work / "data/raw/sample_submission.csv").open() as stream:
        assert header == next(csv.reader(stream))


def test_a_sweep_gives_each_job_its_own_folder(work: Path, spectramind: Cli) -> None:
    sweep = settings(work, "train.lr=1e-4,1e-3", "train.epochs=0")
    assert spectramind("train", "-m", *sweep) == 0
    made = sorted((work / "multirun").rglob("best.pt"))
    assert [path.parents[1].name for path in made] == ["0", "1"]


def test_calibrators_of_another_checkpoint_are_refused(
    work: Path, spectramind: Cli, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    other = tmp_path / "best.pt"
    more = settings(work, f"paths.checkpoint={other}", "train.lr=2e-3")
    assert spectramind("train", *more) == 0
    assert spectramind("predict", *more, f"paths.outputs={tmp_path}") in (0, 3)
    more.append(f"paths.temperature={work / 'outputs/calibration/temperature.json'}")
    assert spectramind("predict", *more) == 3
    assert "calibrate-temp" in capsys.readouterr().err


def test_without_labels_there_is_the_atmosphere(
    work: Path, spectramind: Cli, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A tree of test planets alone: train says what is possible, and it is."""
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "test").symlink_to(work / "data/raw/test")
    for name in ("axis_info.parquet", "adc_info.csv", "wavelengths.csv", "test_star_info.csv"):
        shutil.copy(work / "data/raw" / name, raw / name)
    more = settings(tmp_path, f"data.raw={raw}", f"paths.features={work / 'data/features'}")
    assert spectramind("train", *more) == 2
    assert "model.prior.source=atmosphere" in capsys.readouterr().err
    more.append("model.prior.source=atmosphere")
    assert spectramind("train", *more) == 0
    assert spectramind("predict", *more) == 0
    ids = [path.name for path in (raw / "test").iterdir()]
    validate_submission(tmp_path / "outputs/submission.csv", ids)
    assert spectramind("calibrate-temp", *more) == 3
    assert "nothing to calibrate on" in capsys.readouterr().err


class TestBrokenData:
    """A damaged copy of the tree: exit code 2 and one line that names the file."""

    @pytest.fixture
    def raw(self, work: Path, tmp_path: Path) -> Path:
        """A tree with one training planet, to be damaged."""
        raw = tmp_path / "raw"
        planet = sorted((work / "data/raw/train").iterdir())[0]
        shutil.copytree(planet, raw / "train" / planet.name)
        for table in (work / "data/raw").glob("*.*"):
            shutil.copy(table, raw / table.name)
        return raw

    def calibrate(
        self,
        raw: Path,
        spectramind: Cli,
        capsys: pytest.CaptureFixture[str],
    ) -> str:
        code = spectramind("calibrate", *settings(raw.parent / "out", f"data.raw={raw}"))
        assert code == 2
        lines = capsys.readouterr().err.splitlines()
        (line,) = [line for line in lines if line.startswith("spectramind: ")]
        return line

    def signal(self, raw: Path) -> Path:
        return next((raw / "train").rglob("FGS1_signal_0.parquet"))

    def test_missing_file(self, raw, spectramind, capsys) -> None:  # type: ignore[no-untyped-def]
        self.signal(raw).unlink()
        assert "FGS1_signal_0.parquet" in self.calibrate(raw, spectramind, capsys)

    def test_truncated_parquet(self, raw, spectramind, capsys) -> None:  # type: ignore[no-untyped-def]
        path = self.signal(raw)
        path.write_bytes(path.read_bytes()[:-200])
        assert "FGS1_signal_0.parquet" in self.calibrate(raw, spectramind, capsys)

    def test_wrong_column_count(self, raw, spectramind, capsys) -> None:  # type: ignore[no-untyped-def]
        path = self.signal(raw)
        frame = pd.read_parquet(path)
        frame.iloc[:, :-1].to_parquet(path)
        line = self.calibrate(raw, spectramind, capsys)
        assert "1023" in line
        assert "1024" in line

    def test_nan_in_a_required_table(self, raw, spectramind, capsys) -> None:  # type: ignore[no-untyped-def]
        table = pd.read_csv(raw / "adc_info.csv")
        table.iloc[0, 0] = np.nan
        table.to_csv(raw / "adc_info.csv", index=False)
        assert "adc_info.csv" in self.calibrate(raw, spectramind, capsys)


class TestBrokenSubmission:
    """submit validate: exit code 2, one line that says what is wrong."""

    def check(
        self,
        table: pd.DataFrame,
        tmp_path: Path,
        spectramind: Cli,
        capsys: pytest.CaptureFixture[str],
    ) -> str:
        path = tmp_path / "broken.csv"
        table.to_csv(path, index=False)
        args = ["submit", "validate", "--submission", str(path), f"paths.work={tmp_path}"]
        assert spectramind(*args) == 2
        return capsys.readouterr().err

    @pytest.fixture
    def table(self, work: Path) -> pd.DataFrame:
        return pd.read_csv(work / "outputs/submission.csv")

    def test_a_zip_is_checked_to_the_last_member(
        self, work: Path, tmp_path: Path, spectramind: Cli, capsys: pytest.CaptureFixture[str]
    ) -> None:
        packed = next((work / "outputs").glob("*.zip"))
        args = ["submit", "validate", f"paths.work={tmp_path}", "--submission"]
        assert spectramind(*args, str(packed)) == 0
        assert "valid" in capsys.readouterr().out
        torn = tmp_path / "torn.zip"
        torn.write_bytes(packed.read_bytes()[:-100])
        assert spectramind(*args, str(torn)) == 2
        assert "torn.zip" in capsys.readouterr().err

    def test_negative_sigma(self, table, tmp_path, spectramind, capsys) -> None:  # type: ignore[no-untyped-def]
        table.loc[0, "sigma_5"] = -1e-4
        assert "sigma_5" in self.check(table, tmp_path, spectramind, capsys)

    def test_282_bins(self, table, tmp_path, spectramind, capsys) -> None:  # type: ignore[no-untyped-def]
        short = table.drop(columns=["mu_282", "sigma_282"])
        assert "565 columns" in self.check(short, tmp_path, spectramind, capsys)
