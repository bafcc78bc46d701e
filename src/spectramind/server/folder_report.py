"""What the panels show of a work folder, made once for as long as its files stay as they are."""

import gc
import math
import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from spectramind.config.root import Config
from spectramind.contracts.predictive import SUBMITTED
from spectramind.contracts.work_folder import WorkFolder
from spectramind.diagnostics.panel import LaidOut, ReportContext, lay_out
from spectramind.diagnostics.panels import report_panels
from spectramind.pipeline.report_reader import Problems, kept_topics, read_report
from spectramind.server.cached import Cache, Stamp, stamps
from spectramind.server.served_folder import ServedFolder

_CALM_S = 20.0
_ROOM = 3  # folders whose panels are kept: those of 1,100 planets take some 100 MB


@dataclass(frozen=True, eq=False)
class FolderReport:
    """Every panel of a folder.

    Attributes:
        panels: laid out, in the report's order. context: what they were laid out of.
        problems: what could not be read, a sentence each.
    """

    panels: tuple[LaidOut, ...]
    context: ReportContext
    problems: tuple[str, ...]


class FolderReports:
    """The reports of all folders, made when they are asked for."""

    def __init__(self) -> None:
        self._held: Cache[str, FolderReport] = Cache(_ROOM)
        self._states = CalmStates()

    def of(self, folder: ServedFolder, config: Config) -> FolderReport:
        """A folder's, as its files are now."""
        state = self._states.of(folder, config)
        return self._held.get(folder.name, state, lambda: _laid_out(config))


class CalmStates:
    """The state of a folder's files; while a command writes them, not a new one at every look.

    Reading all of a folder takes seconds, and ``features`` writes files every second.
    """

    def __init__(self) -> None:
        self._last: dict[str, tuple[Hashable, float]] = {}
        self._lock = Lock()

    def of(self, folder: ServedFolder, config: Config) -> Hashable:
        """The state; while a command runs there, one that is at most ``_CALM_S`` old."""
        state: Hashable = (config.hash, sources(config))
        now = time.monotonic()
        with self._lock:
            before, when = self._last.get(folder.name, (state, -math.inf))
            if state != before and now - when < _CALM_S and _is_busy(folder):
                return before
            if state != before or folder.name not in self._last:
                self._last[folder.name] = (state, now)
            return state


def _is_busy(folder: ServedFolder) -> bool:
    return any(not one.lost for one in folder.running(folder.commands()[0])[0])


def _laid_out(config: Config) -> FolderReport:
    problems = Problems(lambda _: None)
    data = read_report(config, problems, kept_topics(config, problems), {})
    context = ReportContext(data, config.diag.max_planets, config.diag.worst_planets)
    panels = tuple(lay_out(panel, context) for panel in report_panels())
    gc.collect()  # what was read for it is large, and may hang in cycles
    return FolderReport(panels, context, broken(problems))


def broken(problems: Problems) -> tuple[str, ...]:
    """What could not be read, as sentences; each once."""
    return tuple(dict.fromkeys(problems.by_field.values()))


def sources(config: Config) -> tuple[Stamp, ...]:
    """The state of all that panels are made of; files are replaced, so that their folders tell."""
    work, paths, raw = WorkFolder(config.paths), config.paths, config.data.raw
    files: Sequence[Path] = (
        work.record.events,
        paths.checkpoint,
        paths.corel,
        paths.temperature,
        paths.truth,
        paths.score,
        work.prediction(SUBMITTED),
        paths.predictions,
        work.audit.violations,
        work.audit.influence,
        work.ablation.numbers,
        work.retrieval.root,
        work.retrieval.catalogue,
        work.retrieval.recovery,
        work.diagnostics.versions,
        work.diagnostics.stored("any").parent,
        work.features.depths("any").parent,
        work.calibrated.log("any").parent,
        work.calibrated.images("any").parent,
        raw,
        raw / "test",
        raw / "train.csv",
        raw / "test_star_info.csv",
        *([] if config.diag.line_list is None else [config.diag.line_list]),
    )
    return stamps(*files)
