"""analyze-log: what all runs in a work folder took, which failed, and which settings changed."""

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from pydantic import ValidationError
from rich.markup import escape

from spectramind.config.kept import kept_values
from spectramind.config.root import Config
from spectramind.contracts.work_folder import RecordFolder, WorkFolder
from spectramind.errors import SchemaError, first_fault
from spectramind.pipeline.result import Result
from spectramind.run.atomic import write_csv, write_text
from spectramind.run.events import Event
from spectramind.run.record import RunRecord

_SHOWN = 10  # failures and changes in the Markdown's lists; the table holds all


@dataclass(frozen=True)
class LoggedRun:
    """A run of a command.

    Attributes:
        event: its line.
        before: the run of the same command before it, None for the first.
        settings, settings_before: of both by dotted key, None where they were not kept.
    """

    event: Event
    before: Event | None
    settings: dict[str, Any] | None = None
    settings_before: dict[str, Any] | None = None

    @property
    def change(self) -> str:
        """What differs from the run before: settings, and the code's commit; empty: nothing."""
        if self.before is None:
            return ""
        said = []
        if self.event.cfg_hash != self.before.cfg_hash:
            said.append(self._settings_change(_overrides(self.before), _overrides(self.event)))
        if self.event.git_sha != self.before.git_sha:
            said.append(f"code {_short(self.before.git_sha)} -> {_short(self.event.git_sha)}")
        return "; ".join(said)

    def _settings_change(self, typed_before: Sequence[str], typed: Sequence[str]) -> str:
        """Key by key where both runs' settings were kept and few differ, else as typed."""
        as_typed = _difference(typed_before, typed)
        if self.settings is None or self.settings_before is None:
            return as_typed
        was, now = self.settings_before, self.settings
        keys = [key for key in sorted(was | now) if was.get(key) != now.get(key)]
        if len(keys) > _SHOWN:
            return f"{as_typed} ({len(keys)} settings)"
        return ", ".join(f"{key} {_value(was, key)} -> {_value(now, key)}" for key in keys)

    def row(self) -> dict[str, Any]:
        """Of the table."""
        event = self.event
        return {
            "ts": event.ts,
            "cmd": event.cmd,
            "status": event.status,
            "seconds": f"{event.duration_ms / 1000:.3f}",
            "cfg_hash": event.cfg_hash,
            "science_hash": event.science_hash,
            "git_sha": event.git_sha,
            "seed": event.seed,
            "changed": self.change,
            "overrides": " ".join(_overrides(event)),
            "message": event.message,
            **{f"metric_{name}": value for name, value in event.metrics.items()},
        }


@dataclass(frozen=True)
class CommandRuns:
    """All runs of one command; times in seconds. ``configs``: how many settings it ran with."""

    cmd: str
    runs: int
    failed: int
    warned: int
    seconds: float
    median_seconds: float
    longest_seconds: float
    configs: int
    changes: int
    last: str


@dataclass(frozen=True, eq=False)
class LogAnalysis(Result):
    """What the event log says.

    Attributes:
        commands: by command, the one that took longest in all first.
        runs: oldest first.
        unreadable: lines that are no events.
        page, table: the same as Markdown and CSV.
    """

    commands: tuple[CommandRuns, ...]
    runs: tuple[LoggedRun, ...]
    unreadable: int
    page: Path
    table: Path

    @property
    def failures(self) -> tuple[LoggedRun, ...]:
        return tuple(run for run in self.runs if run.event.status == "fail")

    def markdown(self) -> str:
        """The page."""
        return "\n".join([*_heading(self), *_times(self), *_failed(self), *_churn(self)]) + "\n"

    def report(self) -> list[str]:
        slowest = "; ".join(
            f"{one.cmd} {one.seconds:.0f} s in {one.runs}" for one in self.commands[:3]
        )
        failed = Counter(run.event.cmd for run in self.failures)
        who = f" ({', '.join(f'{cmd} {n}' for cmd, n in failed.most_common())})" if failed else ""
        changes = sum(one.changes for one in self.commands)
        return [
            escape(f"{len(self.runs)} runs; most time: {slowest}"),
            escape(f"{len(self.failures)} failed{who}; settings changed {changes} times"),
            f"{self.page}, {self.table}",
        ]


def analyze_log(config: Config, record: RunRecord) -> LogAnalysis:
    """Read the work folder's events; write a page of Markdown and a table, a row a run.

    Raises:
        SchemaError: there are none.
    """
    folder = WorkFolder(config.paths).record
    path = folder.events
    if not path.is_file():
        raise SchemaError(
            f"{path} is missing: nothing ran in this work folder yet (paths.work=FOLDER names one)"
        )
    events, faults = read_lines(path)
    for fault in faults:
        record.warn(fault)
    if not events:
        raise SchemaError(f"{path} holds no event: nothing ran in this work folder yet")
    last: dict[str, Event] = {}
    settings = _kept(folder, events)
    runs = []
    for event in events:
        before = last.get(event.cmd)
        of_before = None if before is None else settings.get(before.cfg_hash)
        runs.append(LoggedRun(event, before, settings.get(event.cfg_hash), of_before))
        last[event.cmd] = event
    paths = config.paths
    found = LogAnalysis(
        _by_command(runs), tuple(runs), len(faults), paths.log_report, paths.log_table
    )
    write_text(found.page, found.markdown())
    rows = [run.row() for run in runs]
    columns = dict.fromkeys(key for row in rows for key in row)  # a column for every metric
    write_csv(found.table, [*columns], rows)
    record.artifact(found.page)
    record.artifact(found.table)
    return found


