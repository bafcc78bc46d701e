"""diagnose dashboard: gather what the runs left behind into one page."""

import json
import logging
import webbrowser
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spectramind.config.root import Config
from spectramind.contracts.predictive import SUBMITTED, Predictive
from spectramind.contracts.report_files import ReportFiles
from spectramind.contracts.spectra import SPECTRUM_COLUMNS, Spectra
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.tables import read_truth
from spectramind.dataset.tree import KaggleTree
from spectramind.diagnostics.page import ReportPage, build_page
from spectramind.diagnostics.panel import Values
from spectramind.diagnostics.report_data import ReportData
from spectramind.diagnostics.topics import TOPIC
from spectramind.errors import SchemaError, SpectraMindError
from spectramind.estimators.artifact import Artifact
from spectramind.instrument.grid import N_BINS, bin_wavelengths
from spectramind.pipeline.fit_calibrators import load_calibrators
from spectramind.pipeline.planets import naive_of
from spectramind.pipeline.report_calibration import calibration_logs
from spectramind.pipeline.report_light_curves import doubted_visits, light_curves
from spectramind.pipeline.report_planets import all_estimates, planet_traits, repeat_visits
from spectramind.pipeline.report_retrieval import read_recovery, retrieved_planets
from spectramind.pipeline.report_rules import audit_findings, corel_table
from spectramind.pipeline.report_runs import run_history
from spectramind.pipeline.result import Result
from spectramind.pipeline.topic_makers import MAKERS, kept, make
from spectramind.pipeline.visits import visits_by_planet
from spectramind.plotting.document import AbsentPart, absent_lines
from spectramind.run import environment
from spectramind.run.atomic import append_whole, write_text
from spectramind.run.record import RunRecord, read_events

log = logging.getLogger("spectramind")
T = TypeVar("T")
_NO_LABELS = "the checkpoint was made without labels (model.prior.source=atmosphere)"
_NOTHING = Predictive(Spectra((), np.empty((0, N_BINS)), np.empty((0, N_BINS))))


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
        write_text(path, pd.DataFrame(rows).to_csv(index=False, float_format="%.6g"))
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


@dataclass
class _Problems:
    """Why parts of the report are empty; what is broken (not only missing) warns."""

    record: RunRecord
    by_field: dict[str, str] = field(default_factory=dict)

    def note(self, name: str, reason: str) -> None:
        self.by_field[name] = reason

    def note_first(self, name: str, reason: str) -> None:
        """Note a reason where there is none yet."""
        self.by_field.setdefault(name, reason)

    def read(self, name: str, path: Path, load: Callable[[], T | None]) -> T | None:
        """What ``load`` gives; None, and the reason noted, where the file at ``path`` is broken."""
        if not path.exists():
            return None
        try:
            return load()
        except SpectraMindError as error:
            self.note(name, str(error))
            self.record.warn(f"left out of the report: {error}")
            return None


def gather(config: Config, record: RunRecord, topics: Sequence[str] = tuple(TOPIC)) -> ReportData:
    """What the chain left of the test planets, and why parts of it are not there.

    Args:
        topics: whose computations are looked for.
    """
    problems = _Problems(record)
    folder, raw = WorkFolder(config.paths), config.data.raw
    predicted = folder.prediction(SUBMITTED)
    found = problems.read("mu", predicted, lambda: Predictive.load(predicted)) or _NOTHING
    spectra, intervals, ids = found.spectra, found.intervals, found.planet_ids
    checkpoint = config.paths.checkpoint
    trained = problems.read("history", checkpoint, lambda: Artifact.load(checkpoint))
    corel = problems.read(
        "corel", config.paths.corel, lambda: load_calibrators(config, SUBMITTED).corel
    )
    if not config.calib.corel.enabled:
        problems.note("corel", "switched off by calib.corel.enabled=false")
    if trained is not None and not trained.history:
        for name in ("history", *(["corel"] if corel is None else [])):
            problems.by_field.setdefault(name, _NO_LABELS)
    visits = problems.read("light_curves", raw, lambda: visits_by_planet(KaggleTree(raw), "test"))
    visits = visits or {}
    stored = _stored(config, record, topics, problems)
    if not visits and "light_curves" in problems.by_field:
        problems.note("calibration", problems.by_field["light_curves"])
    return ReportData(
        title="SpectraMind V50 report",
        provenance=_provenance(config, record),
        wavelength_um=bin_wavelengths(),
        planet_ids=ids,
        mu=spectra.mu,
        sigma=spectra.sigma,
        truth=problems.read("truth", config.paths.truth, lambda: _truth(config, ids)),
        naive=problems.read("naive", raw / "train.csv", lambda: naive_of(config)),
        half_width=None if intervals is None else intervals.half_width,
        coverage_level=None if intervals is None else intervals.level,
        light_curves=light_curves(config, ids, visits, problems.note_first),
        history=None if trained is None else trained.history,
        baseline=_baseline(trained),
        chosen_epoch=None if trained is None else trained.epoch,
        summaries=problems.read("summaries", config.paths.score, lambda: _summaries(config)),
        corel=None if corel is None else corel_table(corel),
        traits=planet_traits(config, ids, visits, problems.note),
        repeats=repeat_visits(config, problems.note),
        doubted=doubted_visits(config, ids, visits),
        estimates=all_estimates(config, ids, problems.note),
        events=read_events(config.paths.work),
        calibration=calibration_logs(config, visits),
        runs=run_history(config, trained, problems.read),
        rules=problems.read("rules", folder.audit.violations, lambda: audit_findings(config)),
        retrieved=retrieved_planets(config, ids, problems.note),
        recovery=problems.read(
            "recovery", folder.retrieval.recovery, lambda: read_recovery(config)
        ),
        stored=stored,
        problems=problems.by_field,
    )


