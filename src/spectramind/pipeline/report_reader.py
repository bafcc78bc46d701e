"""Reading what the runs left, for the report page and for mission control; nothing is written.

What only some readers need is imported where it is read: torch takes seconds.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from spectramind.config.root import Config
from spectramind.contracts.predictive import SUBMITTED, Predictive
from spectramind.contracts.spectra import SPECTRUM_COLUMNS, Spectra
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.tables import read_truth
from spectramind.dataset.tree import KaggleTree, Visit
from spectramind.diagnostics.panel import Values
from spectramind.diagnostics.report_data import PlanetTraits, ReportData
from spectramind.diagnostics.topics import TOPIC
from spectramind.errors import SchemaError, SpectraMindError
from spectramind.instrument.grid import N_BINS, bin_wavelengths
from spectramind.physics.line_list import Lines, read_par
from spectramind.pipeline.fit_reader import FitReader
from spectramind.pipeline.planets import naive_of
from spectramind.pipeline.report_calibration import calibration_logs
from spectramind.pipeline.report_light_curves import doubted_visits, light_curves
from spectramind.pipeline.report_planets import all_estimates, planet_traits, repeat_visits
from spectramind.pipeline.report_retrieval import read_recovery, retrieved_planets
from spectramind.pipeline.report_rules import audit_findings, corel_table
from spectramind.pipeline.report_scores import summaries_of
from spectramind.pipeline.topic_makers import MAKERS, kept
from spectramind.pipeline.visits import visits_by_planet
from spectramind.run.record import read_events

if TYPE_CHECKING:
    from spectramind.estimators.artifact import Artifact

T = TypeVar("T")
TITLE = "SpectraMind V50 report"
_NO_LABELS = "the checkpoint was made without labels (model.prior.source=atmosphere)"
_NOTHING = Predictive(Spectra((), np.empty((0, N_BINS)), np.empty((0, N_BINS))))


@dataclass
class Problems:
    """Why parts of the report are empty.

    Attributes:
        warn: is told of what is broken, not only missing.
    """

    warn: Callable[[str], None]
    by_field: dict[str, str] = field(default_factory=dict)

    def note(self, name: str, reason: str) -> None:
        self.by_field[name] = reason

    def note_first(self, name: str, reason: str) -> None:
        """Note a reason where there is none yet."""
        self.by_field.setdefault(name, reason)

    def read(self, name: str, path: Path, load: Callable[[], T | None]) -> T | None:
        """What ``load`` gives; None, and the reason noted, where the file at ``path`` is broken."""
        if not path.exists():
            return None
        try:
            return load()
        except SpectraMindError as error:
            self.note(name, str(error))
            self.warn(str(error))
            return None


def read_report(
    config: Config, problems: Problems, stored: Mapping[str, Values], provenance: Mapping[str, str]
) -> ReportData:
    """What the chain left of the test planets, and why parts of it are not there.

    Args:
        problems: takes these reasons. stored: what topics' computations left. provenance: to show.
    """
    from spectramind.estimators.artifact import Artifact
    from spectramind.pipeline.fit_calibrators import load_calibrators
    from spectramind.pipeline.report_runs import run_history

    base = read_planets(config, problems, stored, provenance)
    ids, raw, checkpoint = base.planet_ids, config.data.raw, config.paths.checkpoint
    trained = problems.read("history", checkpoint, lambda: Artifact.load(checkpoint))
    corel = problems.read(
        "corel", config.paths.corel, lambda: load_calibrators(config, SUBMITTED).corel
    )
    if not config.calib.corel.enabled:
        problems.note("corel", "switched off by calib.corel.enabled=false")
    if trained is not None and not trained.history:
        for name in ("history", *(["corel"] if corel is None else [])):
            problems.note_first(name, _NO_LABELS)
    visits = problems.read("light_curves", raw, lambda: visits_by_planet(KaggleTree(raw), "test"))
    visits = visits or {}
    if not visits and "light_curves" in problems.by_field:
        problems.note("calibration", problems.by_field["light_curves"])
    fits = FitReader(WorkFolder(config.paths).features)
    return replace(
        base,
        light_curves=light_curves(config, ids, visits, fits, problems.note_first),
        history=None if trained is None else trained.history,
        baseline=_baseline(trained),
        chosen_epoch=None if trained is None else trained.epoch,
        summaries=problems.read("summaries", config.paths.score, lambda: summaries_of(config)),
        corel=None if corel is None else corel_table(corel),
        traits=planet_traits(config, ids, visits, fits, problems.note),
        repeats=repeat_visits(config, problems.note),
        doubted=doubted_visits(ids, visits, fits),
        estimates=all_estimates(config, ids, problems.note),
        events=read_events(config.paths.work),
        calibration=calibration_logs(config, visits),
        runs=run_history(config, trained, problems.read),
        retrieved=retrieved_planets(config, ids, problems.note),
        recovery=problems.read(
            "recovery",
            WorkFolder(config.paths).retrieval.recovery,
            lambda: read_recovery(config),
        ),
        problems=problems.by_field,
    )


def read_planets(
    config: Config, problems: Problems, stored: Mapping[str, Values], provenance: Mapping[str, str]
) -> ReportData:
    """Spectra, truth and rules of all planets predicted, without what lies in files of visits."""
    folder = WorkFolder(config.paths)
    predicted = folder.prediction(SUBMITTED)
    found = problems.read("mu", predicted, lambda: Predictive.load(predicted)) or _NOTHING
    spectra, intervals, ids = found.spectra, found.intervals, found.planet_ids
    return ReportData(
        title=TITLE,
        provenance=provenance,
        wavelength_um=bin_wavelengths(),
        planet_ids=ids,
        mu=spectra.mu,
        sigma=spectra.sigma,
        truth=problems.read("truth", config.paths.truth, lambda: _truth(config, ids)),
        naive=problems.read("naive", config.data.raw / "train.csv", lambda: naive_of(config)),
        half_width=None if intervals is None else intervals.half_width,
        coverage_level=None if intervals is None else intervals.level,
        rules=problems.read("rules", folder.audit.violations, lambda: audit_findings(config)),
        lines=_lines(config, problems),
        stored=stored,
        problems=problems.by_field,
    )


def with_planet(data: ReportData, config: Config, row: int, visits: Sequence[Visit]) -> ReportData:
    """The same with what lies in the files of one planet's visits.

    Args:
        data: of ``read_planets``. row: of the planet. visits: its.
    """
    planet_id = data.planet_ids[row]
    problems = Problems(lambda _: None, dict(data.problems))
    here, fits = {planet_id: list(visits)}, FitReader(WorkFolder(config.paths).features)
    curves = light_curves(config, [planet_id], here, fits, problems.note)
    own = planet_traits(config, [planet_id], here, fits, problems.note)
    return replace(
        data,
        light_curves=curves,
        traits=None if own is None else _alone(own, row, len(data.planet_ids)),
        calibration=calibration_logs(config, here),
        retrieved=retrieved_planets(config, [planet_id], problems.note),
        problems=problems.by_field,
    )


def _alone(own: PlanetTraits, row: int, count: int) -> PlanetTraits:
    """One planet's traits among others that are not known."""

    def among(value: np.floating) -> NDArray[np.float64]:
        values = np.full(count, np.nan)
        values[row] = value
        return values

    doubt = tuple(own.doubt[0] if one == row else "" for one in range(count))
    return PlanetTraits(among(own.flux[0]), among(own.star_k[0]), among(own.impact[0]), doubt)


