"""kaggle-bundle --run-only: what is packed of a run, where it may go, as folder and as zip."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from spectramind.run.record import read_events
from spectramind.submission.kaggle_manifest import RUN_NAME, KaggleManifest

Cli = Callable[..., int]


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A work folder with a checkpoint, whose content does not matter here, and a temperature."""
    folder = tmp_path / "work"
    for name in ("checkpoints/best.pt", "calibration/temperature.json", "calibration/p/corel.npz"):
        path = folder / "outputs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return folder


def pack(spectramind: Cli, work: Path, *more: str) -> int:
    return spectramind("kaggle-bundle", "--run-only", f"paths.work={work}", *more)


def test_a_run_is_packed_as_it_lies_in_a_work_folder(
    spectramind: Cli, work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    mine = ["train.lr=2e-3", "env.workers=1", "+loss.λ_sm=0.2"]
    assert pack(spectramind, work, "--out", str(out), *mine) == 0
    manifest = KaggleManifest.read(out / RUN_NAME)
    manifest.verify(out)
    assert set(manifest.files) == {
        "outputs/checkpoints/best.pt",
        "outputs/calibration/temperature.json",
        "outputs/calibration/p/corel.npz",
    }
    assert manifest.overrides == ("train.lr=2e-3", "+loss.λ_sm=0.2")
    printed = capsys.readouterr().out
    assert "not there: corel.npz: `spectramind calibrate-corel` has not run" in printed
    assert "population.json" in printed
    (event,) = read_events(work)
    assert event["status"] == "warn"
    # again: what was packed before is replaced, what has gone is gone
    (work / "outputs/calibration/p/corel.npz").unlink()
    assert pack(spectramind, work, "--out", str(out)) == 0
    assert "outputs/calibration/p/corel.npz" not in KaggleManifest.read(out / RUN_NAME).files
    assert not (out / "outputs/calibration/p/corel.npz").exists()


def test_a_zip_holds_the_same(spectramind: Cli, work: Path, tmp_path: Path) -> None:
    out = tmp_path / "run.zip"
    assert pack(spectramind, work, "--out", str(out)) == 0
    with zipfile.ZipFile(out) as archive:
        archive.extractall(tmp_path / "unpacked")
    KaggleManifest.read(tmp_path / "unpacked" / RUN_NAME).verify(tmp_path / "unpacked")


def test_a_folder_of_other_things_is_left_alone(
    spectramind: Cli, work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "thesis" / "chapter.tex"
    mine.parent.mkdir()
    mine.write_text("words")
    assert pack(spectramind, work, "--out", str(mine.parent)) == 3
    assert "holds other things" in capsys.readouterr().err
    assert mine.read_text() == "words"
    (tmp_path / "folder.zip").mkdir()
    assert pack(spectramind, work, "--out", str(tmp_path / "folder.zip")) == 3


def test_nothing_trained_is_said(
    spectramind: Cli, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pack(spectramind, tmp_path, "--out", str(tmp_path / "run")) == 2
    assert "run `spectramind train` first" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
