"""One command, whole: what was typed, settings, metrics, files, and its part of the log."""

from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from spectramind.server.answers import LogLines, RunDetail, RunRow, WrittenFile
from spectramind.server.folder_settings import FoundValues
from spectramind.server.mission_control import MissionControl
from spectramind.server.run_rows import as_row, told_command
from spectramind.server.running_commands import in_utc
from spectramind.server.served_folder import ServedFolder

_LONGEST = 4000  # characters of a line of the log that are shown
_STAMP = len("2026-01-01T00:00:00")


def run_detail(control: MissionControl, folder: ServedFolder, run_id: str) -> RunDetail:
    """A command that ended or runs.

    Raises:
        NotThereError: no such command.
    """
    told = told_command(folder, run_id)
    row = as_row(folder.name, told)
    if isinstance(told, RunRow):
        return _of_running(control, folder, told)
    event, found = folder.journal.whole(told), control.settings.of_command(folder, told)
    return RunDetail(
        row=row,
        overrides=_typed(event.args),
        settings=dict(found.values),
        settings_problem=found.problem or None,
        metrics=dict(event.metrics),
        environment=event.env,
        seed=event.seed,
        files=[_file(folder, path, found) for path in event.artifacts],
    )


def _of_running(control: MissionControl, folder: ServedFolder, row: RunRow) -> RunDetail:
    notes = [one.note for one in folder.running([])[0] if one.note.run_id == row.run_id]
    args = notes[0].args if notes else {}
    found = control.settings.of_hash(folder, row.config_hash, args.get("overrides"))
    return RunDetail(
        row=row,
        overrides=_typed(args),
        settings=dict(found.values),
        settings_problem=found.problem or None,
        metrics={},
        environment={"host": notes[0].host} if notes else {},
        seed=found.values.get("seed"),
        files=[],
    )


def _typed(args: dict[str, object]) -> list[str]:
    overrides = args.get("overrides")
    return [str(one) for one in overrides] if isinstance(overrides, list) else []


def _file(folder: ServedFolder, told: str, found: FoundValues) -> WrittenFile:
    """A file as it is now: below the work folder where it was written there, also if that moved."""
    places, before = [Path(told)], found.values.get("paths.work")
    if isinstance(before, str) and places[0].is_relative_to(before):
        places.insert(0, folder.path / places[0].relative_to(before))
    for place in places:
        try:
            if place.is_file():
                return WrittenFile(path=told, size_bytes=place.stat().st_size)
        except (OSError, ValueError):
            continue
    return WrittenFile(path=told, size_bytes=None)


def log_lines(folder: ServedFolder, run_id: str, first: int | None, count: int) -> LogLines:
    """What the log holds of the time in which a command ran.

    Only one command works in a folder at a time, so that these lines are its own; those of the
    second in which another one ended may stand among them.

    Args:
        first: from which line on, 0 the first; None: the last ``count``.

    Raises:
        NotThereError: no such command.
    """
    row = as_row(folder.name, told_command(folder, run_id))
    begin = row.started[:_STAMP]
    end = in_utc(_ended(row))[:_STAMP]
    chosen: deque[str] = deque(maxlen=count if first is None else None)
    total = 0
    for line in _between(folder.record.log, begin, end):
        if first is None or first <= total < first + count:
            chosen.append(line)
        total += 1
    return LogLines(
        lines=list(chosen), first=total - len(chosen) if first is None else first, total=total
    )


def _ended(row: RunRow) -> datetime:
    if row.state == "running" or row.duration_s is None:
        return datetime.now(UTC)
    started = datetime.fromisoformat(row.started)
    return started + timedelta(seconds=row.duration_s + 1)


def _between(log: Path, begin: str, end: str) -> Iterator[str]:
    """Lines from one time to another; those without a time belong to the line before."""
    inside = False
    for path in _files(log, begin):
        try:
            with path.open(encoding="utf-8", errors="replace") as stream:
                for line in stream:
                    if _is_stamp(line):
                        inside = begin <= line[:_STAMP] <= end
                    if inside:
                        yield line.rstrip("\n")[:_LONGEST]
        except OSError:  # it was rotated away, or may not be read: what is there is shown
            continue


def _is_stamp(line: str) -> bool:
    return len(line) > _STAMP and line[4] == "-" and line[10] == "T" and line[_STAMP] == "Z"


def _files(log: Path, begin: str) -> list[Path]:
    """The log and its older parts, the oldest first; without those that ended before."""
    parts = [
        (int(path.suffix[1:]), path)
        for path in log.parent.glob(f"{log.name}.*")
        if path.suffix[1:].isascii() and path.suffix[1:].isdigit()
    ]
    files = [path for _, path in sorted(parts, reverse=True)] + [log]
    since = datetime.fromisoformat(f"{begin}+00:00").timestamp()
    found = []
    for path in files:
        try:
            if path.stat().st_mtime >= since:
                found.append(path)
        except OSError:
            continue
    return found
