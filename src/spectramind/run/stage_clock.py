"""How long each stage of a command takes: its row of ``timing.csv``, and whether it ends in time.

A stage is a loop over items that shows its progress (``progress.track``). It is forecast from its
first items; before them, from what an item of such a stage took here before.
"""

import csv
import socket
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from spectramind.contracts.work_folder import RecordFolder
from spectramind.errors import ConfigError, RuntimeRiskError
from spectramind.run.atomic import unwritable_is_told
from spectramind.run.budget import Budget
from spectramind.run.pace import Pace
from spectramind.run.processes import processes
from spectramind.run.usage import Sampler, Usage

T = TypeVar("T")
WHOLE = "whole command"
_SPLITS = (" train", " test")
_DISK_EVERY_S = 30.0
_ENOUGH = 10  # items that say what one takes
_FULL = (OSError, ConfigError, RuntimeRiskError)


@dataclass(frozen=True)
class TimingRow:
    """A row of ``timing.csv``.

    Attributes:
        ts: when it ended, UTC. run_id, cmd: of which command. stage: of which stage of it.
        items: how many were done. seconds: how long it took; item_s: seconds between items, without
        what came before the first. workers: processes that may share the work (env.workers).
        cpu_percent to gpu_memory_mb: as ``usage.Usage`` has it.
        status: ok, or failed. host: where.
    """

    ts: str
    run_id: str
    cmd: str
    stage: str
    items: int
    seconds: float
    item_s: float | None
    workers: int
    cpu_percent: float
    memory_mb: float
    gpu_percent: float | None
    gpu_memory_mb: float | None
    status: str
    host: str


@dataclass(eq=False)
class Loop:
    """A stage that runs now, as another thread may look at it; the loop itself pays nothing for it.

    Attributes:
        name: the stage's. pace: its count.
        known_s: what an item of such a stage took here before, None where nothing tells.
        items: what hands its items out.
    """

    name: str
    pace: Pace
    known_s: float | None
    items: Generator[object] | None = None

    @property
    def done(self) -> int:
        """Items done: without the one that is handed out and not come back for more."""
        out = self.items is not None and self.items.gi_suspended  # type: ignore[attr-defined]
        return max(self.pace.done - out, 0)

    @property
    def left_s(self) -> float | None:
        """Seconds that the rest takes; None: too early to tell."""
        item_s = self.known_s if self.pace.left_s is None else self.pace.item_s
        if item_s is None:
            return None
        return max(item_s * (self.pace.total - self.done) - self.pace.since_s, 0.0)


