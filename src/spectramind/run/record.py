"""Every command is a record: an event line, a block for people, a manifest, a log file."""

import json
import logging
import logging.handlers
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from spectramind.contracts.work_folder import RecordFolder
from spectramind.errors import SpectraMindError
from spectramind.run import environment
from spectramind.run.atomic import append_whole, unwritable_is_told, write_json
from spectramind.run.budget import Budget
from spectramind.run.events import Event, Manifest, ManifestEntry
from spectramind.run.processes import processes
from spectramind.run.stopping import interruption, undisturbed
from spectramind.run.work_lock import work_folder_is_told

log = logging.getLogger("spectramind")


class _LogFile(logging.handlers.RotatingFileHandler):
    """A log that cannot be written (a full disk) leaves the word to the command's own error."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        if not isinstance(sys.exception(), OSError):
            super().handleError(record)


@dataclass
class RunRecord:
    """What a running command adds to its own record."""

    cmd: str
    args: dict[str, Any]
    work: Path
    cfg_hash: str | None = None
    seed: int | None = None
    data_root: Path | None = None
    science_hash: str | None = None
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    artifacts: list[Path] = field(default_factory=list)
    metrics: dict[str, float] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    failure: str | None = None
    budget: Budget | None = None

    def spare(self, what: str) -> str | None:
        """Why something that can be done without is left out; None: there is time for it."""
        return None if self.budget is None else self.budget.spare(what)

    @property
    def run_id(self) -> str:
        """``v50_<date>_<time>_<first four of the config hash>``."""
        return f"v50_{self.started:%Y%m%d_%H%M%S}_{(self.cfg_hash or 'none')[:4]}"

    @property
    def timestamp(self) -> str:
        """UTC, whole seconds."""
        return self.started.strftime("%Y-%m-%dT%H:%M:%SZ")

    def artifact(self, path: Path) -> None:
        """Register a file this command wrote."""
        self.artifacts.append(path)

    def warn(self, message: str) -> None:
        """Note something that did not stop the command; its status becomes ``warn``."""
        log.warning(message)
        self.warnings.append(message)

    def fail(self, message: str) -> None:
        """Note that part of the work could not be done; the command's status becomes ``fail``."""
        log.error(message)
        self.failure = message


@contextmanager
def recording(record: RunRecord) -> Iterator[RunRecord]:
    """Run a command inside its record; it is written also when the command fails.

    Of several processes that are one command (torchrun) the first one's is the record.
    """
    start = time.monotonic()
    try:
        yield record
    except BaseException as error:
        expected = isinstance(error, SpectraMindError | KeyboardInterrupt)
        told = str(error) if isinstance(error, SpectraMindError) else repr(error)
        message = interruption(error) or told
        log.error("%s failed: %s", record.cmd, message, exc_info=not expected)
        # A full disk must not hide what went wrong; nor must torchrun, which ends all after one.
        with suppress(OSError, SpectraMindError), undisturbed():
            _write(record, "fail", message, start)
        raise
    with unwritable_is_told(record.work):
        if record.failure is not None:
            _write(record, "fail", record.failure, start)
        elif record.warnings:
            _write(record, "warn", "; ".join(record.warnings), start)
        else:
            _write(record, "ok", None, start)


def open_log(work: Path, level: str, rotate_bytes: int, backups: int) -> None:
    """Send the package's log to the work folder's rotating file (UTC times), that of the first of
    several processes; the others' to nowhere.

    Raises:
        ConfigError: the work folder cannot be made or written.
        RuntimeRiskError: the disk is full.
    """
    own = _log_file(work, rotate_bytes, backups) if processes().first else logging.NullHandler()
    for old in log.handlers[:]:
        log.removeHandler(old)
        old.close()
    log.addHandler(own)
    log.setLevel(level)
    log.propagate = False


