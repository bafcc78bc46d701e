"""diagnose TOPIC: one topic alone, as values, page and a short table."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from spectramind.config.root import Config
from spectramind.contracts.report_files import ReportFiles
from spectramind.contracts.work_folder import WorkFolder
from spectramind.diagnostics.page import ReportPage, build_page
from spectramind.diagnostics.panel import PlainWords
from spectramind.errors import SchemaError
from spectramind.pipeline.dashboard import gather, write_page
from spectramind.pipeline.result import Result
from spectramind.pipeline.topic_makers import MAKERS, make
from spectramind.plotting.document import absent_lines
from spectramind.run.atomic import write_text
from spectramind.run.record import RunRecord


@dataclass(frozen=True, eq=False)
class TopicReport(Result):
    """What a topic shows.

    Attributes:
        topic: its name.
        page: where its page is; values, by panel: where they are as JSON.
        tables: all numbers as CSV beside the page.
        brief: by panel's title, rows of a short table.
        verdicts: what its panels say in words.
        absent: what is missing of it, and what brings it.
    """

    topic: str
    page: Path
    values: Path
    tables: tuple[Path, ...]
    brief: Mapping[str, Sequence[Mapping[str, Any]]]
    verdicts: tuple[PlainWords, ...]
    absent: tuple[str, ...]

    def report(self) -> list[RenderableType]:
        tables = [_table(title, rows) for title, rows in self.brief.items()]
        told = [f"{verdict.level}: {escape(verdict.text)}" for verdict in self.verdicts]
        files = f"page: {self.page}; its numbers beside it: {_names([self.values, *self.tables])}"
        return [*tables, *told, *self.absent, files]


def diagnose(config: Config, record: RunRecord, topic: str) -> TopicReport:
    """Compute one topic, and write its values, its tables and its page.

    Raises:
        SchemaError: nothing of it can be shown; what is missing, and the command that makes it.
        SpectraMindError: the topic's own computation failed.
    """
    if topic in MAKERS:
        make(config, record, topic)
    data = gather(config, record, (topic,))
    page = build_page(
        data,
        max_planets=config.diag.max_planets,
        worst_planets=config.diag.worst_planets,
        topic=topic,
    )
    absent = tuple(absent_lines(page.absent))
    if not page.shown:
        raise SchemaError(f"diagnose {topic}: nothing to show: {'; '.join(absent)}")
    path = WorkFolder(config.paths).diagnostics.page(topic)
    tables = write_page(path, page, record)
    values = ReportFiles(path).values
    write_text(values, json.dumps(_values(page), allow_nan=False, ensure_ascii=False))
    record.artifact(values)
    brief = {one.panel.title: one.body.brief for one in page.panels if one.body and one.body.brief}
    return TopicReport(topic, path, values, tables, brief, page.verdicts, absent)


def _values(page: ReportPage) -> dict[str, Any]:
    """By panel, what it drew."""
    return {one.panel.anchor: one.values for one in page.panels if one.values is not None}


def _names(paths: Sequence[Path]) -> str:
    return ", ".join(path.name for path in paths)


def _table(title: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(title=escape(title), title_justify="left", box=SIMPLE_HEAD)
    for key, value in rows[0].items():
        table.add_column(
            escape(key), justify="right" if isinstance(value, (int, float)) else "left"
        )
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    return table


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "–" if value is None else escape(str(value))
