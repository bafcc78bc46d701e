"""What a bundle, a split and a calibrator say was done, was done; else they refuse."""

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

Cli = Callable[..., int]
SETTINGS = [
    "experiment=smoke",
    "level=lightcurves",
    "sim.planets=12",
    "sim.test_planets=2",
    "sim.two_visit_fraction=0",
    "split.scheme=holdout",
    "train.epochs=0",
    "env.workers=1",
    "calib.corel.alpha=0.4",
]
OFF = ("calib.temp.enabled=false", "calib.corel.enabled=false")


@pytest.fixture(scope="module")
def made(spectramind: Cli, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run."""
    folder = tmp_path_factory.mktemp("made")
    for command in (
        ["simulate"],
        ["calibrate"],
        ["features"],
        ["train"],
        ["calibrate-temp"],
        ["calibrate-corel"],
        ["predict"],
        ["score"],
    ):
        assert spectramind(*command, *SETTINGS, f"paths.work={folder}") == 0, command
    return folder


@pytest.fixture
def work(made: Path, tmp_path: Path) -> Path:
    """A copy of it to be changed; its tree is only linked."""
    for part in ("outputs", "data/features", "data/splits"):
        shutil.copytree(made / part, tmp_path / part)
    (tmp_path / "data/raw").symlink_to(made / "data/raw")
    (tmp_path / "data/calibrated").symlink_to(made / "data/calibrated")
    return tmp_path


@pytest.fixture
def run(spectramind: Cli, work: Path) -> Cli:
    return lambda *words: spectramind(*words, *SETTINGS, f"paths.work={work}")


def packed(work: Path) -> tuple[set[str], dict[str, object]]:
    """Names in the bundle, and what its manifest says of sigma."""
    with zipfile.ZipFile(work / "outputs/submission_bundle.zip") as archive:
        manifest = json.loads(archive.read("submission_manifest.json"))
        return set(archive.namelist()), manifest["calibration"]


def test_a_bundle_holds_what_was_applied_and_scored(run: Cli, work: Path) -> None:
    assert run("submit", "bundle") == 0
    names, sigma = packed(work)
    assert {"temperature.json", "corel.npz", "corel_q_bin.csv", "score.json"} <= names
    tau = json.loads((work / "outputs/calibration/temperature.json").read_text())["tau"]
    assert sigma["temperature"] == tau
    assert sigma["corel"]["alpha"] == 0.4


def test_calibrators_that_were_not_applied_and_a_stale_score_stay_out(
    run: Cli, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("predict", *OFF) == 0
    assert run("submit", "bundle") == 0
    assert "is of another prediction" in capsys.readouterr().out
    names, sigma = packed(work)
    assert not {"temperature.json", "corel.npz", "score.json"} & names
    assert sigma == {"temperature": None, "corel": None}
    assert run("score") == 0
    assert run("submit", "bundle") == 0
    assert "score.json" in packed(work)[0]


def test_calibrators_may_come_after_predict(
    run: Cli, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = work / "outputs"
    kept = ["submission.csv", "submission.applied.json", "calibration/seen_planets.json"]
    kept += [f"predictions/{name}.npz" for name in ("spectramind", "physics")]
    before = {name: (outputs / name).read_bytes() for name in kept}
    shutil.rmtree(outputs / "calibration")
    assert run("predict") == 0
    assert "no temperature, no COREL" in capsys.readouterr().out
    assert (outputs / "submission.csv").read_bytes() != before["submission.csv"]
    for command in ("calibrate-temp", "calibrate-corel", "calibrate-corel"):
        assert run(command) == 0
        assert "calibrated anew" in capsys.readouterr().out
    assert {name: (outputs / name).read_bytes() for name in kept} == before


def test_a_table_changed_by_hand_is_no_submission_of_ours(
    run: Cli, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = work / "outputs/submission.csv"
    header, first, *rest = path.read_text().splitlines()
    cells = first.split(",")
    cells[1] = f"{float(cells[1]) * 1.01:.9g}"
    path.write_text("\n".join([header, ",".join(cells), *rest]) + "\n")
    assert run("submit", "bundle") == 2
    assert "not the table that predict wrote" in capsys.readouterr().err
    assert not (work / "outputs/submission_bundle.zip").exists()


@pytest.mark.parametrize(
    ("source", "target", "command", "words"),
    [
        ("train", "val", "calibrate-temp", "trained on"),
        ("train", "calibration", "calibrate-corel", "trained on"),
        ("val", "calibration", "calibrate-corel", "stopped by"),
    ],
)
def test_planets_that_were_seen_do_not_calibrate(
    run: Cli,
    work: Path,
    capsys: pytest.CaptureFixture[str],
    source: str,
    target: str,
    command: str,
    words: str,
) -> None:
    path = work / "data/splits/groupkfold.json"
    split = json.loads(path.read_text())
    moved = split[source].pop()
    split[target].append(moved)
    path.write_text(json.dumps(split))
    before = {p: p.read_bytes() for p in (work / "outputs/calibration").rglob("*") if p.is_file()}
    assert run(command) == 2
    said = capsys.readouterr().err
    assert f"leakage: {command}" in said
    assert words in said
    assert moved in said
    assert {p: p.read_bytes() for p in before} == before


def test_a_split_made_otherwise_is_not_passed_over(
    run: Cli, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("train", "split.folds=4") == 3
    assert "split.folds=5" in capsys.readouterr().err
    assert run("train", "seed=7") == 3
    assert "split.seed=1337" in capsys.readouterr().err
    assert run("train", "seed=7", "split.seed=1337") == 0
