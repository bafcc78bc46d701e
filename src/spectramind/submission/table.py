"""Writing a submission table."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from spectramind.contracts.spectra import Spectra
from spectramind.errors import SchemaError
from spectramind.run.atomic import write_text
from spectramind.submission.dialects import Dialect
from spectramind.submission.validate import parse_submission


def submission_text(spectra: Spectra, dialect: Dialect) -> str:
    """The CSV text: nine significant digits, more than float32 holds.

    Raises:
        SchemaError: a negative mu, which the official metric refuses.
    """
    negative = spectra.mu < 0
    if negative.any():
        planet, bin_ = np.argwhere(negative)[0]
        raise SchemaError(
            f"submission: mu of planet {spectra.planet_ids[planet]}, bin {bin_} is "
            f"{spectra.mu[planet, bin_]:.6g} ({int(negative.sum())} such values): depths must not "
            "be below 0, the official metric refuses them"
        )
    values = np.concatenate([spectra.mu, spectra.sigma], axis=1)
    rows = (
        ",".join([planet, *(f"{value:.9g}" for value in row)])
        for planet, row in zip(spectra.planet_ids, values.tolist(), strict=True)
    )
    return "\n".join([",".join(dialect.columns()), *rows]) + "\n"


def write_submission(
    path: Path, spectra: Spectra, dialect: Dialect, expected: Iterable[str] | None = None
) -> None:
    """Write a submission atomically once it is found valid; one that is refused leaves no file.

    Args:
        path: the CSV.
        spectra: a row a planet; dialect: how the columns are called.
        expected: planets that must be there, no more and no fewer; None accepts any.

    Raises:
        SchemaError: as ``submission_text`` and ``parse_submission``.
    """
    text = submission_text(spectra, dialect)
    parse_submission(text, f"submission (not written to {path})", expected)
    write_text(path, text)