def kept_topics(
    config: Config, problems: Problems, topics: Sequence[str] = tuple(TOPIC)
) -> dict[str, Values]:
    """What topics' computations left of this very run."""
    found = {}
    for topic in MAKERS:
        if topic not in topics:
            continue
        try:
            values = kept(config, topic)
        except SchemaError as error:
            problems.note(f"stored.{topic}", str(error))
            continue
        if values is not None:
            found[topic] = values
    return found


def _baseline(trained: "Artifact | None") -> dict[str, float]:
    """The physics estimate's loss: epoch 0 of a training; empty where nothing was trained."""
    first = trained.history[0] if trained is not None and trained.history else {}
    return {"val_loss": first["val_loss"]} if "val_loss" in first else {}


def _lines(config: Config, problems: Problems) -> dict[str, Lines]:
    """Of the line list that the user named; one that cannot be read is told, and not drawn."""
    path = config.diag.line_list
    try:
        return {} if path is None else read_par(path)
    except SchemaError as error:
        problems.note("lines", str(error))
        problems.warn(str(error))
        return {}


def _truth(config: Config, ids: Sequence[str]) -> NDArray[np.float64]:
    table = read_truth(config.paths.truth).reindex(list(ids))
    return table[list(SPECTRUM_COLUMNS)].to_numpy(dtype=np.float64).reshape(-1, N_BINS)
