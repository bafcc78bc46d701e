"""The violation log over all planets: a row an entry, the predictions beside the true spectra."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spectramind.symbolic.violation_log import (
    PlanetViolations,
    Severity,
    SpectrumViolations,
    ViolationLog,
)


@dataclass(frozen=True, eq=False)
class ViolationRow:
    """One entry of the log over all planets.

    Attributes:
        entry: such as ``smoothness`` or ``ratios.ch4_h2o``.
        counts: planets of each severity.
        worst: a planet of the worst severity, None where all are ok.
        truth_counts: the same of the true spectra; empty where none is known.
    """

    entry: str
    counts: dict[Severity, int]
    worst: str | None
    truth_counts: dict[Severity, int]


def violation_table(log: ViolationLog) -> list[ViolationRow]:
    """A row an entry, in the log's order; empty without planets."""
    told = [statuses(planet) for planet in log.planets]
    true = [statuses(planet.truth) for planet in log.planets if planet.truth is not None]
    return [_row(entry, log.planets, told, true) for entry in told[0]] if told else []


def entries(found: SpectrumViolations) -> dict[str, Mapping[str, Any]]:
    """The facts of each entry; those within another by ``outer.inner``."""
    flat: dict[str, Mapping[str, Any]] = {}
    for entry, told in found.violations.items():
        inner = {f"{entry}.{name}": value for name, value in told.items()}
        flat |= {entry: told} if "status" in told else inner
    return flat


def statuses(found: SpectrumViolations) -> dict[str, Severity]:
    """The status of each entry."""
    return {entry: Severity(told["status"]) for entry, told in entries(found).items()}


def _row(
    entry: str,
    planets: Sequence[PlanetViolations],
    told: Sequence[dict[str, Severity]],
    true: Sequence[dict[str, Severity]],
) -> ViolationRow:
    found = [status[entry] for status in told]
    worst = Severity.worst(found)
    named = None if worst == Severity.OK else planets[found.index(worst)].planet_id
    of_truth = [status[entry] for status in true if entry in status]
    return ViolationRow(entry, _counts(found), named, _counts(of_truth) if of_truth else {})


def _counts(found: Sequence[Severity]) -> dict[Severity, int]:
    return {severity: list(found).count(severity) for severity in Severity}