class StageClock:
    """Times the stages of one command and holds them to its budget.

    Args:
        run_id, cmd: of the command. path: the table. budget: what it may take.
        workers: processes that may share its work.

    Attributes:
        loops: the stages that run now, the outermost first.
    """

    def __init__(self, run_id: str, cmd: str, path: Path, budget: Budget, workers: int) -> None:
        self.run_id, self.cmd, self.path, self.budget = run_id, cmd, path, budget
        self.workers = workers
        self.sampler = Sampler()
        self.loops: list[Loop] = []
        self._before = read_timing(path)

    def loop(self, name: str, total: int) -> Loop:
        """A stage that is about to begin."""
        return Loop(name, Pace(total), item_seconds(self._before, self.cmd, name, self.workers))

    @contextmanager
    def stage(self, loop: Loop) -> Iterator[None]:
        """Time a stage; its row is written also when it fails.

        Raises:
            RuntimeRiskError: it cannot end in time, as far as earlier ones tell.
        """
        if loop.known_s is not None:
            told_by = "as such a stage took before"
            needed_s = loop.known_s * loop.pace.total
            self.budget.check_time(loop.name, needed_s, told_by, _ENOUGH)
        moment, status = self.sampler.moment(), "failed"
        self.loops.append(loop)
        try:
            yield
            status = "ok"
        finally:
            self.loops.remove(loop)
            self._write(loop.name, loop.pace, self.sampler.since(moment), status)

    def timed(self, items: Iterable[T], loop: Loop) -> Generator[T]:
        """The items of a stage, timed and held to the budget."""
        with self.stage(loop):
            for item in items:
                loop.pace.tick()
                self.look(loop.name, loop.pace)
                yield item

    def look(self, name: str, pace: Pace) -> None:
        """Hold a running stage to the budget, after an item.

        Raises:
            RuntimeRiskError: it cannot end in time or in the disk's room.
        """
        left = pace.left_s
        if left is not None:
            told_by = f"as its first {pace.done} of {pace.total} took"
            self.budget.check_time(name, left, told_by, pace.done)
            self.budget.check_disk(name, pace.done, pace.total, _DISK_EVERY_S)

    def _write(self, stage: str, pace: Pace, taken: Usage, status: str) -> None:
        row = TimingRow(
            ts=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            run_id=self.run_id,
            cmd=self.cmd,
            stage=stage,
            items=pace.done,
            seconds=round(taken.seconds, 3),
            item_s=None if pace.item_s is None else round(pace.item_s, 6),
            workers=self.workers,
            cpu_percent=round(taken.cpu_percent, 1),
            memory_mb=round(taken.memory_mb, 1),
            gpu_percent=None if taken.gpu_percent is None else round(taken.gpu_percent, 1),
            gpu_memory_mb=taken.gpu_memory_mb,
            status=status,
            host=socket.gethostname(),
        )
        # A full disk must not hide what a stage failed of.
        with suppress(*(_FULL if status != "ok" else ())), unwritable_is_told(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            new = not self.path.is_file()
            with self.path.open("a", encoding="utf-8", newline="") as stream:
                table = csv.DictWriter(stream, [*TimingRow.__annotations__])
                if new:
                    table.writeheader()
                table.writerow(vars(row))


_running: list[StageClock] = []  # of this process: the command's


@contextmanager
def clocked(
    run_id: str, cmd: str, work: Path, budget: Budget, workers: int = 1, after: Iterable[str] = ()
) -> Iterator[None]:
    """Time a whole command and the stages in it; of several processes the first one's.

    Args:
        run_id, cmd: of the command. work: its work folder. budget: what it may take.
        workers: processes that may share its work. after: the commands that come after it.

    Raises:
        RuntimeRiskError: nothing of its budget is left.
    """
    if not processes().first:
        yield
        return
    path = RecordFolder(work.absolute()).timing
    budget.rest = command_seconds(read_timing(path), after)
    budget.check_begin(cmd)
    if budget.config.hours is not None:
        from spectramind.run.progress import say  # which imports this module

        more = f"; {budget.rest_in_words()}" if budget.rest else ""
        say(f"budget: {budget.spent_h:.2f} of {budget.config.hours:g} h spent{more}")
    clock = StageClock(run_id, cmd, path, budget, workers)
    _running.append(clock)
    try:
        whole = clock.loop(WHOLE, 1)
        with clock.stage(whole):
            yield
            whole.pace.tick()
    finally:
        _running.remove(clock)
        clock.sampler.stop()


def timed(items: Iterable[T], name: str, total: int) -> Iterator[T]:
    """Yield the items of a stage, timed if a command is.

    Raises:
        RuntimeRiskError: the stage cannot end in the command's budget.
    """
    if not _running:
        return iter(items)
    clock = _running[-1]
    loop = clock.loop(name, total)
    loop.items = handed_out = clock.timed(items, loop)
    return handed_out


def loops_now() -> list[Loop]:
    """The stages of this process's command that run now, the outermost first."""
    return _running[-1].loops[1:] if _running else []  # without the whole command


def read_timing(path: Path) -> list[dict[str, str]]:
    """Rows of a table, oldest first; those that a killed process left half are left out."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        return [row for row in csv.DictReader(stream) if all(v is not None for v in row.values())]


def item_seconds(rows: list[dict[str, str]], cmd: str, stage: str, workers: int) -> float | None:
    """What an item of such a stage took last on this machine, with as many workers and of either
    split, where at least ten of them tell; None: unknown.

    Never of a whole command: what is finished is not done again, so nothing says how much there is.
    """
    for row in reversed(rows):
        here = row["host"] == socket.gethostname() and row["workers"] == str(workers)
        alike = row["cmd"] == cmd and _kind(row["stage"]) == _kind(stage) != WHOLE
        if alike and here and row["status"] == "ok" and int(row["items"]) >= _ENOUGH:
            return float(row["item_s"])
    return None


def _kind(stage: str) -> str:
    """A stage's name without the split's."""
    for split in _SPLITS:
        stage = stage.removesuffix(split)
    return stage


def command_seconds(rows: list[dict[str, str]], cmds: Iterable[str]) -> dict[str, float]:
    """How long each command took when it was last done here, as far as known."""
    found = {
        row["cmd"]: float(row["seconds"])
        for row in rows
        if row["stage"] == WHOLE and row["status"] == "ok" and row["host"] == socket.gethostname()
    }
    return {cmd: found[cmd] for cmd in cmds if cmd in found}
