"""audit: the symbolic rules on what predict found, planet by planet, and an alarm for strangers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table

from spectramind.config.root import Config
from spectramind.contracts.predictive import SUBMITTED, Predictive
from spectramind.contracts.spectra import SPECTRUM_COLUMNS, name_some
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.tables import read_truth
from spectramind.errors import SchemaError
from spectramind.instrument.grid import bin_wavelengths
from spectramind.pipeline.result import Result
from spectramind.prior.atmospheres import atmosphere_spectra
from spectramind.run.atomic import write_json, write_npz
from spectramind.run.environment import file_digest
from spectramind.run.record import RunRecord
from spectramind.submission.standard.published import PublishedSpectra
from spectramind.submission.standard.spectra_reader import ReadSpectra, read_spectra
from spectramind.symbolic.auditor import Auditor, dominant_rules, titles
from spectramind.symbolic.familiarity import FamiliarSpectra
from spectramind.symbolic.violation_log import (
    PlanetViolations,
    Severity,
    SpectrumViolations,
    Stranger,
    ViolationLog,
)
from spectramind.symbolic.violation_table import ViolationRow, violation_table

Array = NDArray[np.float64]
_ATMOSPHERES = 500


@dataclass(frozen=True, eq=False)
class Auditing(Result):
    """What audit found.

    Attributes:
        log: the violation log, as written.
        influence: by rule, (n, 283): lambda times the slope of its penalty over mu.
        file, maps: where log and influence maps lie.
        set_alarm: more planets are strangers than ``audit.strangers.alarm_share`` allows.
        told: what became of a file of someone's spectra.
    """

    log: ViolationLog
    influence: dict[str, Array]
    file: Path
    maps: Path
    set_alarm: bool
    told: tuple[str, ...] = ()

    @property
    def table(self) -> list[ViolationRow]:
        """The violation table, a row an entry."""
        return violation_table(self.log)

    @property
    def strangers(self) -> list[str]:
        """Planets whose spectrum is unlike the known ones."""
        return [
            planet.planet_id
            for planet in self.log.planets
            if planet.out_of_distribution is not None and planet.out_of_distribution.alarm
        ]

    def remarks(self) -> list[str]:
        """What a reader should not miss."""
        lines = [
            f"{row.entry} fails {row.truth_counts[Severity.FAIL]} true spectra too: its setting "
            "is at fault there, not the prediction"
            for row in self.table
            if row.truth_counts.get(Severity.FAIL)
        ]
        strangers, n = self.strangers, len(self.log.planets)
        told = f": {name_some(strangers)}" if strangers else ""
        lines.append(
            f"{len(strangers)} of {n} planets are strangers{told} ({self.log.strangers})"
            if any(planet.out_of_distribution for planet in self.log.planets)
            else f"strangers were {self.log.strangers}"
        )
        if self.set_alarm:
            lines.append(
                "ALARM: so many strangers say that these planets are not of the kind learnt from: "
                "distrust sigma, train with model.prior.source=atmosphere or on their like"
            )
        return lines

    def report(self) -> list[RenderableType]:
        return [
            _rendered(self.table),
            *self.remarks(),
            *self.told,
            f"details: {self.file}; influence maps: {self.maps}",
        ]


def audit(config: Config, record: RunRecord) -> Auditing:
    """Judge the submitted estimate of the test planets, or the spectra of ``paths.spectra``, by
    every rule.

    Raises:
        SchemaError: predict has not run, that file holds no valid spectra, or the truth is not what
            its contract says.
        ConfigError: a rule without a severity band, or a band without a rule.
    """
    folder, spectra = WorkFolder(config.paths), config.paths.spectra
    if spectra is None:
        judged, audited = folder.prediction(SUBMITTED), folder.audit
        read = ReadSpectra(PublishedSpectra(Predictive.load(judged)))
    else:
        judged, audited = spectra, folder.judged_audit(spectra)
        read = read_spectra(spectra)
    found = read.published.found
    mu = found.spectra.mu
    half_width = None if found.intervals is None else found.intervals.half_width
    auditor = Auditor(config.loss, config.audit.bands)
    strangers, meaning = _strangers(config, record, mu)
    influence = auditor.influence(mu)
    log = ViolationLog(
        prediction=file_digest(judged),
        cfg_hash=config.hash,
        weights=auditor.pack.weights,
        bands=auditor.bands,
        strangers=meaning,
        planets=_planets(
            found.planet_ids,
            auditor.judge(mu, half_width),
            dominant_rules(influence, titles()),
            strangers,
            _truths(config, auditor, found.planet_ids),
        ),
    )
    write_json(audited.violations, log.model_dump(mode="json"))
    write_npz(
        audited.influence,
        planet_id=np.array(found.planet_ids, dtype=np.str_),
        wavelength_um=bin_wavelengths(),
        total=sum(influence.values(), np.zeros_like(mu)),
        **influence,
    )
    share = sum(s is not None and s.alarm for s in strangers) / max(len(strangers), 1)
    result = Auditing(
        log,
        influence,
        audited.violations,
        audited.influence,
        share > config.audit.strangers.alarm_share,
        read.remarks,
    )
    _note(record, result)
    return result


def _note(record: RunRecord, result: Auditing) -> None:
    record.artifact(result.file)
    record.artifact(result.maps)
    planets = result.log.planets
    record.metrics |= {
        f"planets_{severity}": sum(planet.severity == severity for planet in planets)
        for severity in Severity
    }
    record.metrics |= {"strangers": len(result.strangers)}
    if result.set_alarm:
        record.warn(f"{len(result.strangers)} of {len(planets)} planets are out of distribution")


def _strangers(
    config: Config, record: RunRecord, mu: Array
) -> tuple[Sequence[Stranger | None], str]:
    """Each planet's distance to the known spectra, and in words what these are."""
    settings = config.audit.strangers
    try:
        known, words = _known_spectra(config)
        familiar = FamiliarSpectra.of(known, settings.modes, settings.floor)
    except SchemaError as error:
        record.warn(f"strangers were not looked for: {error}")
        return [None] * len(mu), f"not looked for: {error}"
    distance = familiar.distance(mu)
    chance = familiar.chance(distance)
    found = [
        Stranger(distance=d, chance=p, alarm=p < settings.level)
        for d, p in zip(distance.tolist(), chance.tolist(), strict=True)
    ]
    return found, f"chance below {settings.level:g} among {len(known)} {words}"


