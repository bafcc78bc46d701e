"""Every command of the chain is disturbed at random moments, resumed, and compared with a run that
was not: nothing lost, nothing half, nothing twice.

    python benchmarks/chaos.py --rounds 100 --seed 0

The chain runs once undisturbed on a tiny tree, with a copy of the folder before every command. A
round takes such a copy, disturbs its command (kill -9 and SIGTERM, at a moment or right after the
n-th file that it begins; a limit on the size of files; a full disk; a limit on memory; a folder
that is read-only; a second command in the same folder), runs it again, and compares every file that
it leaves with the undisturbed one's, byte for byte. At the end the whole chain is walked in one
folder with a disturbance at every command, and its submission compared. Full disks and read-only
folders are small file systems in memory, which only root may mount; elsewhere these are left out
and the report says so.
"""

# ruff: noqa: E402
import argparse
import fcntl
import importlib
import json
import multiprocessing
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from spectramind.run.threads import calm_threads

calm_threads()  # before NumPy is loaded

from spectramind.cli import main as command_line
from spectramind.contracts.stages import STAGES as COMMANDS
from spectramind.pipeline.commands import COMMANDS as FUNCTIONS
from spectramind.run.environment import file_digest

TINY = (
    "experiment=smoke",
    "sim.planets=12",
    "sim.test_planets=3",
    "level=lightcurves",  # or telemetry, which takes minutes
    "model.prior.source=labels",
    "model.prior.components=3",
    "model.fgs1_mamba.d_model=16",
    "model.fgs1_mamba.n_layers=1",
    "model.airs_gnn.d_model=16",
    "model.airs_gnn.layers=1",
    "split.folds=3",
    "train.epochs=1",
    "fit.fine_terms=10",
    "fit.red_terms=3",
    "env.workers=1",
)
# The record of who ran what and when, and how long it took: another run's differs.
RECORD = (
    "events.jsonl",
    "v50_debug_log.md",
    "run_hash_summary_v50.json",
    "timing.csv",
    "logs",
    ".numba_cache",
)
# These tell of their own run's past: when, and after what.
PAST = ("outputs/diagnostics", "outputs/tracking")
EVENTS = "events.jsonl"
SUBMISSION = "outputs/submission.csv"
_TIMEOUT_S = 600
_MOST_SAID = 1 << 20  # bytes


@dataclass
class Strike:
    """One disturbance.

    Attributes:
        command: which is struck. cause: how. size: of what it depends on, in (0, 1).
        code: how the struck command ended. said: its last line of complaint.
        faults: what was not as it must be; none is good.
    """

    command: str
    cause: str
    size: float
    code: int = 0
    said: str = ""
    faults: list[str] = field(default_factory=list)


@dataclass
class Stage:
    """One command, undisturbed.

    Attributes:
        command: its name. seconds: it took. memory: address space at most [bytes].
        before, after: the folder before and after it.
        began: files it began, temporary ones too. largest: size of the largest it left.
    """

    command: str
    seconds: float
    memory: int
    before: Path
    after: Path
    began: int
    largest: int


class Running:
    """A command in a fork of this process, which has all packages loaded: seconds less a command.

    Attributes:
        pid: also of its process group.
    """

    def __init__(self, argv: Sequence[str], folder: Path, limit: Callable[[], None] | None) -> None:
        # A pipe: a limit on the size of files must not cut off what it says.
        self._said, end = os.pipe()
        fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, _MOST_SAID)
        os.set_blocking(self._said, False)
        self._process = multiprocessing.get_context("fork").Process(
            target=_command, args=(argv, folder, end, limit)
        )
        self._process.start()
        os.close(end)
        assert self._process.pid is not None
        self.pid = self._process.pid

    def poll(self) -> int | None:
        """Its exit code, minus the signal that ended it; None while it runs."""
        return self._process.exitcode

    def wait(self, seconds: float) -> None:
        """Wait for its end, no longer than that."""
        self._process.join(seconds)

    def hit(self, number: signal.Signals) -> None:
        """kill -9 takes its workers too; SIGTERM is sent to the command, which ends them."""
        if self.poll() is None:
            (os.killpg if number == signal.SIGKILL else os.kill)(self.pid, number)

    def finish(self) -> tuple[int, str]:
        """Its exit code and all that it complained of."""
        self.wait(_TIMEOUT_S)
        hung = self.poll() is None
        if hung:
            self.hit(signal.SIGKILL)
            self.wait(_TIMEOUT_S)
        try:
            said = os.read(self._said, _MOST_SAID).decode(errors="replace")
        except BlockingIOError:  # nothing, and a worker that outlived it holds the other end
            said = ""
        os.close(self._said)
        code = self.poll()
        assert code is not None
        return code, f"{said}\nit hung" if hung else said


