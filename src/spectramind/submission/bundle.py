"""The zip that is handed in: submission, manifest, calibrators, score; always the same bytes."""

import hashlib
import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from spectramind.errors import SchemaError, first_fault
from spectramind.run.atomic import atomic_path
from spectramind.run.npz import UNREADABLE
from spectramind.submission.bundle_facts import (
    MANIFEST_NAME,
    MOST_BYTES,
    SUBMISSION_NAME,
    bundle_facts,
    holds_objects,
    is_plain,
)
from spectramind.submission.rego_policy import held_to_policies
from spectramind.submission.validate import parse_submission, validate_submission

_EPOCH = (1980, 1, 1, 0, 0, 0)
# Tables, JSON and arrays: nothing that anyone would run.
_KINDS = (".csv", ".json", ".npz")
# What must be in the zip where the manifest says that it was applied.
_CALIBRATORS = {"temperature": "temperature.json", "corel": "corel.npz"}

_Time = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)$"
_Commit = r"^([0-9a-f]{7,64}|not a checkout)$"


class BundleManifest(BaseModel):
    """``submission_manifest.json``. The same rules stand in ``policies/bundle.rego``.

    Attributes:
        time: when the submission was made, ISO 8601 UTC.
        git_sha, config_hash: what made it.
        calibration: tau, alpha, planets used and the like.
        toolchain: versions by name.
        files: SHA-256 of every other member of the zip, by name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    time: Annotated[str, Field(pattern=_Time)]
    git_sha: Annotated[str, Field(pattern=_Commit)]
    config_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{8}$")]
    calibration: dict[str, Any]
    toolchain: dict[str, str]
    files: dict[str, str]


@dataclass(frozen=True)
class CheckedBundle:
    """A bundle that keeps its contract.

    Attributes:
        manifest: what it says of itself.
        judged: who held it to the policies, in words.
    """

    manifest: BundleManifest
    judged: str


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


def _check_members(path: Path, contents: Mapping[str, bytes], manifest: BundleManifest) -> None:
    """Refuse what nobody needs in a bundle, and one that lacks what was applied."""
    for name, content in contents.items():
        if not name.endswith(_KINDS):
            raise SchemaError(f"{path}: {name} is none of {', '.join(_KINDS)}: leave it out")
        if holds_objects(name, content):
            raise SchemaError(f"{path}: {name} cannot be read without a pickle: write plain arrays")
    for what, name in _CALIBRATORS.items():
        held = {PurePosixPath(member).name for member in contents}
        if manifest.calibration.get(what) is not None and name not in held:
            raise SchemaError(
                f"{path}: its manifest says {what} was applied, but {name} is missing"
            )


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
) -> CheckedBundle:
    """Validate a submission and zip it with its manifest and the files that explain it.

    Args:
        target: the zip, written atomically.
        submission: the CSV, in either dialect.
        manifest: time, git_sha, config_hash, calibration, toolchain (see ``BundleManifest``).
        extras: member name -> file (calibrators, score.json); each must exist.
        expected: planets the submission must hold; None accepts any.

    Raises:
        SchemaError: the submission is invalid, an extra is missing, a member name is unsafe, the
            manifest lacks something, or the policies deny it; then no zip is left.
    """
    wanted = None if expected is None else tuple(expected)
    validate_submission(submission, wanted)
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
    _check_members(target, contents, checked)
    with atomic_path(target) as temporary:
        with zipfile.ZipFile(temporary, "w") as archive:
            text = json.dumps(checked.model_dump(), indent=2, sort_keys=True, ensure_ascii=False)
            _add(archive, MANIFEST_NAME, text.encode() + b"\n")
            for name, content in contents.items():
                _add(archive, name, content)
        judged = held_to_policies(bundle_facts(temporary, wanted), str(target))
    return CheckedBundle(checked, judged)


def _read_members(path: Path) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            names = [member.filename for member in members]
            for name in names:
                _check_name(name, str(path))
            if len(set(names)) != len(names):
                raise SchemaError(f"{path}: a member name stands there twice")
            if odd := [member.filename for member in members if not is_plain(member)]:
                raise SchemaError(f"{path}: {odd[0]!r} is no plain file (a link or a folder)")
            if sum(member.file_size for member in members) > MOST_BYTES:
                raise SchemaError(f"{path}: unpacks to more than {MOST_BYTES} bytes")
            return {name: archive.read(name) for name in names}
    except UNREADABLE as error:
        raise SchemaError(f"{path} cannot be read as a zip: {error}") from error


def verify_bundle(path: Path, expected: Iterable[str] | None = None) -> BundleManifest:
    """The manifest of a bundle that ``check_bundle`` finds sound."""
    return check_bundle(path, expected).manifest


def check_bundle(path: Path, expected: Iterable[str] | None = None) -> CheckedBundle:
    """Check a bundle without unpacking it: names, digests, manifest, and the submission in it.

    Args:
        path: the zip.
        expected: planets the submission must hold; None accepts any.

    Raises:
        SchemaError: anything is missing, unsafe, altered or invalid, or the policies deny it.
    """
    wanted = None if expected is None else tuple(expected)
    contents = _read_members(path)
    try:
        manifest = _parse_manifest(json.loads(contents.pop(MANIFEST_NAME)), str(path))
    except KeyError as error:
        raise SchemaError(f"{path}: {MANIFEST_NAME} is missing") from error
    except (ValueError, RecursionError) as error:
        raise SchemaError(f"{path}: {MANIFEST_NAME} is not JSON: {error}") from error
    if set(contents) != set(manifest.files) or SUBMISSION_NAME not in contents:
        raise SchemaError(
            f"{path}: holds {sorted(contents)}, its manifest names {sorted(manifest.files)}"
        )
    for name, content in contents.items():
        if _digest(content) != manifest.files[name]:
            raise SchemaError(f"{path}: {name} does not have the digest its manifest gives")
    text = contents[SUBMISSION_NAME].decode("utf-8", errors="replace")
    parse_submission(text, f"{path}: {SUBMISSION_NAME}", wanted)
    _check_members(path, contents, manifest)
    return CheckedBundle(manifest, held_to_policies(bundle_facts(path, wanted), str(path)))