def _stored(
    config: Config, record: RunRecord, topics: Sequence[str], problems: _Problems
) -> dict[str, Values]:
    """What topics' computations left; what is quick and missing or of another run is computed."""
    found = {}
    for topic, maker in MAKERS.items():
        if topic not in topics:
            continue
        try:
            values = kept(config, topic)
        except SchemaError as error:
            values = None
            problems.note(f"stored.{topic}", str(error))
        if values is None and maker.quick:
            try:
                values = make(config, record, topic)
            except SpectraMindError as error:
                problems.note(f"stored.{topic}", str(error))
            except Exception as error:  # one topic must not cost all the others
                log.exception("topic %s failed", topic)
                problems.note(f"stored.{topic}", f"{error!r}; the log says where")
                record.warn(f"left out of the report: diagnose {topic} failed: {error!r}")
        if values is not None:
            found[topic] = values
    return found


def _provenance(config: Config, record: RunRecord) -> dict[str, str]:
    return {
        "run": record.run_id,
        "git": (environment.git_sha() or "not a checkout")[:8],
        "config": config.hash,
        "date": record.timestamp,
        "data": str(config.data.raw),
    }


def _baseline(trained: Artifact | None) -> dict[str, float]:
    """The physics estimate's loss: epoch 0 of a training; empty where nothing was trained."""
    first = trained.history[0] if trained is not None and trained.history else {}
    return {"val_loss": first["val_loss"]} if "val_loss" in first else {}


def _truth(config: Config, ids: Sequence[str]) -> NDArray[np.float64]:
    table = read_truth(config.paths.truth).reindex(list(ids))
    return table[list(SPECTRUM_COLUMNS)].to_numpy(dtype=np.float64).reshape(-1, N_BINS)


def _summaries(config: Config) -> list[dict[str, Any]]:
    """Scores as the page names them.

    Raises:
        SchemaError: the file is not what ``score`` writes, or it scored another prediction.
    """
    path, predicted = config.paths.score, WorkFolder(config.paths).prediction(SUBMITTED)
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        rows = held["predictions"]
        found = [
            {
                "name": row["name"],
                "score": row["score"],
                "low": row["score_low"],
                "high": row["score_high"],
                "fgs1_score": row["fgs1_part"],
                "airs_score": row["airs_part"],
                "rms_fgs1_ppm": row["residuals_ppm"]["fgs1_rms"],
                "rms_airs_mean_ppm": row["residuals_ppm"]["airs_mean_rms"],
                "rms_airs_shape_ppm": row["residuals_ppm"]["airs_shape_rms"],
                "coverage_1sigma": row["one_sigma_coverage"],
                "coverage_interval": row["interval_coverage"],
                "width_mean_ppm": row["interval_width_ppm"],
                # from here on: not in files of an earlier version
                "width_median_ppm": row.get("interval_width_median_ppm"),
                **{f"sigma_{key}_ppm": value for key, value in row.get("sigma_ppm", {}).items()},
            }
            for row in rows
        ]
        scored = held.get("scored")  # not in files of an earlier version
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise SchemaError(
            f"{path} is not what score writes ({reason}): run `spectramind score` again"
        ) from error
    if scored and predicted.is_file() and scored != environment.file_digest(predicted):
        raise SchemaError(f"{path} scored another prediction: run `spectramind score` again")
    return found
