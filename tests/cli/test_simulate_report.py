"""simulate-report on a small simulated tree, with and without real data."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from spectramind.simulation.audit.expectations import POPULATION, TELEMETRY

Cli = Callable[..., int]
REAL = Path(__file__).parents[3] / "shared" / "real" / "adc2025_excerpt"


@pytest.fixture(scope="module")
def settings(spectramind: Cli, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    work = tmp_path_factory.mktemp("report")
    settings = ["sim=smoke", "sim.planets=2", "sim.test_planets=1", f"paths.work={work}"]
    settings += [f"data.raw={work}/raw", "env.workers=1"]
    assert spectramind("simulate", *settings) == 0
    return settings


def test_without_real_data_it_shows_the_published_ranges(
    spectramind: Cli, settings: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "report.html"
    assert spectramind("simulate-report", *settings, "--html", str(page)) == 0
    numbers = json.loads(page.with_suffix(".json").read_text())["numbers"]
    assert len(numbers) == len(TELEMETRY) + len(POPULATION)
    assert all(row["real"] is None for row in numbers)
    assert all(row["simulated"] is not None for row in numbers)
    inside = sum(row["verdict"] == "in range" for row in numbers)
    assert inside > 30
    printed = capsys.readouterr().out
    assert f"{inside} of {len(numbers)} in range" in printed
    assert "AIRS read noise frame, median [e]" in printed
    assert "Simulated beside real" in page.read_text()


@pytest.mark.skipif(not REAL.is_dir(), reason="needs the real excerpt in ../shared/real")
def test_with_real_data_both_stand_side_by_side(
    spectramind: Cli, settings: list[str], tmp_path: Path
) -> None:
    page = tmp_path / "report.html"
    assert spectramind("simulate-report", *settings, "--real", str(REAL), "--html", str(page)) == 0
    rows = json.loads(page.with_suffix(".json").read_text())["numbers"]
    assert sum(row["real"] is not None for row in rows) == len(rows) - 3  # mid-times, visits
    assert '"name":"real"' in page.read_text()


def test_a_folder_that_is_no_tree_is_one_line(
    spectramind: Cli, settings: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert spectramind("simulate-report", *settings, f"data.raw={tmp_path}") == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_a_broken_visit_is_named_and_the_rest_is_measured(
    spectramind: Cli, settings: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = tmp_path / "raw"
    shutil.copytree(next(s for s in settings if s.startswith("data.raw="))[9:], raw)
    first, *others = sorted((raw / "train").iterdir())
    for path in first.glob("AIRS-CH0_signal_*.parquet"):
        path.write_bytes(path.read_bytes()[:1000])
    page = tmp_path / "report.html"
    arguments = [*settings, f"data.raw={raw}", "--html", str(page)]
    assert spectramind("simulate-report", *arguments) == 0
    numbers = json.loads(page.with_suffix(".json").read_text())["numbers"]
    assert all(row["simulated"] is not None for row in numbers)
    assert f"{first.name} is left out: " in capsys.readouterr().out
    for folder in others:
        for path in folder.glob("FGS1_signal_*.parquet"):
            path.write_bytes(b"")
    assert spectramind("simulate-report", *arguments) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert "can be measured; the last: " in said[-1]
    assert "FGS1_signal_" in said[-1]