def _log_file(work: Path, rotate_bytes: int, backups: int) -> _LogFile:
    path = (RecordFolder(work).log).absolute()
    with work_folder_is_told(work):
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = _LogFile(
            path,
            maxBytes=rotate_bytes,
            backupCount=backups,
            encoding="utf-8",
            errors="backslashreplace",
        )
    formatter = logging.Formatter("%(asctime)sZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    return handler


def open_log_file() -> Path | None:
    """Where the package's log goes now; None before ``open_log``."""
    files = [h.baseFilename for h in log.handlers if isinstance(h, logging.FileHandler)]
    return Path(files[0]) if files else None


def read_events(work: Path) -> list[dict[str, Any]]:
    """Events of a work folder, oldest first; an unreadable line is left out."""
    path = RecordFolder(work).events
    if not path.is_file():
        return []
    events = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            events.append(json.loads(line))
        except json.JSONDecodeError:
            log.warning("%s holds a line that is not JSON", path)
    return events


def read_manifest(work: Path) -> Manifest:
    """The work folder's manifest; empty when nothing ran there yet."""
    path = RecordFolder(work).manifest
    if not path.is_file():
        return Manifest(commands={})
    return Manifest.model_validate_json(path.read_text(encoding="utf-8"))


def _write(record: RunRecord, status: str, message: str | None, start: float) -> None:
    if not processes().first:
        return
    sha = environment.git_sha()
    env = environment.package_versions() | environment.describe_machine()
    event = Event.model_validate(
        {
            "ts": record.timestamp,
            "run_id": record.run_id,
            "cmd": record.cmd,
            "args": readable(record.args),
            "git_sha": sha,
            "cfg_hash": record.cfg_hash,
            "science_hash": record.science_hash,
            "env": env,
            "seed": record.seed,
            "artifacts": [readable(str(path)) for path in record.artifacts],
            "metrics": record.metrics,
            "duration_ms": round((time.monotonic() - start) * 1000),
            "status": status,
            "message": readable(message),
        }
    )
    record.work.mkdir(parents=True, exist_ok=True)
    append_whole(RecordFolder(record.work).events, event.model_dump_json() + "\n")
    append_whole(RecordFolder(record.work).debug_log, _block(event))
    if status != "fail" and record.cfg_hash is not None and record.seed is not None:
        manifest = read_manifest(record.work)
        manifest.commands[record.cmd] = ManifestEntry(
            ts=event.ts,
            run_id=event.run_id,
            git_sha=sha,
            cfg_hash=record.cfg_hash,
            science_hash=record.science_hash,
            data_hash=environment.tree_digest(record.data_root) if record.data_root else None,
            seed=record.seed,
            env=env,
            artifacts={
                readable(str(path)): environment.file_digest(path)
                for path in record.artifacts
                if path.is_file()
            },
        )
        write_json(RecordFolder(record.work).manifest, manifest.model_dump(mode="json"))


def readable(value: Any) -> Any:
    """Text as UTF-8 can hold it: in an ASCII locale Python hides a path's bytes in surrogates."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if isinstance(value, dict):
        return {key: readable(child) for key, child in value.items()}
    return [readable(child) for child in value] if isinstance(value, list) else value


def _block(event: Event) -> str:
    """The human log's block, in the doctrine's format."""
    env = event.env
    rows = [
        f"### CLI: {event.cmd}",
        f"- ts: {event.ts}",
        f"- sha: {(event.git_sha or 'no checkout')[:7]}",
        f"- cfg_hash: {event.cfg_hash}",
        f"- science_hash: {event.science_hash}",
        f"- host: {env['host']}",
        f"- cuda: {env.get('cuda', 'none')}, torch {env.get('torch', 'not installed')}",
        f"- seed: {event.seed}",
        *(f"- {key}: {value}" for key, value in event.args.items()),
        *(f"- {key}: {value:.6g}" for key, value in event.metrics.items()),
        f"- status: {event.status} after {event.duration_ms / 1000:.1f} s",
    ]
    if event.message:
        rows.append(f'- notes: "{event.message}"')
    return "\n".join(rows) + "\n\n"