def _known_spectra(config: Config) -> tuple[Array, str]:
    """The familiar spectra, and what they are.

    Raises:
        SchemaError: the tree has no labels.
    """
    if config.audit.strangers.reference == "atmospheres":
        return atmosphere_spectra(_ATMOSPHERES), "random atmospheres"
    labels = read_truth(config.data.raw / "train.csv")
    return labels[list(SPECTRUM_COLUMNS)].to_numpy(dtype=np.float64), "labels"


def _truths(
    config: Config, auditor: Auditor, ids: Sequence[str]
) -> Sequence[SpectrumViolations | None]:
    """What the rules say of the true spectra, None where one is not known."""
    if not config.paths.truth.is_file():
        return [None] * len(ids)
    table = read_truth(config.paths.truth).reindex(list(ids))
    truth = table[list(SPECTRUM_COLUMNS)].to_numpy(dtype=np.float64)
    known = np.isfinite(truth).all(axis=1)
    told = iter(auditor.judge(truth[known]))
    return [next(told) if there else None for there in known]


def _planets(
    ids: Sequence[str],
    judged: Sequence[SpectrumViolations],
    dominant: Sequence[dict[str, str | None]],
    strangers: Sequence[Stranger | None],
    truths: Sequence[SpectrumViolations | None],
) -> tuple[PlanetViolations, ...]:
    rows = zip(ids, judged, dominant, strangers, truths, strict=True)
    return tuple(
        PlanetViolations(
            planet_id=planet_id,
            violations=found.violations,
            severity=found.severity,
            dominant_rules=rules,
            out_of_distribution=stranger,
            truth=truth,
        )
        for planet_id, found, rules, stranger, truth in rows
    )


def _rendered(rows: Sequence[ViolationRow]) -> Table:
    table = Table(title="violations: planets", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("rule", no_wrap=True)
    for name in ("ok", "warn", "fail", "such as", "of truths\nwarn", "\nfail"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        true = row.truth_counts
        table.add_row(
            row.entry,
            *(str(row.counts[severity]) for severity in Severity),
            row.worst or "-",
            *(str(true[severity]) if true else "-" for severity in list(Severity)[1:]),
        )
    return table
