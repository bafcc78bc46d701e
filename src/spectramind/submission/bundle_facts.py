"""What a bundle holds, as plain facts that a policy judges: read leniently, nothing refused."""

import csv
import hashlib
import json
import math
import stat
import zipfile
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from spectramind.errors import SchemaError
from spectramind.instrument.grid import N_BINS
from spectramind.run.npz import UNREADABLE

SUBMISSION_NAME = "submission.csv"
MANIFEST_NAME = "submission_manifest.json"
# A bundle holds some megabytes; more is damage or malice (1,100 planets are 16 MB of CSV).
MOST_BYTES = 1 << 30


class MemberFacts(BaseModel):
    """A member of the zip.

    Attributes:
        name: as it stands there. bytes: unpacked. sha256: of its content.
        plain: a file, neither a link nor a folder.
        objects: an npz that only a pickle could read.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    bytes: int
    sha256: str
    plain: bool
    objects: bool


class RowFacts(BaseModel):
    """A row of the table: its planet, how many values and finite numbers, and their extremes."""

    model_config = ConfigDict(frozen=True)

    planet: str
    values: int
    numbers: int
    least_mu: float | None
    most_mu: float | None
    least_sigma: float | None


class TableFacts(BaseModel):
    """The submission's columns and rows; empty where it is no table."""

    model_config = ConfigDict(frozen=True)

    columns: tuple[str, ...]
    rows: tuple[RowFacts, ...]


class BundleFacts(BaseModel):
    """A policy's input.

    Attributes:
        members: of the zip, in its order.
        manifest: as it stands there; None without one, or where it is no object of JSON.
        table: the submission.
        expected: planets that must be there; None for any.
    """

    model_config = ConfigDict(frozen=True)

    members: tuple[MemberFacts, ...]
    manifest: dict[str, Any] | None
    table: TableFacts
    expected: tuple[str, ...] | None


def bundle_facts(path: Path, expected: Iterable[str] | None = None) -> BundleFacts:
    """Facts of the zip at ``path``.

    Raises:
        SchemaError: it cannot be read as a zip, or would unpack to more than ``MOST_BYTES``.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if sum(member.file_size for member in members) > MOST_BYTES:
                raise SchemaError(f"{path}: unpacks to more than {MOST_BYTES} bytes")
            held = [(member, archive.read(member)) for member in members]
    except UNREADABLE as error:
        raise SchemaError(f"{path} cannot be read as a zip: {error}") from error
    contents = {member.filename: content for member, content in held}
    return BundleFacts(
        members=tuple(_member(member, content) for member, content in held),
        manifest=_object(contents.get(MANIFEST_NAME, b"")),
        table=table_facts(contents.get(SUBMISSION_NAME, b"").decode("utf-8", errors="replace")),
        expected=None if expected is None else tuple(expected),
    )


def is_plain(member: zipfile.ZipInfo) -> bool:
    """Whether a member is a file: neither a folder nor a link or device of a Unix zip."""
    kind = stat.S_IFMT(member.external_attr >> 16)
    return not member.is_dir() and kind in (0, stat.S_IFREG)


def holds_objects(name: str, content: bytes) -> bool:
    """Whether ``content`` is an npz that cannot be read without a pickle, or not at all."""
    if not name.endswith(".npz"):
        return False
    try:
        with np.load(BytesIO(content), allow_pickle=False) as archive:
            for key in archive.files:
                archive[key]
    except UNREADABLE:
        return True
    return False


def table_facts(text: str) -> TableFacts:
    """Columns and rows of the submission's text."""
    try:
        rows = list(csv.reader(text.removeprefix("\ufeff").splitlines(), strict=True))
    except csv.Error:
        rows = []
    head, body = (rows[0], rows[1:]) if rows else ([], [])
    return TableFacts(columns=tuple(head), rows=tuple(_row(row) for row in body))


def _member(member: zipfile.ZipInfo, content: bytes) -> MemberFacts:
    return MemberFacts(
        name=member.filename,
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        plain=is_plain(member),
        objects=holds_objects(member.filename, content),
    )


def _object(content: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _row(row: Sequence[str]) -> RowFacts:
    numbers = [_number(text) for text in row[1:]]
    mu, sigma = numbers[:N_BINS], numbers[N_BINS:]
    known = [[value for value in part if value is not None] for part in (mu, sigma)]
    return RowFacts(
        planet=row[0] if row else "",
        values=len(row),
        numbers=len(known[0]) + len(known[1]),
        least_mu=min(known[0], default=None),
        most_mu=max(known[0], default=None),
        least_sigma=min(known[1], default=None),
    )


def _number(text: str) -> float | None:
    """A finite decimal number; None for anything else (Python reads 1_0, others do not)."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in text else None
