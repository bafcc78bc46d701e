"""Training in several processes of torchrun: two gloo processes end where one does."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from spectramind.errors import SchemaError
from spectramind.models.state_file import load_state
from spectramind.run.atomic import write_text
from spectramind.run.processes import Processes, processes
from spectramind.run.progress import say, show
from spectramind.training.engine.ranks import Ranks

PROGRAM = Path(__file__).with_name("torchrun_line.py")
SOURCE = PROGRAM.parents[2] / "src"
CPU = torch.device("cpu")
Found = dict[str, dict[str, Any]]


def start(count: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run something under torchrun, one thread a process."""
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(count)]
    ours = os.environ | {"PYTHONPATH": str(SOURCE), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, *launch, *arguments],
        capture_output=True,
        text=True,
        timeout=240,
        env=ours,
        check=False,
    )


def program() -> ModuleType:
    """The processes' program, for this process alone."""
    found = importlib.util.spec_from_file_location("torchrun_line", PROGRAM)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Found], Found]:
    """The folder of two processes, what each found, and what one process alone finds."""
    two, one = (tmp_path_factory.mktemp(name) for name in ("two", "one"))
    done = start(2, str(PROGRAM), str(two))
    assert done.returncode == 0, done.stderr
    each = [torch.load(two / f"rank_{n}.pt", weights_only=True) for n in range(2)]
    return two, each, {"plain": program().trained(one / "plain.pt")}


def test_two_processes_end_with_the_weights_of_one(
    trained: tuple[Path, list[Found], Found],
) -> None:
    _, each, alone = trained
    for name, value in alone["plain"]["weights"].items():
        first, second = (found["plain"]["weights"][name] for found in each)
        assert torch.equal(first, second)
        torch.testing.assert_close(first, value, rtol=1e-5, atol=1e-6)
    for mine, other in zip(each[0]["plain"]["history"], alone["plain"]["history"], strict=True):
        assert mine == pytest.approx(other, rel=1e-4)
    assert [found["plain"]["largest"] for found in each] == [2, 2]
    assert alone["plain"]["largest"] == 4
    losses = [row["val_loss"] for row in each[0]["plain"]["history"]]
    assert losses[-1] < 0.9 * losses[0]


def test_the_first_ones_validation_counts_and_it_alone_tells(
    trained: tuple[Path, list[Found], Found],
) -> None:
    folder, each, _ = trained
    for training in ("plain", "whole", "again"):
        first, second = (found[training] for found in each)
        assert first["history"] == second["history"]
        assert first["told"] == first["history"]
        assert second["told"] == []
    state = load_state(folder / "plain.pt")
    assert len(state["random"]) == 2
    assert not torch.equal(*(one["torch"] for one in state["random"]))


def test_cut_and_gone_on_with_they_end_with_the_same_bits(
    trained: tuple[Path, list[Found], Found],
) -> None:
    """Dropout too: each process goes on with draws of its own."""
    _, each, _ = trained
    for found in each:
        for name, value in found["whole"]["weights"].items():
            assert torch.equal(found["again"]["weights"][name], value)
        assert found["again"]["history"] == found["whole"]["history"]
        assert torch.equal(found["again"]["draw"], found["whole"]["draw"])
    assert not torch.equal(each[0]["whole"]["draw"], each[1]["whole"]["draw"])


def test_a_process_that_ends_early_ends_all(tmp_path: Path) -> None:
    done = start(2, str(PROGRAM), str(tmp_path), "fail")
    assert done.returncode != 0
    assert not (tmp_path / "rank_0.pt").exists()
    said = tmp_path / "said_0.txt"  # unless torchrun's signal came before the broken connection
    assert not said.exists() or "lost the others" in said.read_text(encoding="utf-8")
    assert load_state(tmp_path / "lost.pt")["epoch"] == 1


def test_a_state_of_another_number_of_processes_is_refused(
    trained: tuple[Path, list[Found], Found], tmp_path: Path
) -> None:
    (tmp_path / "plain.pt").write_bytes((trained[0] / "plain.pt").read_bytes())
    with pytest.raises(SchemaError, match="2 processes made it, this run has 1"):
        program().trained(tmp_path / "plain.pt")


def test_every_row_belongs_to_one_process() -> None:
    for count in (1, 2, 3, 16):
        for world in (1, 2, 3):
            places = (Processes(rank, world, rank, world) for rank in range(world))
            own = [_unmet(place).rows(count) for place in places]
            assert [i for rows in own for i in range(count)[rows]] == list(range(count))
            sizes = [rows.stop - rows.start for rows in own]
            assert max(sizes) - min(sizes) <= 1


def _unmet(place: Processes) -> Ranks:
    """A place whose others were not met: it only divides."""
    ranks = Ranks(Processes(), CPU)
    ranks.rank, ranks.count = place.rank, place.count
    return ranks


def test_only_the_first_process_writes_and_speaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for rank in ("1", "0"):
        names = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}
        for name, value in (names | {"TORCHELASTIC_RUN_ID": "none"}).items():
            monkeypatch.setenv(name, value)
        assert processes() == Processes(int(rank), 2, int(rank), 2)
        write_text(tmp_path / "file.txt", "words")
        say("hello")
        show("found")
        told = capsys.readouterr()
        assert (tmp_path / "file.txt").exists() == (rank == "0")
        assert ("hello" in told.err, "found" in told.out) == (rank == "0", rank == "0")


# The first process comes last: it must be waited for, since it alone speaks.
FIRST_COMES_LAST = """
import os, time
time.sleep(4 if os.environ["RANK"] == "0" else 0)
from spectramind.cli.main import main
main()
"""


@pytest.mark.parametrize("arguments", [["score"], ["train", "-m", "train.lr=1e-3,1e-4"]])
def test_what_one_process_does_is_refused_in_one_line(
    arguments: list[str], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    program = tmp_path_factory.mktemp("late") / "late.py"
    program.write_text(FIRST_COMES_LAST, encoding="utf-8")
    done = start(2, str(program), *arguments, f"paths.work={tmp_path}")
    said = [
        line
        for line in done.stderr.splitlines()
        if line.startswith(("spectramind:", "spectramind,"))
    ]
    assert len(said) == 1
    assert "only `spectramind train` works in more than one" in said[0]
    assert not list(tmp_path.iterdir())
    assert done.returncode != 0
