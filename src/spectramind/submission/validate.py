"""Reading a submission table strictly: every violation becomes one clear line."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from spectramind.contracts.spectra import Spectra, name_some
from spectramind.errors import SchemaError
from spectramind.submission.dialects import Dialect, row_model

_UNITS = {"less_than": ", a depth (Rp/Rs)^2 and not percent or ppm"}


@dataclass(frozen=True)
class Submission:
    """A valid submission: its dialect and its spectra, rows in file order."""

    dialect: Dialect
    spectra: Spectra


def _dialect_of(header: Sequence[str]) -> Dialect:
    """The dialect whose column names the header shares most of."""
    return max(Dialect, key=lambda dialect: len(set(header) & set(dialect.columns())))


def _header_violations(header: Sequence[str], dialect: Dialect) -> Iterator[str]:
    wanted = dialect.columns()
    if tuple(header) == wanted:
        return
    if len(header) == 1 and (odd := re.search(r"[;\t|]", header[0])):
        yield f"columns are separated by {odd[0]!r}: write them with commas"
        return
    missing = [column for column in wanted if column not in set(header)]
    unknown = [column for column in header if column not in set(wanted)]
    repeated = [column for column, times in Counter(header).items() if times > 1]
    if len(header) != len(wanted):
        yield f"{len(header)} columns, expected {len(wanted)} ({dialect.value} dialect)"
    for kind, columns in (("missing", missing), ("unknown", unknown), ("repeated", repeated)):
        if columns:
            yield f"{kind} columns: {name_some(columns)}"
    if not missing and not unknown and not repeated:
        got, want = next((g, w) for g, w in zip_longest(header, wanted) if g != w)
        yield f"columns out of order: {got} stands where {want} belongs"


def _row_violations(line: int, row: Sequence[str], dialect: Dialect) -> Iterator[str]:
    columns = dialect.columns()
    if len(row) != len(columns):
        yield f"line {line}: {len(row)} values, expected {len(columns)}"
        return
    try:
        row_model(dialect).model_validate(dict(zip(columns, row, strict=True)))
    except ValidationError as error:
        for problem in error.errors():
            yield (
                f"line {line}, planet {row[0]}: {problem['loc'][0]} is {problem['input']!r}: "
                f"{problem['msg']}{_UNITS.get(problem['type'], '')}"
            )
        return
    # pydantic reads 1_0 as Python does; other readers of the table do not.
    for column, value in zip(columns[1:], row[1:], strict=True):
        if "_" in value:
            yield f"line {line}, planet {row[0]}: {column} is {value!r}: not a decimal number"


def _planet_violations(planets: Sequence[str], expected: Iterable[str] | None) -> Iterator[str]:
    if not planets:
        yield "no planet at all"
    repeated = [planet for planet, times in Counter(planets).items() if times > 1]
    if repeated:
        yield f"planets given twice: {name_some(repeated)}"
    if expected is None:
        return
    wanted = set(expected)
    missing, unknown = sorted(wanted - set(planets)), sorted(set(planets) - wanted)
    if missing:
        yield f"planets missing: {name_some(missing)} ({len(missing)} of {len(wanted)})"
    if unknown:
        yield f"planets that were not asked for: {name_some(unknown)}"


def _rows(text: str) -> list[list[str]]:
    return list(csv.reader(text.removeprefix("\ufeff").splitlines(), strict=True))


def violations(text: str, expected: Iterable[str] | None = None) -> list[str]:
    """Everything that is wrong with a submission's CSV text, a line each; empty when valid.

    Args:
        text: the file's content.
        expected: planets that must be there, no more and no fewer; None accepts any.
    """
    try:
        rows = _rows(text)
    except csv.Error as error:
        return [f"not a CSV table: {error}"]
    if not rows:
        return ["the file is empty"]
    header, body = rows[0], rows[1:]
    dialect = _dialect_of(header)
    found = list(_header_violations(header, dialect))
    if found:  # with the wrong columns every row would be wrong
        return found
    for line, row in enumerate(body, start=2):
        found += _row_violations(line, row, dialect)
    found += _planet_violations([row[0] for row in body if row], expected)
    return found


def parse_submission(text: str, source: str, expected: Iterable[str] | None = None) -> Submission:
    """Check CSV text and turn it into spectra.

    Args:
        text: the content.
        source: what the error calls it.
        expected: as in ``violations``.

    Raises:
        SchemaError: the first violation, and how many others there are.
    """
    found = violations(text, expected)
    if found:
        others = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise SchemaError(f"{source}: {found[0]}{others}")
    header, *body = _rows(text)
    dialect = _dialect_of(header)
    values = np.array([[float(value) for value in row[1:]] for row in body])
    mu, sigma = np.split(values, 2, axis=1)
    return Submission(dialect, Spectra(tuple(row[0] for row in body), mu, sigma))


def _read_text(path: Path) -> str:
    if not path.is_file():
        raise SchemaError(f"{path} is missing: run `spectramind predict` first")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SchemaError(f"{path} is not UTF-8 text: {error}") from error


def validate_submission(path: Path, expected: Iterable[str] | None = None) -> Submission:
    """Read and check a submission file.

    Args:
        path: the CSV.
        expected: planets that must be there, no more and no fewer; None accepts any.

    Raises:
        SchemaError: the file is missing, or the first violation and how many others there are.
    """
    return parse_submission(_read_text(path), str(path), expected)
