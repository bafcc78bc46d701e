"""submit bundle, submit validate."""

from collections.abc import Iterable
from pathlib import Path

from spectramind.config.root import Config
from spectramind.dataset.tree import KaggleTree
from spectramind.pipeline.score import score_lines
from spectramind.run import environment
from spectramind.run.progress import show
from spectramind.run.record import MANIFEST, RunRecord
from spectramind.submission.bundle import verify_bundle, write_bundle
from spectramind.submission.validate import validate_submission
from spectramind.uncertainty.store import table_path


def bundle(config: Config, record: RunRecord) -> None:
    """Zip the validated submission with what explains it."""
    candidates = (
        config.paths.temperature,
        config.paths.corel,
        table_path(config.paths.corel),
        config.paths.score,
        config.paths.work / MANIFEST,
    )
    extras = {path.name: path for path in candidates if path.is_file()}
    manifest = {
        "time": record.timestamp,
        "git_sha": environment.git_sha() or "not a checkout",
        "config_hash": config.hash,
        "calibration": {
            "temperature": config.paths.temperature.name in extras,
            "corel": config.paths.corel.name in extras,
            "alpha": config.calib.corel.alpha,
        },
        "toolchain": environment.package_versions(),
    }
    write_bundle(config.paths.bundle, config.paths.submission, manifest, extras, _expected(config))
    record.artifact(config.paths.bundle)
    show(f"submission: {config.paths.submission}", f"bundle:     {config.paths.bundle}")
    if config.diag.html.out.is_file():
        show(f"report:     {config.diag.html.out}")
    if config.paths.score.is_file():
        show(*score_lines(config.paths.score))


def validate(config: Config, record: RunRecord, file: Path | None = None) -> None:
    """Check a submission, or the zip that holds it, against the schema and the tree's planets."""
    path = file or config.paths.submission
    if path.suffix == ".zip":
        manifest = verify_bundle(path, _expected(config))
        show(f"{path}: valid, {len(manifest.files)} files as their manifest has them")
        return
    checked = validate_submission(path, _expected(config))
    show(f"{path}: valid, {len(checked.spectra)} planets, {checked.dialect.value} columns")


def _expected(config: Config) -> Iterable[str] | None:
    tree_has_tests = (config.data.raw / "test").is_dir()
    return KaggleTree(config.data.raw).planets("test") if tree_has_tests else None
