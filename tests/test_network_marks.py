"""The network's marks: every estimate on one small tree, and the table by hand."""

import importlib
from pathlib import Path
from types import ModuleType

import pytest

from spectramind.evaluation.paired import Difference

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
SMALL = (
    *("sim=smoke", "sim.planets=10", "sim.test_planets=2", "sim.two_visit_fraction=0"),
    *("level=lightcurves", "env.workers=1", "train.epochs=1", "train.sequence_length=32"),
)


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module, found as a script beside it would find it."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("network_marks")


def test_the_table_and_the_marks_by_hand(beside: ModuleType) -> None:
    marks = importlib.import_module("marks")

    def row(tree: str, estimate: str, gap: float, kept: int | None = None) -> object:
        inside = Difference(gap, gap - 0.01, gap + 0.01)
        return beside.NetworkRow(tree, estimate, 0.5, inside, 60, kept)

    rows = [
        row("foreign", "oracle", 0.1),
        row("foreign", "physics", 0.0),
        row("foreign", beside.ENSEMBLE, 0.015, 2),
        row("nominal", beside.ENSEMBLE, -1e-6, 0),
    ]
    judged = marks.network_marks(rows)
    assert [(mark.estimate, mark.reached) for mark in judged] == [
        (f"foreign: {beside.ENSEMBLE}", False),  # asked for 0.02
        (f"nominal: {beside.ENSEMBLE}", True),
    ]
    head, _, oracle, physics, ensemble, _ = beside.network_lines(rows)
    assert oracle == "| foreign, 60 | oracle | 0.5000 | +0.1000 | +0.0900..+0.1100 |  |"
    assert ensemble.endswith("| +0.0150 | +0.0050..+0.0250 | 2 |")
    assert {line.count("|") for line in (head, oracle, physics, ensemble)} == {head.count("|")}


@pytest.mark.slow
def test_every_estimate_stands_beside_physics(
    beside: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beside, "TREES", ("nominal",))
    monkeypatch.setattr(beside, "SEEDS", (1, 2))
    rows = {r.estimate: r for r in beside.judge_networks(tmp_path, {"nominal": None}, SMALL)}
    physics, network = rows["physics"], rows[beside.NETWORK]
    assert set(rows) == {
        *("oracle", "physics", "linear corrector", beside.NETWORK, beside.ENSEMBLE),
        *(f"{name}, {beside.BEST}" for name in (beside.NETWORK, beside.ENSEMBLE)),
    }
    assert physics.less_physics == Difference(0.0, 0.0, 0.0)
    assert physics.planets == 2
    if network.kept == 0:
        assert network.score == pytest.approx(physics.score, abs=1e-5)
    assert rows[f"{beside.NETWORK}, {beside.BEST}"].score != network.score or network.kept == 1
    again = beside.judge_networks(
        tmp_path, {"nominal": tmp_path / "nominal"}, SMALL, tmp_path / "marks"
    )
    assert [r.score for r in again] == [r.score for r in rows.values()]
