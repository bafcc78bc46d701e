"""Every documented mode to its end, dashboard and bundle included.

One tree of frames, in which one test visit is broken, serves both modes that start from frames.
"""

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from spectramind.run.failures import failure_of
from spectramind.run.record import read_events

pytestmark = pytest.mark.slow

Cli = Callable[..., int]
SETTINGS = [
    "experiment=smoke",
    "sim.planets=5",
    "sim.test_planets=2",
    "sim.two_visit_fraction=0",
    "train.epochs=0",
    "env.workers=1",
    "env.threads=1",
    "calib.corel.alpha=0.4",
]
FRAMES = (["simulate"], ["calibrate"], ["features"])
CALIBRATORS = (["calibrate-temp"], ["calibrate-corel"])
END = (["predict"], ["score"], ["diagnose", "dashboard"], ["submit", "bundle"])
SIGMA = ["errors", "pit", "groups", "regions", "sharpness"]
ALWAYS = ["scores", "spectra", "light-curves-section", *SIGMA, "worst"]


def sections(page: str) -> list[str]:
    return re.findall(r'<section id="([^"]*)">', page)


def section(page: str, anchor: str) -> str:
    return page.split(f'<section id="{anchor}">')[1].split("</section>")[0]


def missing_of_chain(page: str) -> list[str]:
    """Why what the chain makes is missing; what other commands alone make is left out."""
    rows = re.findall(r"<li>(.*?): <code>spectramind (.*?)</code></li>", section(page, "absent"))
    return [
        what.split(": ", 1)[-1]
        for what, by in rows
        if not by.startswith(("diagnose", "audit", "ablate", "retrieve"))
    ]


@pytest.fixture(scope="module")
def frames(spectramind: Cli, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A work folder after ``features``, and the test planet of which a file was cut short."""
    work = tmp_path_factory.mktemp("frames")
    broken = ""
    for command in FRAMES:
        code = spectramind(*command, *SETTINGS, f"paths.work={work}")
        assert code == (2 if command == ["calibrate"] else 0), command
        if command == ["simulate"]:
            first = sorted((work / "data/raw/test").iterdir())[0]
            path = first / "AIRS-CH0_signal_0.parquet"
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
            broken = first.name
    return work, broken


def run_to_the_end(spectramind: Cli, work: Path, *more: str, calibrators: bool = True) -> str:
    """The dashboard's page after a chain whose commands all must succeed."""
    commands = (["train"], *(CALIBRATORS if calibrators else ()), *END)
    for command in commands:
        code = spectramind(*command, *SETTINGS, *more, f"paths.work={work}")
        assert code == 0, (command, read_events(work)[-1]["message"])
    with zipfile.ZipFile(work / "outputs/submission_bundle.zip") as archive:
        assert {"submission.csv", "submission_manifest.json", "score.json"} <= set(
            archive.namelist()
        )
    return (work / "outputs/diagnostics/v1.html").read_text(encoding="utf-8")


def test_from_frames_with_labels(spectramind: Cli, frames: tuple[Path, str]) -> None:
    work, broken = frames
    page = run_to_the_end(spectramind, work)
    assert {*ALWAYS, "training", "corel", "kill-chain", "runs"} <= set(sections(page))
    missing = missing_of_chain(page)
    few = [why for why in missing if why.startswith("drift")]  # planets to compare
    assert [why for why in missing if why not in few] == ["no planet of data.raw was visited twice"]
    chain = section(page, "kill-chain")
    assert failure_of(work / f"data/calibrated/logs/{broken}.json")
    assert "1 of 2 failed" in chain
    assert f"<td>{broken}</td>" in chain
    assert "AIRS-CH0_signal_0.parquet cannot be read" in chain
    assert re.search(r'<td class="n">\d\.\d\d%</td>', chain)  # the other visit's masked pixels
    assert f"Not here: {broken}" in section(page, "light-curves-section")


def test_from_frames_without_labels(
    spectramind: Cli,
    frames: tuple[Path, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    work, broken = frames
    parts = ("raw", "calibrated", "features")
    shared = [f"{'data' if p == 'raw' else 'paths'}.{p}={work / 'data' / p}" for p in parts]
    page = run_to_the_end(
        spectramind, tmp_path, "model.prior.source=atmosphere", *shared, calibrators=False
    )
    assert {*ALWAYS, "kill-chain", "runs"} <= set(sections(page))
    assert not {"training", "corel"} & set(sections(page))
    absent = section(page, "absent")
    assert "no planet of data.raw was visited twice" in absent
    assert absent.count("the checkpoint was made without labels") == 2
    assert "<code>spectramind calibrate-corel</code>" in absent
    assert f"<td>{broken}</td>" in section(page, "kill-chain")
    printed = capsys.readouterr().out
    assert "not in it: loss curves (the checkpoint was made without labels" in printed


def test_from_simulated_light_curves(spectramind: Cli, tmp_path: Path) -> None:
    mode = "level=lightcurves"
    for command in FRAMES:
        assert spectramind(*command, *SETTINGS, mode, f"paths.work={tmp_path}") == 0
    page = run_to_the_end(spectramind, tmp_path, mode)
    assert {*ALWAYS, "training", "corel", "runs"} <= set(sections(page))
    assert "kill-chain" not in sections(page)
    absent = section(page, "absent")
    assert "no planet of data.raw was visited twice" in absent
    assert "simulated without frames (level=lightcurves)" in absent
    assert "Not here" not in section(page, "light-curves-section")


def test_before_anything_ran_the_page_names_every_command(
    spectramind: Cli, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert spectramind("diagnose", "dashboard", *SETTINGS, f"paths.work={tmp_path}") == 0
    page = (tmp_path / "outputs/diagnostics/v1.html").read_text(encoding="utf-8")
    assert sections(page) == ["absent"]
    printed = capsys.readouterr().out
    for command in ("score", "predict", "features", "train", "calibrate-corel", "calibrate"):
        assert f"<code>spectramind {command}</code>" in page
        assert f": spectramind {command}\n" in printed
