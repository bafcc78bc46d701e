"""The run record: every command that worked on this folder."""

from spectramind.diagnostics.panel import Lack, Panel, PanelBody, ReportContext, Values
from spectramind.plotting import html_tables as tables
from spectramind.plotting.html_tables import Column

COLUMNS = (
    Column("ts", "time"),
    Column("cmd", "command"),
    Column("status", "status"),
    Column("duration_ms", "duration"),
    Column("cfg_hash", "config"),
    Column("git_sha", "git"),
)


def collect(context: ReportContext) -> Values | Lack:
    """One row a command, oldest first; durations in milliseconds."""
    data = context.data
    if not data.events:
        return Lack(data.problems.get("events", ""))
    keys = [column.key for column in COLUMNS]
    return {"commands": [{key: event.get(key) for key in keys} for event in data.events]}


def draw(values: Values) -> PanelBody:
    """The table."""
    rows = [
        {**row, "duration_ms": tables.duration(row["duration_ms"])} for row in values["commands"]
    ]
    return PanelBody(tables.table(COLUMNS, rows))


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
