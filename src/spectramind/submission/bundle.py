"""The zip that is handed in: submission, manifest, calibrators, score; always the same bytes."""

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from spectramind.errors import SchemaError, first_fault
from spectramind.run.atomic import atomic_path
from spectramind.submission.validate import parse_submission, validate_submission

SUBMISSION_NAME = "submission.csv"
MANIFEST_NAME = "submission_manifest.json"
# A bundle holds some megabytes; more is damage or malice (1,100 planets are 16 MB of CSV).
MOST_BYTES = 1 << 30
_EPOCH = (1980, 1, 1, 0, 0, 0)


class BundleManifest(BaseModel):
    """``submission_manifest.json``.

    Attributes:
        time: when the submission was made, ISO 8601 UTC.
        git_sha, config_hash: what made it.
        calibration: tau, alpha, planets used and the like.
        toolchain: versions by name.
        files: SHA-256 of every other member of the zip, by name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    time: str
    git_sha: str
    config_hash: str
    calibration: dict[str, Any]
    toolchain: dict[str, str]
    files: dict[str, str]


def _parse_manifest(value: Any, source: str) -> BundleManifest:
    try:
        return BundleManifest.model_validate(value)
    except ValidationError as error:
        raise SchemaError(f"{source}: {first_fault(error, 'manifest')}") from error


def _check_name(name: str, source: str) -> None:
    """Refuse member names that would be unpacked outside the target folder."""
    parts = PurePosixPath(name).parts
    if not name or name.startswith("/") or ".." in parts or "\\" in name or ":" in name:
        raise SchemaError(f"{source}: unsafe member name {name!r}")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    # Fixed time, system and mode: the same files give the same zip.
    member = zipfile.ZipInfo(name, date_time=_EPOCH)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.create_system = 3
    member.external_attr = 0o100644 << 16
    archive.writestr(member, content)


def write_bundle(
    target: Path,
    submission: Path,
    manifest: Mapping[str, Any],
    extras: Mapping[str, Path],
    expected: Iterable[str] | None = None,
) -> BundleManifest:
    """Validate a submission and zip it with its manifest and the files that explain it.

    Args:
        target: the zip, written atomically.
        submission: the CSV, in either dialect.
        manifest: time, git_sha, config_hash, calibration, toolchain (see ``BundleManifest``).
        extras: member name -> file (calibrators, score.json); each must exist.
        expected: planets the submission must hold; None accepts any.

    Raises:
        SchemaError: the submission is invalid, an extra is missing, a member name is unsafe, the
            manifest lacks something.
    """
    validate_submission(submission, expected)
    members = {SUBMISSION_NAME: submission, **extras}
    if len(members) != len(extras) + 1 or MANIFEST_NAME in members:
        raise SchemaError(f"bundle: extras must not be called {SUBMISSION_NAME}, {MANIFEST_NAME}")
    for name, path in members.items():
        _check_name(name, "bundle")
        if not path.is_file():
            raise SchemaError(f"bundle: {path} is missing, wanted as {name}")
    contents = {name: members[name].read_bytes() for name in sorted(members)}
    files = {name: _digest(content) for name, content in contents.items()}
    checked = _parse_manifest({**manifest, "files": files}, "bundle manifest")
    with atomic_path(target) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        text = json.dumps(checked.model_dump(), indent=2, sort_keys=True, ensure_ascii=False)
        _add(archive, MANIFEST_NAME, text.encode() + b"\n")
        for name, content in contents.items():
            _add(archive, name, content)
    return checked


def _read_members(path: Path) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            names = [member.filename for member in members]
            for name in names:
                _check_name(name, str(path))
            if len(set(names)) != len(names):
                raise SchemaError(f"{path}: a member name stands there twice")
            if sum(member.file_size for member in members) > MOST_BYTES:
                raise SchemaError(f"{path}: unpacks to more than {MOST_BYTES} bytes")
            return {name: archive.read(name) for name in names}
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError) as error:
        raise SchemaError(f"{path} cannot be read as a zip: {error}") from error


def verify_bundle(path: Path, expected: Iterable[str] | None = None) -> BundleManifest:
    """Check a bundle without unpacking it: names, digests, manifest, and the submission in it.

    Args:
        path: the zip.
        expected: planets the submission must hold; None accepts any.

    Raises:
        SchemaError: anything is missing, unsafe, altered or invalid.
    """
    contents = _read_members(path)
    try:
        manifest = _parse_manifest(json.loads(contents.pop(MANIFEST_NAME)), str(path))
    except KeyError as error:
        raise SchemaError(f"{path}: {MANIFEST_NAME} is missing") from error
    except ValueError as error:
        raise SchemaError(f"{path}: {MANIFEST_NAME} is not JSON: {error}") from error
    if set(contents) != set(manifest.files) or SUBMISSION_NAME not in contents:
        raise SchemaError(
            f"{path}: holds {sorted(contents)}, its manifest names {sorted(manifest.files)}"
        )
    for name, content in contents.items():
        if _digest(content) != manifest.files[name]:
            raise SchemaError(f"{path}: {name} does not have the digest its manifest gives")
    text = contents[SUBMISSION_NAME].decode("utf-8", errors="replace")
    parse_submission(text, f"{path}: {SUBMISSION_NAME}", expected)
    return manifest
