"""diagnose dashboard: gather what the runs left behind into one page."""

import json
import logging
import webbrowser
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from spectramind.config.root import Config
from spectramind.contracts.report_files import ReportFiles
from spectramind.contracts.work_folder import WorkFolder
from spectramind.diagnostics.page import ReportPage, build_page
from spectramind.diagnostics.panel import Values, as_csv
from spectramind.diagnostics.report_data import ReportData
from spectramind.diagnostics.topics import TOPIC
from spectramind.errors import SpectraMindError
from spectramind.physics.line_list import read_par
from spectramind.pipeline.report_reader import Problems, kept_topics, read_report
from spectramind.pipeline.result import Result
from spectramind.pipeline.topic_makers import MAKERS, make
from spectramind.plotting.document import AbsentPart, absent_lines
from spectramind.run import environment
from spectramind.run.atomic import append_whole, write_text
from spectramind.run.record import RunRecord

log = logging.getLogger("spectramind")


@dataclass(frozen=True, eq=False)
class DashboardReport(Result):
    """The page that was written.

    Attributes:
        path: where it is.
        size_bytes: its size.
        shown: titles of the panels in it.
        absent: what is not in it, why, and the command that brings it.
        tables: files of its numbers, beside it.
    """

    path: Path
    size_bytes: int
    shown: tuple[str, ...]
    absent: tuple[AbsentPart, ...]
    tables: tuple[Path, ...] = ()

    def report(self) -> list[str]:
        head = f"report: {self.path} ({self.size_bytes / 1e6:.1f} MB, opens offline)"
        lines = absent_lines(self.absent)
        if self.tables:
            lines.insert(
                0, f"its numbers beside it: {len(self.tables)} tables, {self.path.stem}_*.csv"
            )
        return [head, *lines]


def dashboard(config: Config, record: RunRecord) -> DashboardReport:
    """Write the report page, open it if asked to.

    What is missing or broken is left out of the page, named in it and in the record; nothing that
    the chain can leave behind stops it.

    Raises:
        SchemaError: as ``gather``.
    """
    files, number = ReportFiles.numbered(config.diag.html.out)
    out = files.page
    data = gather(config, record)
    if number is not None:
        data = replace(data, title=f"{data.title}, version {number}")
    page = build_page(
        data, max_planets=config.diag.max_planets, worst_planets=config.diag.worst_planets
    )
    tables = write_page(out, page, record)
    note_version(config, record, out, data)
    size = len(page.html.encode())
    written = DashboardReport(out, size, page.shown, page.absent, tables)
    if config.diag.html.open:
        webbrowser.open(out.resolve().as_uri())
    return written


def write_page(out: Path, page: ReportPage, record: RunRecord) -> tuple[Path, ...]:
    """Write a page, and its tables beside it; a panel that failed warns."""
    for laid_out in page.panels:
        if laid_out.broken and isinstance(laid_out.part, AbsentPart):
            record.warn(f"{laid_out.part.what}: {laid_out.part.reason}")
    if page.failures:
        record.warn(f"{len(page.failures)} parts of planets' pages failed: {page.failures[0]}")
    write_text(out, page.html)
    record.artifact(out)
    tables = tuple(ReportFiles(out).table(name) for name in page.tables)
    for path, rows in zip(tables, page.tables.values(), strict=True):
        write_text(path, as_csv(rows))
        record.artifact(path)
    return tables


def note_version(config: Config, record: RunRecord, out: Path, data: ReportData) -> None:
    """One line more in the history of reports: what was reported, and how good it was."""
    model = data.summaries[0] if data.summaries else {}
    line = {
        "path": out.name,
        "date": record.timestamp,
        "config": config.hash,
        "git": environment.git_sha(),
        "score": model.get("score"),
        "low": model.get("low"),
        "high": model.get("high"),
        "coverage": model.get("coverage_1sigma"),
    }
    path = WorkFolder(config.paths).diagnostics.versions
    path.parent.mkdir(parents=True, exist_ok=True)
    append_whole(path, json.dumps(line) + "\n")


def gather(config: Config, record: RunRecord, topics: Sequence[str] = tuple(TOPIC)) -> ReportData:
    """What the chain left of the test planets, and why parts of it are not there.

    Args:
        topics: whose computations are looked for; what is quick and missing is computed.

    Raises:
        SchemaError: the line list that ``diag.line_list`` names is missing or broken.
    """
    if config.diag.line_list is not None:
        read_par(config.diag.line_list)  # asked for by name: told before anything is computed
    problems = Problems(lambda line: record.warn(f"left out of the report: {line}"))
    stored = _stored(config, record, topics, problems)
    return read_report(config, problems, stored, _provenance(config, record))


def _stored(
    config: Config, record: RunRecord, topics: Sequence[str], problems: Problems
) -> dict[str, Values]:
    """What topics' computations left; what is quick and missing or of another run is computed."""
    found = kept_topics(config, problems, topics)
    for topic in topics:
        if topic in found or topic not in MAKERS or not MAKERS[topic].quick:
            continue
        try:
            found[topic] = make(config, record, topic)
        except SpectraMindError as error:
            problems.note(f"stored.{topic}", str(error))
        except Exception as error:  # one topic must not cost all the others
            log.exception("topic %s failed", topic)
            problems.note(f"stored.{topic}", f"{error!r}; the log says where")
            record.warn(f"left out of the report: diagnose {topic} failed: {error!r}")
    return found


def _provenance(config: Config, record: RunRecord) -> dict[str, str]:
    return {
        "run": record.run_id,
        "git": (environment.git_sha() or "not a checkout")[:8],
        "config": config.hash,
        "date": record.timestamp,
        "data": str(config.data.raw),
    }
