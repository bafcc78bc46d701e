"""The run record: every command that worked on this folder."""

from spectramind.diagnostics.panel import (
    Lack,
    Panel,
    PanelBody,
    PlainWords,
    ReportContext,
    Values,
)
from spectramind.diagnostics.short_names import clock, short_hash
from spectramind.plotting import html_tables as tables
from spectramind.plotting.html_tables import Column

_BRIEF = 12
COLUMNS = (
    Column("ts", "time (UTC)"),
    Column("cmd", "command"),
    Column("status", "status"),
    Column("duration_ms", "took", "s"),
    Column("cfg_hash", "config"),
    Column("git_sha", "git"),
    Column("message", "what it said"),
)


def collect(context: ReportContext) -> Values | Lack:
    """One row a command, oldest first; durations in milliseconds."""
    data = context.data
    if not data.events:
        return Lack(data.problems.get("events", ""))
    keys = ("cmd", "status", "duration_ms", "message")
    return {
        "commands": [
            {key: event.get(key) for key in keys}
            | {
                "ts": clock(event.get("ts")),
                "cfg_hash": short_hash(event.get("cfg_hash")),
                "git_sha": short_hash(event.get("git_sha")),
            }
            for event in data.events
        ]
    }


def draw(values: Values) -> PanelBody:
    """The table, the newest command first, and its last rows for a terminal."""
    rows = [
        {**row, "duration_ms": tables.duration(row["duration_ms"])} for row in values["commands"]
    ]
    brief = [
        {
            "time": row["ts"],
            "command": row["cmd"],
            "status": row["status"],
            "took": row["duration_ms"],
            "config": row["cfg_hash"],
            "git": row["git_sha"],
        }
        for row in rows[-_BRIEF:]
    ]
    return PanelBody(
        tables.table(COLUMNS, rows[::-1]),
        f"{len(rows)} commands, the newest first.",
        tables={"commands": values["commands"]},
        brief=brief,
        verdict=verdict(values["commands"]),
    )


def verdict(commands: list[Values]) -> PlainWords:
    """Whether the last run of every command went well."""
    last = {str(row["cmd"]): row for row in commands}
    failed = [name for name, row in last.items() if row["status"] == "fail"]
    warned = [name for name, row in last.items() if row["status"] == "warn"]
    if failed:
        return PlainWords("bad", f"{', '.join(failed)} failed when run last: see what it said.")
    if warned:
        return PlainWords("look", f"{', '.join(warned)} warned when run last: see what it said.")
    return PlainWords("good", f"All {len(last)} commands ended well when run last.")


PANEL = Panel(
    topic="runs",
    anchor="runs",
    title="Runs",
    needs="run record (every command adds to it)",
    command="selftest",
    look_for="All that is shown above should come from one configuration: the hashes of the last "
    "good run of each command should agree.",
    collect=collect,
    draw=draw,
)
