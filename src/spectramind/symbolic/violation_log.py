"""What the auditor leaves: ``constraint_violation_log.json`` (seeds' doctrine, section 14)."""

from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from spectramind.config.auditing import SeverityBand
from spectramind.errors import SchemaError


class Severity(StrEnum):
    """How bad, in order."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"

    @classmethod
    def of(cls, score: float, band: SeverityBand) -> "Severity":
        """Where a penalty lies."""
        if score > band.fail:
            return cls.FAIL
        return cls.WARN if score > band.warn else cls.OK

    @classmethod
    def worst(cls, found: list["Severity"]) -> "Severity":
        """The worst of some; ok where there is none."""
        order = list(cls)
        return max(found, key=order.index, default=cls.OK)


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Stranger(_Record):
    """How far a planet's spectrum is from the known ones.

    Attributes:
        distance: Mahalanobis distance.
        chance: that a known one lies as far.
        alarm: that chance is below ``audit.strangers.level``.
    """

    distance: float
    chance: float
    alarm: bool


class SpectrumViolations(_Record):
    """What the rules say of one spectrum.

    Attributes:
        violations: by entry (``smoothness``, ``coherence:H2O``, ``ratios``); each holds its facts
            and its ``status``, ``ratios`` one such for each pair.
        severity: the worst status.
    """

    violations: dict[str, dict[str, Any]]
    severity: Severity


class PlanetViolations(SpectrumViolations):
    """A planet's predicted spectrum.

    Attributes:
        planet_id: whose.
        dominant_rules: by region (FGS1, a molecule's windows, continuum) the rule that pushes most:
            the largest sum of ``|lambda dL/dmu|``; null where none pushes.
        out_of_distribution: null where it could not be judged.
        truth: the same rules on its true spectrum, null where that is not known. A rule that fails
            it is at fault, not the prediction.
    """

    planet_id: str
    dominant_rules: dict[str, str | None]
    out_of_distribution: Stranger | None
    truth: SpectrumViolations | None


class ViolationLog(_Record):
    """The file.

    Attributes:
        prediction: digest (SHA-256) of the spectra that were judged.
        cfg_hash: of the settings.
        weights: lambda of each rule; bands: what counts as a violation of it.
        strangers: what out-of-distribution means here, or why none was looked for.
        planets: one each, in the order of the prediction.
    """

    prediction: str
    cfg_hash: str
    weights: dict[str, float]
    bands: dict[str, SeverityBand]
    strangers: str
    planets: tuple[PlanetViolations, ...]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the file.

        Raises:
            SchemaError: it is missing, or not what ``audit`` writes.
        """
        try:
            return cls.model_validate_json(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:  # pydantic's own errors are ValueErrors
            reason = str(error).splitlines()[0]
            raise SchemaError(
                f"{path} is not what audit writes ({reason}): run `spectramind audit` again"
            ) from error