def read_lines(path: Path) -> tuple[list[Event], list[str]]:
    """Events, oldest first, and why other lines are none."""
    events, faults = [], []
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    for number, line in enumerate(lines, start=1):
        try:
            events.append(Event.model_validate_json(line))
        except ValidationError as error:
            faults.append(f"{path}, line {number} is no event ({first_fault(error, 'the line')})")
    return events, faults


def _kept(folder: RecordFolder, events: Sequence[Event]) -> dict[str | None, dict[str, Any]]:
    """Settings by their hash, of the runs that kept them."""
    found: dict[str | None, dict[str, Any]] = {}
    for known in {event.cfg_hash for event in events if event.cfg_hash is not None}:
        with suppress(SchemaError):  # of before settings were kept
            found[known] = kept_values(folder.settings(known))
    return found


def _by_command(runs: Sequence[LoggedRun]) -> tuple[CommandRuns, ...]:
    grouped: dict[str, list[LoggedRun]] = defaultdict(list)
    for run in runs:
        grouped[run.event.cmd].append(run)
    found = []
    for cmd, own in grouped.items():
        seconds = [run.event.duration_ms / 1000 for run in own]
        states = Counter(run.event.status for run in own)
        hashes = [run.event.cfg_hash for run in own]
        found.append(
            CommandRuns(
                cmd=cmd,
                runs=len(own),
                failed=states["fail"],
                warned=states["warn"],
                seconds=sum(seconds),
                median_seconds=median(seconds),
                longest_seconds=max(seconds),
                configs=len(set(hashes)),
                changes=sum(a != b for a, b in pairwise(hashes)),
                last=own[-1].event.status,
            )
        )
    return tuple(sorted(found, key=lambda one: -one.seconds))


def _heading(found: LogAnalysis) -> list[str]:
    first, last = found.runs[0].event.ts, found.runs[-1].event.ts
    broken = f", {found.unreadable} lines unreadable" if found.unreadable else ""
    return [
        "# Runs in this work folder",
        "",
        f"{len(found.runs)} runs from {first} to {last}, {len(found.failures)} failed{broken}.",
    ]


def _times(found: LogAnalysis) -> list[str]:
    lines = [
        *("", "## Time, and how it ended", ""),
        "| command | runs | failed | warned | total s | median s | longest s | last |",
        "|---|--:|--:|--:|--:|--:|--:|---|",
    ]
    for one in found.commands:
        numbers = f"{one.seconds:.1f} | {one.median_seconds:.1f} | {one.longest_seconds:.1f}"
        counts = f"{one.runs} | {one.failed} | {one.warned}"
        lines.append(f"| {_cell(one.cmd)} | {counts} | {numbers} | {one.last} |")
    return lines


def _failed(found: LogAnalysis) -> list[str]:
    told = Counter((run.event.cmd, run.event.message or "") for run in found.failures)
    lines = ["", "## Failures", ""]
    if not told:
        return [*lines, "None."]
    lines += ["| command | times | what it said |", "|---|--:|---|"]
    for (cmd, message), times in told.most_common(_SHOWN):
        lines.append(f"| {_cell(cmd)} | {times} | {_cell(message)} |")
    return lines


def _churn(found: LogAnalysis) -> list[str]:
    lines = [
        *("", "## Settings", ""),
        "| command | configurations | changes between runs |",
        "|---|--:|--:|",
    ]
    lines += [f"| {_cell(one.cmd)} | {one.configs} | {one.changes} |" for one in found.commands]
    changed = [run for run in found.runs if run.change]
    if changed:
        lines += ["", "The last changes:", "", "| when | command | what changed |", "|---|---|---|"]
        for run in changed[-_SHOWN:]:
            lines.append(f"| {run.event.ts} | {_cell(run.event.cmd)} | {_cell(run.change)} |")
    return lines


def _overrides(event: Event) -> list[str]:
    """As typed, and the command's own flags."""
    typed = event.args.get("overrides") or []
    flags = [
        f"{key}={json.dumps(value)}" for key, value in event.args.items() if key != "overrides"
    ]
    return [*map(str, typed), *flags]


def _difference(before: Sequence[str], now: Sequence[str]) -> str:
    gone = [one for one in before if one not in now]
    new = [one for one in now if one not in before]
    words = [*(f"- {one}" for one in gone), *(f"+ {one}" for one in new)]
    return ", ".join(words) or "a file of settings"


def _value(settings: dict[str, Any], key: str) -> str:
    return json.dumps(settings[key], ensure_ascii=False) if key in settings else "none"


def _short(sha: str | None) -> str:
    return "none" if sha is None else sha[:7]


def _cell(text: str) -> str:
    """Text that can neither end a cell nor begin HTML."""
    plain = text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
    return " ".join(plain.split())
