"""What made a submission: written beside it by ``predict``, read by ``submit bundle``."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from spectramind.errors import SchemaError, first_fault
from spectramind.run.atomic import write_json
from spectramind.run.environment import file_digest
from spectramind.submission.dialects import Dialect


class AppliedCorel(BaseModel):
    """COREL as it was applied."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    alpha: float
    n_planets: int


class AppliedDriftQuantity(BaseModel):
    """A quantity that differs: its name, familywise p, and how its median does, in words."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    p: float
    how: str


class AppliedDrift(BaseModel):
    """How the planets compare with those that calibration saw.

    Attributes:
        alarm: no promise of sigma or intervals holds.
        p: familywise; level: below which it alarms; together: p of all quantities at once.
        n_seen, n_new: planets compared.
        quantities: those that differ, the worst first.
        told: the same in one line.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    alarm: bool
    p: float
    level: float
    together: float
    n_seen: int
    n_new: int
    quantities: tuple[AppliedDriftQuantity, ...]
    told: str


class Applied(BaseModel):
    """Digests (SHA-256) of what was read and written, and the calibrators that were applied.

    Attributes:
        submission: of the table; prediction: of the spectra it was written from.
        checkpoint: of the artifact that predicted.
        temperature: tau, None where none was applied; corel: likewise.
        instance: the set's own factor on sigma, None where none was applied.
        drift: None where the planets were not compared.
        raw: by estimator, of the uncalibrated predictions; empty in files of older versions.
        dialect: of the table; None in files of older versions.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    submission: str
    prediction: str
    checkpoint: str
    temperature: float | None
    corel: AppliedCorel | None
    instance: float | None = None
    drift: AppliedDrift | None = None
    raw: dict[str, str] = {}
    dialect: Dialect | None = None

    def save(self, path: Path) -> None:
        """Write it as JSON, atomically."""
        write_json(path, self.model_dump(mode="json"))

    @classmethod
    def of(cls, submission: Path, path: Path) -> "Applied":
        """The record at ``path`` of the table ``submission``.

        Raises:
            SchemaError: there is none, it is broken, or the table is not the one it tells of.
        """
        again = "run `spectramind predict` again"
        if not path.is_file():
            raise SchemaError(f"{path} is missing, so nothing says what made {submission}: {again}")
        try:
            applied = cls.model_validate_json(path.read_text(encoding="utf-8", errors="replace"))
        except ValidationError as error:
            raise SchemaError(f"{path}: {first_fault(error)}; {again}") from error
        if submission.is_file() and file_digest(submission) != applied.submission:
            raise SchemaError(
                f"{submission} is not the table that predict wrote (its digest differs from the "
                f"one in {path}): {again}"
            )
        return applied
