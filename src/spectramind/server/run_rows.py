"""The table of commands: all that ran and run in the work folders, filtered, sorted, paged."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import BaseModel

from spectramind.server.answers import Rows, RunRow
from spectramind.server.event_journal import ToldCommand
from spectramind.server.refusals import NotThereError
from spectramind.server.served_folder import ServedFolder

T = TypeVar("T")
SORTED_BY = (
    "started",
    "command",
    "folder",
    "state",
    "duration_s",
    "score",
    "coverage",
    "warnings",
    "science_hash",
)


@dataclass(frozen=True)
class Filter:
    """What of the table is asked for; empty: all of it.

    Attributes:
        folder, state, command: as in the rows.
        search: in any of command, run, hashes, git and message.
        sort: a key of ``SORTED_BY``, "-" before it for descending; what is not known comes last.
    """

    folder: str = ""
    state: str = ""
    command: str = ""
    search: str = ""
    sort: str = "-started"

    def passes(self, row: ToldCommand | RunRow) -> bool:
        """Whether a command is asked for; folders are chosen before."""
        if self.state and row.state != self.state:
            return False
        if self.command and row.command != self.command:
            return False
        if not self.search:
            return True
        texts = row.command, row.run_id, row.config_hash, row.science_hash, row.git, row.message
        return self.search.lower() in "\n".join(text or "" for text in texts).lower()


def run_rows(folders: Iterable[ServedFolder], wanted: Filter, page: int, size: int) -> Rows[RunRow]:
    """One page of the table; ``size`` 0 for all of it."""
    found: list[tuple[str, ToldCommand | RunRow]] = []
    problems: list[str] = []
    now = datetime.now(UTC)
    for folder in folders:
        if wanted.folder and folder.name != wanted.folder:
            continue
        told, faults = folder.commands()
        running, more = folder.running(told)
        problems += [*faults, *more]
        live = [one.row(folder.name, now) for one in running]
        everyone: list[ToldCommand | RunRow] = [*told, *live]
        found += [(folder.name, row) for row in everyone if wanted.passes(row)]
    key = wanted.sort.removeprefix("-")
    if key == "folder":
        found.sort(key=lambda one: one[0], reverse=wanted.sort.startswith("-"))
    else:
        found = in_order(found, wanted.sort, lambda one: getattr(one[1], key))
    chosen = one_page(found, page, size)
    return Rows(
        rows=[as_row(folder, row) for folder, row in chosen],
        total=len(found),
        page=page,
        size=size or len(found),
        problems=problems,
    )


def as_row(folder: str, told: ToldCommand | RunRow) -> RunRow:
    """A command as the table shows it."""
    if isinstance(told, RunRow):
        return told
    return RunRow(
        folder=folder,
        run_id=told.run_id,
        command=told.command,
        state=told.state,
        started=told.started,
        duration_s=told.duration_s,
        stages=[],
        ends=None,
        config_hash=told.config_hash,
        science_hash=told.science_hash,
        git=told.git,
        score=told.score,
        coverage=told.coverage,
        warnings=told.warnings,
        message=told.message,
    )


def told_command(folder: ServedFolder, run_id: str) -> ToldCommand | RunRow:
    """A command by its id; of several of one second the last.

    Raises:
        NotThereError: no such command ran or runs there.
    """
    told, _ = folder.commands()
    for one in reversed(told):
        if one.run_id == run_id:
            return one
    for running in folder.running(told)[0]:
        if running.note.run_id == run_id:
            return running.row(folder.name, datetime.now(UTC))
    raise NotThereError(f"no command {run_id!r} in {folder.name}: open Runs, where all stand")


def in_order(rows: Sequence[T], sort: str, key: Callable[[T], Any]) -> list[T]:
    """Sorted, "-" before the key's name for descending; None comes last in either order."""
    known = [row for row in rows if key(row) is not None]
    unknown = [row for row in rows if key(row) is None]
    return sorted(known, key=key, reverse=sort.startswith("-")) + unknown


def one_page(rows: Sequence[T], page: int, size: int) -> Sequence[T]:
    """Rows of a page, from 1; all for size 0."""
    return rows[(page - 1) * size : page * size] if size else rows


def as_csv(rows: Sequence[BaseModel], columns: Sequence[str]) -> str:
    """Rows as a table for a spreadsheet; lists and unknown values are empty.

    A text that a spreadsheet would take for a formula is quoted by an apostrophe.
    """
    held = io.StringIO()
    writer = csv.writer(held, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(getattr(row, column)) for column in columns])
    return held.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
    return "" if value is None or isinstance(value, list) else value
