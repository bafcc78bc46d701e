"""submit bundle, submit validate."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from spectramind.config.root import Config
from spectramind.contracts.predictive import SUBMITTED
from spectramind.contracts.report_files import ReportFiles
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.tree import KaggleTree
from spectramind.pipeline.result import Result
from spectramind.pipeline.score import score_lines
from spectramind.run import environment
from spectramind.run.record import RunRecord
from spectramind.submission.applied import Applied
from spectramind.submission.bundle import check_bundle, write_bundle
from spectramind.submission.validate import validate_submission


@dataclass(frozen=True, eq=False)
class Bundle(Result):
    """What was packed.

    Attributes:
        submission, bundle: the table and the zip.
        page: the dashboard's page, None where there is none yet.
        score: the score in words, or why none is in the zip.
        judged: who held it to the policies, in words.
    """

    submission: Path
    bundle: Path
    page: Path | None
    score: tuple[str, ...]
    judged: str

    def report(self) -> list[str]:
        page = [] if self.page is None else [f"report:     {self.page}"]
        packed = [f"submission: {self.submission}", f"bundle:     {self.bundle}"]
        return [*packed, f"policies:   held to {self.judged}", *page, *self.score]


@dataclass(frozen=True, eq=False)
class Validated(Result):
    """A table, or a zip that holds one, that keeps its contract; and what was found in it."""

    file: Path
    finding: str

    def report(self) -> list[str]:
        return [f"{self.file}: valid, {self.finding}"]


def bundle(config: Config, record: RunRecord) -> Bundle:
    """Zip the validated submission with what explains it, and with nothing that does not.

    Raises:
        SchemaError: the submission is not valid, or not the one that predict wrote.
    """
    folder, paths = WorkFolder(config.paths), config.paths
    applied = Applied.of(paths.submission, folder.applied)
    where = folder.calibrators(SUBMITTED)
    wanted = [folder.record.manifest, folder.applied]
    wanted += [where.temperature] if applied.temperature is not None else []
    wanted += [where.corel, where.corel_table] if applied.corel is not None else []
    known, score = _score(paths.score, applied)
    wanted += [paths.score] if known else []
    extras = {path.name: path for path in wanted if path.is_file()}
    manifest = {
        "time": record.timestamp,
        "git_sha": environment.git_sha() or "not a checkout",
        "config_hash": config.hash,
        "calibration": applied.model_dump(include={"temperature", "corel"})
        | applied.model_dump(include={"instance", "drift"}, exclude_none=True),
        "toolchain": environment.package_versions(),
    }
    packed = write_bundle(paths.bundle, paths.submission, manifest, extras, _expected(config))
    record.artifact(paths.bundle)
    report = ReportFiles.latest(config.diag.html.out)
    page = None if report is None else report.page
    return Bundle(paths.submission, paths.bundle, page, score, packed.judged)


def _score(path: Path, applied: Applied) -> tuple[bool, tuple[str, ...]]:
    """Whether the last score is of this prediction, and what to say of it."""
    if not path.is_file():
        return False, ("no score: `spectramind score` has not run",)
    held = json.loads(path.read_text(encoding="utf-8"))
    scored = held.get("scored")
    if scored != applied.prediction:
        return False, (f"no score: {path} is of another prediction, run `spectramind score` again",)
    return bool(held.get("predictions")), tuple(score_lines(path))


def validate(config: Config, record: RunRecord, file: Path | None = None) -> Validated:
    """Check a submission, or the zip that holds it, against the schema and the tree's planets."""
    path = file or config.paths.submission
    if path.suffix == ".zip":
        checked = check_bundle(path, _expected(config))
        files = len(checked.manifest.files)
        said = f"{files} files as their manifest has them; policies held to {checked.judged}"
        return Validated(path, said)
    table = validate_submission(path, _expected(config))
    return Validated(path, f"{len(table.spectra)} planets, {table.dialect.value} columns")


def _expected(config: Config) -> Iterable[str] | None:
    tree_has_tests = (config.data.raw / "test").is_dir()
    return KaggleTree(config.data.raw).planets("test") if tree_has_tests else None