def _command(
    argv: Sequence[str], folder: Path, said: int, limit: Callable[[], None] | None
) -> None:
    """A command line, in a process that is about to end."""
    os.setsid()
    os.chdir(folder)
    os.dup2(said, 2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    # Those of the parent may be files, and would seek.
    sys.stdout, sys.stderr = open(1, "w"), open(2, "w", buffering=1)  # noqa: SIM115
    if limit is not None:
        limit()
    sys.argv = ["spectramind", *argv]
    command_line.main()


class Chaos:
    """A chain, and what is done to it.

    Attributes:
        root: everything lies below it. work: where commands run, always the same path.
        stages: the undisturbed commands.
    """

    def __init__(self, root: Path, overrides: Sequence[str], commands: Sequence[str]) -> None:
        self.root, self.work = root.absolute(), root.absolute() / "work"
        self.overrides, self.commands = tuple(overrides), tuple(commands)
        self.stages: list[Stage] = []

    def start(self, command: str, limit: Callable[[], None] | None = None) -> "Running":
        """A command in a process group of its own."""
        paths = [f"data.raw={self.work / 'data/raw'}", f"paths.work={self.work}"]
        argv = [*command.split(), *self.overrides, *paths]
        return Running(argv, self.root, limit)

    # ------------------------------------------------------------ undisturbed

    def undisturbed(self) -> None:
        """Run the chain once, and keep the folder before and after every command.

        Raises:
            SystemExit: a command failed.
        """
        clear(self.work)
        before = self.root / "kept" / "0"
        keep(self.work, before)
        for number, command in enumerate(self.commands, start=1):
            began, start = time.monotonic(), self.start(command)
            seen, memory = set(files(self.work)), 0
            first = len(seen)
            while start.poll() is None:
                seen |= set(files(self.work))
                memory = max(memory, address_space(start.pid))
                time.sleep(0.002)
            code, said = start.finish()
            if code:
                raise SystemExit(f"{command} failed undisturbed ({code}): {last_line(said)}")
            after = self.root / "kept" / str(number)
            keep(self.work, after)
            seconds = time.monotonic() - began
            new = changed(facts(before), facts(after))
            largest = max((size_of(after / name) for name in new), default=1)
            stage = Stage(command, seconds, memory, before, after, len(seen) - first, largest)
            self.stages.append(stage)
            print(f"{command}: {seconds:.1f} s, {len(new)} files", flush=True)
            before = after

    # ------------------------------------------------------------ disturbed

    def round(self, stage: Stage, cause: str, size: float, fresh: bool = True) -> Strike:
        """Disturb a command, run it again, compare.

        Args:
            stage: the command. cause: of ``CAUSES``. size: in (0, 1).
            fresh: begin with the folder as it was before the command, not as it is.
        """
        strike = Strike(stage.command, cause, size)
        if fresh:
            clear(self.work)
        with Disturbance(self, stage, fresh) as disturbed:
            lines = len(events(self.work))
            strike.code, said = CAUSES[cause].strike(disturbed, size)
            strike.said = last_line(said)
            strike.faults += CAUSES[cause].faults(strike.code, said)
            disturbed.mend()
            struck = {name: written(self.work / name) for name in done(self.work, stage)}
            torn = len(events(self.work)) - lines
            code, said = self.start(stage.command).finish()
            if code:
                strike.faults.append(f"cannot go on ({code}): {last_line(said)}")
            strike.faults += self.compare(stage)
            again = [name for name, was in struck.items() if written(self.work / name) != was]
            if again:
                strike.faults.append(f"done twice: {some(again)}")
            strike.faults += record_faults(self.work, lines, torn)
        return strike

    def compare(self, stage: Stage) -> list[str]:
        """What of the command's files is not as the undisturbed run left it."""
        wanted, found = facts(stage.after), facts(self.work)
        faults = []
        if lost := sorted(set(wanted) - set(found)):
            faults.append(f"lost: {some(lost)}")
        if more := sorted(set(found) - set(wanted)):
            faults.append(f"left over: {some(more)}")
        other = sorted(n for n in set(wanted) & set(found) if wanted[n] != found[n])
        if other:
            faults.append(f"differs: {some(other)}")
        return faults

    def walk(self, chance: random.Random) -> list[Strike]:
        """The whole chain in one folder, every command disturbed once."""
        clear(self.work)
        strikes = []
        for stage in self.stages:
            cause = chance.choice(["kill", "kill at a file", "terminate", "file size"])
            strikes.append(self.round(stage, cause, chance.random(), fresh=False))
        return strikes


class Disturbance:
    """The folder of one round, and a file system of its own where the cause needs one."""

    def __init__(self, chaos: Chaos, stage: Stage, fresh: bool) -> None:
        self.chaos, self.stage, self.fresh = chaos, stage, fresh
        self.mounted: list[Path] = []

    def __enter__(self) -> "Disturbance":
        if self.fresh:
            copy(self.stage.before, self.chaos.work)
        return self

    def __exit__(self, *_: object) -> None:
        for path in reversed(self.mounted):
            subprocess.run(["umount", "--lazy", path], check=True)

    def mount(self, *arguments: str | Path, at: Path) -> None:
        """Mount, to be unmounted at the end of the round."""
        subprocess.run(["mount", *arguments, at], check=True)
        self.mounted.append(at)

    def own_disk(self, kilobytes: int) -> None:
        """The folder on a disk of its own, of that size once its files are there."""
        work = self.chaos.work
        clear(work)
        self.mount("-t", "tmpfs", "-o", "size=2g", "chaos", at=work)
        copy(self.stage.before, work)
        disk = os.statvfs(work)
        used = (disk.f_blocks - disk.f_bfree) * disk.f_frsize // 1024
        self.remount(f"size={used + kilobytes}k")

    def remount(self, how: str) -> None:
        """Change the disk."""
        subprocess.run(["mount", "-o", f"remount,{how}", self.chaos.work], check=True)

    def mend(self) -> None:
        """Take the cause away."""
        for path in reversed(self.mounted):
            how = "rw,size=2g" if path == self.chaos.work else "bind,rw"
            subprocess.run(["mount", "-o", f"remount,{how}", path], check=True)


@dataclass(frozen=True)
class Cause:
    """A way to disturb.

    Attributes:
        strike: (disturbance, size) -> exit code and complaint.
        codes: exit codes that it may give.
        crash: whether the process may die of it without a word.
        mounts: whether it needs a file system of its own.
    """

    strike: Callable[[Disturbance, float], tuple[int, str]]
    codes: tuple[int, ...]
    crash: bool = False
    mounts: bool = False

    def faults(self, code: int, said: str) -> list[str]:
        """What is wrong with how the command ended."""
        if code < 0 and (self.crash or code in self.codes):
            return []
        if code not in self.codes:
            return [f"ended with {code}, not one of {self.codes}: {last_line(said)}"]
        return [f"a traceback: {last_line(said)}"] if "Traceback" in said and not self.crash else []


def _signalled(number: signal.Signals) -> Callable[[Disturbance, float], tuple[int, str]]:
    def strike(here: Disturbance, size: float) -> tuple[int, str]:
        running = here.chaos.start(here.stage.command)
        running.wait(size * here.stage.seconds)
        running.hit(number)
        return running.finish()

    return strike


def _at_a_file(here: Disturbance, size: float) -> tuple[int, str]:
    """kill -9 right after the n-th file it begins."""
    wanted = 1 + int(size * here.stage.began)
    seen = set(files(here.chaos.work))
    first, running = len(seen), here.chaos.start(here.stage.command)
    while running.poll() is None and len(seen) - first < wanted:
        seen |= set(files(here.chaos.work))
        time.sleep(0.0005)
    running.hit(signal.SIGKILL)
    return running.finish()


def _file_size(here: Disturbance, size: float) -> tuple[int, str]:
    limit = max(1, int(size**2 * here.stage.largest))

    return here.chaos.start(here.stage.command, _limited("FSIZE", limit)).finish()


def _memory(here: Disturbance, size: float) -> tuple[int, str]:
    limit = int((0.25 + 0.75 * size) * here.stage.memory)

    return here.chaos.start(here.stage.command, _limited("AS", limit)).finish()


def _limited(what: str, limit: int) -> Callable[[], None]:
    """What sets a soft limit in the process to be."""
    number = getattr(resource, f"RLIMIT_{what}")

    def limited() -> None:
        resource.setrlimit(number, (limit, resource.getrlimit(number)[1]))

    return limited


def _disk_full(here: Disturbance, size: float) -> tuple[int, str]:
    grown = sum(map(size_of, (here.stage.after / n for n in everything(here.stage.after))))
    grown -= sum(map(size_of, (here.stage.before / n for n in everything(here.stage.before))))
    here.own_disk(4 + int(size * max(grown, 0) / 1024))
    return here.chaos.start(here.stage.command).finish()


def _read_only(here: Disturbance, size: float) -> tuple[int, str]:
    """The whole folder, or one that the command may write into."""
    here.own_disk(1 << 20)
    parts = [p for p in sorted(here.chaos.work.iterdir()) if p.is_dir() and p.name != "logs"]
    if size < 0.5 or not parts:
        here.remount("ro")
    else:
        part = parts[int(size * 1000) % len(parts)]
        here.mount("--bind", part, at=part)
        subprocess.run(["mount", "-o", "remount,bind,ro", part], check=True)
    return here.chaos.start(here.stage.command).finish()


def _second(here: Disturbance, size: float) -> tuple[int, str]:
    """The same command in the folder while one works there; the first must end as if alone."""
    chaos, lock = here.chaos, here.chaos.work / "logs" / ".lock"
    first = chaos.start(here.stage.command)
    while first.poll() is None and not (lock.is_file() and str(first.pid) in lock.read_text()):
        time.sleep(0.002)
    if first.poll() is not None:
        return first.finish()
    code, said = chaos.start(here.stage.command).finish()
    alone, complaint = first.finish()
    if alone:
        return alone, complaint
    # The first may have ended before the second asked.
    return (code, said) if "works there" in said or code == 0 else (code or 1, said)


CAUSES = {
    "kill": Cause(_signalled(signal.SIGKILL), (0, -signal.SIGKILL)),
    "kill at a file": Cause(_at_a_file, (0, -signal.SIGKILL)),
    "terminate": Cause(_signalled(signal.SIGTERM), (0, 143, -signal.SIGTERM)),
    "file size": Cause(_file_size, (0, 4)),
    "memory": Cause(_memory, (0, 4), crash=True),
    "disk full": Cause(_disk_full, (0, 4), mounts=True),
    "read-only": Cause(_read_only, (0, 3), mounts=True),
    "second command": Cause(_second, (0, 3)),
}


# ---------------------------------------------------------------- folders


def files(folder: Path) -> list[str]:
    """Every file below a folder; one that vanishes meanwhile is left out."""
    return [os.path.join(at, name) for at, _, names in os.walk(folder) for name in names]


def everything(folder: Path) -> list[str]:
    """Paths of all files, relative."""
    return sorted(os.path.relpath(path, folder) for path in files(folder))


def facts(folder: Path) -> dict[str, str]:
    """Digests of all files but the record."""
    out = (*RECORD, *PAST)
    names = [n for n in everything(folder) if not any(n == o or n.startswith(f"{o}/") for o in out)]
    return {name: _fact(folder / name) for name in names}


def _fact(path: Path) -> str:
    """A file's digest; of a zip, that of its tables: beside them it tells when it was packed."""
    if path.suffix != ".zip":
        return file_digest(path)
    with zipfile.ZipFile(path) as held:
        tables = {name: held.read(name) for name in held.namelist() if name.endswith(".csv")}
        return repr((sorted(held.namelist()), tables))


def changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Files that are new or other."""
    return [name for name, digest in after.items() if before.get(name) != digest]


def done(work: Path, stage: Stage) -> list[str]:
    """Files of visits that the struck command had finished: their logs are right already."""
    if stage.command == "simulate":  # planet by planet, not visit by visit
        return []
    wanted, found = facts(stage.after), facts(work)
    kinds = ("data/calibrated", "data/features")
    right = [n for n in changed(facts(stage.before), wanted) if found.get(n) == wanted[n]]
    visits = {Path(n).stem for n in right if any(n.startswith(f"{k}/logs/") for k in kinds)}
    return [n for n in right if n.startswith(kinds) and Path(n).stem.partition("_")[2] in visits]


def events(work: Path) -> list[str]:
    """Lines of the event log."""
    path = work / EVENTS
    return path.read_text(errors="replace").splitlines() if path.is_file() else []


def record_faults(work: Path, before: int, struck: int) -> list[str]:
    """Whether the event log holds the second run's line, whole, and at most one half line."""
    lines, faults = events(work), []
    if len(lines) != before + struck + 1:
        faults.append(f"{len(lines)} lines of events, not {before + struck + 1}")
    for number, line in enumerate(lines, start=1):
        try:
            json.loads(line)
        except ValueError:
            if number == len(lines) or struck == 0 or number != before + 1:
                faults.append(f"event line {number} is broken: {line[-60:]!r}")
    return faults


def clear(work: Path) -> None:
    """An empty folder."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)


def copy(source: Path, target: Path) -> None:
    """A copy with all times."""
    shutil.copytree(source, target, dirs_exist_ok=True)


def keep(work: Path, target: Path) -> None:
    """Keep a folder as it is."""
    shutil.rmtree(target, ignore_errors=True)
    copy(work, target)


def written(path: Path) -> int:
    """When a file was written last [ns]."""
    return path.stat().st_mtime_ns


def size_of(path: Path) -> int:
    """Bytes."""
    return path.stat().st_size


def address_space(process: int) -> int:
    """A process's address space at most so far [bytes]; 0 where /proc cannot tell."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("VmPeak")), 0)


def last_line(said: str) -> str:
    """The line that people are left with."""
    return next((line for line in reversed(said.splitlines()) if line.strip()), "")[:300]


def some(names: Sequence[str]) -> str:
    """The first few of many."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def can_mount(folder: Path) -> bool:
    """Whether small file systems can be mounted here."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        subprocess.run(["mount", "-t", "tmpfs", "chaos", folder], check=True, capture_output=True)
        subprocess.run(["umount", folder], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


# ---------------------------------------------------------------- the table


def table(strikes: Sequence[Strike]) -> str:
    """By command and cause: rounds, and how many of them had a fault."""
    causes = [cause for cause in CAUSES if any(strike.cause == cause for strike in strikes)]
    rows = [["command", *causes]]
    for command in dict.fromkeys(strike.command for strike in strikes):
        row = [command]
        for cause in causes:
            here = [s for s in strikes if (s.command, s.cause) == (command, cause)]
            bad = sum(bool(strike.faults) for strike in here)
            row.append(f"{len(here)}{f' ({bad} BAD)' if bad else ''}" if here else "-")
        rows.append(row)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(line.rstrip() for line in lines)


def summary(strikes: Sequence[Strike]) -> str:
    """How the struck commands ended."""
    codes = Counter((strike.cause, strike.code) for strike in strikes)
    told = [f"{cause}: {code} x {n}" for (cause, code), n in sorted(codes.items())]
    return "exit codes of struck commands: " + "; ".join(told)


def main(arguments: Sequence[str] | None = None) -> int:
    """Disturb; 1 where anything was not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=None, help="stop rounds after these")
    parser.add_argument("--folder", type=Path, default=Path("runs/chaos"))
    parser.add_argument("--commands", default=",".join(COMMANDS), help="first ones of the chain")
    parser.add_argument("--causes", default=",".join(CAUSES))
    parser.add_argument("--no-walk", action="store_true", help="without the chain at the end")
    parser.add_argument("overrides", nargs="*", default=[])
    asked = parser.parse_args(arguments)
    chance = random.Random(asked.seed)
    commands = asked.commands.split(",")
    if commands != list(COMMANDS[: len(commands)]):
        parser.error(f"--commands must begin as the chain does: {', '.join(COMMANDS)}")
    unknown = set(asked.causes.split(",")) - set(CAUSES)
    if unknown:
        parser.error(f"--causes knows {', '.join(CAUSES)}, not {', '.join(sorted(unknown))}")
    for function in FUNCTIONS.values():
        importlib.import_module(function.partition(":")[0])
    chaos = Chaos(asked.folder, [*TINY, *asked.overrides], commands)
    chaos.undisturbed()
    causes = asked.causes.split(",")
    if any(CAUSES[cause].mounts for cause in causes) and not can_mount(chaos.root / "probe"):
        print("only root may mount: full disks and read-only folders are left out")
        causes = [cause for cause in causes if not CAUSES[cause].mounts]
    end = None if asked.minutes is None else time.monotonic() + 60 * asked.minutes
    strikes = []
    for number in range(asked.rounds):
        if end is not None and time.monotonic() > end:
            print(f"stopped after {number} of {asked.rounds} rounds: --minutes {asked.minutes:g}")
            break
        # In turn, so that every command meets every cause before one does twice.
        stage = chaos.stages[number % len(chaos.stages)]
        cause = causes[(number + number // len(chaos.stages)) % len(causes)]
        strikes.append(told(chaos.round(stage, cause, chance.random())))
    if not asked.no_walk:
        strikes += map(told, chaos.walk(chance))
    print(table(strikes))
    print(summary(strikes))
    (chaos.root / "chaos.json").write_text(json.dumps([asdict(s) for s in strikes], indent=1))
    bad = [strike for strike in strikes if strike.faults]
    print(f"{len(strikes)} disturbances, {len(bad)} with a fault; details: {chaos.root}/chaos.json")
    return 1 if bad else 0


def told(strike: Strike) -> Strike:
    """Print a round with a fault as soon as it is known."""
    for fault in strike.faults:
        print(f"{strike.command}, {strike.cause} at {strike.size:.3f}: {fault}", flush=True)
    return strike


if __name__ == "__main__":
    sys.exit(main())
