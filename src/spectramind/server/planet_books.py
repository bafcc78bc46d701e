"""The planets of a work folder's prediction: the list, and what their pages share."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from spectramind.config.root import Config
from spectramind.contracts.depths import load_info
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.tree import KaggleTree, Visit
from spectramind.diagnostics.panel import LaidOut, ReportContext, lay_out
from spectramind.diagnostics.panels import report_panels
from spectramind.diagnostics.report_data import ReportData
from spectramind.errors import SpectraMindError
from spectramind.evaluation.official import element_scores, planet_scores
from spectramind.pipeline.report_reader import Problems, kept_topics, read_planets
from spectramind.pipeline.visits import visits_by_planet
from spectramind.server.answers import PlanetRow
from spectramind.server.cached import Cache, stamp
from spectramind.server.folder_report import CalmStates, broken
from spectramind.server.served_folder import ServedFolder
from spectramind.symbolic.violation_log import Severity
from spectramind.symbolic.violation_table import statuses

_ROOM = 3  # folders
_VISITS = 20_000  # whose fit's doubts are kept
_TOPICS = ("explain", "pca", "shap")  # whose values planets' own pages show
PPM = 1e6


@dataclass(frozen=True, eq=False)
class PlanetBook:
    """The planets of one prediction.

    Attributes:
        data: what they share, without what lies in files of visits.
        rows: of the list, by planet, in the prediction's order.
        visits: by planet. drawn: panels of planets' pages whose body hangs on the whole alone.
        problems: what could not be read.
    """

    data: ReportData
    rows: Mapping[str, PlanetRow]
    visits: Mapping[str, Sequence[Visit]]
    drawn: Mapping[str, LaidOut]
    problems: tuple[str, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        return self.data.planet_ids


class PlanetBooks:
    """Of all folders, made when they are asked for."""

    def __init__(self) -> None:
        self._held: Cache[str, PlanetBook] = Cache(_ROOM)
        self._states = CalmStates()
        self._reasons: Cache[str, str] = Cache(_VISITS)

    def of(self, folder: ServedFolder, config: Config) -> PlanetBook:
        """A folder's, as its files are now."""
        state = self._states.of(folder, config)
        return self._held.get(folder.name, state, lambda: self._read(config))

    def _read(self, config: Config) -> PlanetBook:
        problems = Problems(lambda _: None)
        data = read_planets(config, problems, kept_topics(config, problems, _TOPICS), {})
        visits: Mapping[str, Sequence[Visit]] = {}
        try:
            visits = visits_by_planet(KaggleTree(config.data.raw), "test")
        except SpectraMindError as error:
            problems.note("light_curves", str(error))
        doubts = {name: self._doubt(config, visits.get(name, ())) for name in data.planet_ids}
        context = ReportContext(data, config.diag.max_planets, config.diag.worst_planets)
        drawn = {
            panel.anchor: lay_out(panel, context)
            for panel in report_panels()
            if panel.planet is not None
        }
        return PlanetBook(data, _rows(data, visits, doubts), visits, drawn, broken(problems))

    def _doubt(self, config: Config, visits: Sequence[Visit]) -> str:
        """As ``planets.why_doubted``, from nothing but what each fit says of itself."""
        if not visits:
            return "not in data.raw"
        reasons = [self._reason(config, visit) for visit in visits]
        return "; ".join(dict.fromkeys(reasons)) if all(reasons) else ""

    def _reason(self, config: Config, visit: Visit) -> str:
        path = WorkFolder(config.paths).features.depths(visit.name)

        def read() -> str:
            try:
                return str(load_info(path)["reason"])
            except SpectraMindError as error:
                return str(error)
            except KeyError:
                return f"{path} does not say whether the fit is trusted"

        return self._reasons.get(str(path), stamp(path), read)


def _rows(
    data: ReportData, visits: Mapping[str, Sequence[Visit]], doubts: Mapping[str, str]
) -> dict[str, PlanetRow]:
    scores, broken_rules = scores_of(data), _violations(data)
    sigma, depth = np.median(data.sigma, axis=1) * PPM, data.mu.mean(axis=1) * PPM
    return {
        planet_id: PlanetRow(
            planet_id=planet_id,
            score=scores.get(planet_id),
            doubt=doubts[planet_id],
            violation=broken_rules.get(planet_id),
            sigma_ppm=float(sigma[row]),
            depth_ppm=float(depth[row]),
            visits=len(visits.get(planet_id, ())),
        )
        for row, planet_id in enumerate(data.planet_ids)
    }


def scores_of(data: ReportData) -> dict[str, float]:
    """The official score of every planet whose truth is known, not clipped."""
    rows = data.labelled
    if data.truth is None or data.naive is None or not len(rows):
        return {}
    truth, mu, sigma = (
        np.asarray(values[rows], np.float64) for values in (data.truth, data.mu, data.sigma)
    )
    found = planet_scores(element_scores(truth, mu, sigma, *data.naive))
    return {data.planet_ids[row]: float(score) for row, score in zip(rows, found, strict=True)}


def _violations(data: ReportData) -> dict[str, float]:
    """Share of the rules that a planet's spectrum does not keep."""
    if data.rules is None:
        return {}
    found: dict[str, list[bool]] = defaultdict(list)
    for planet in data.rules.log.planets:
        found[planet.planet_id] += [one != Severity.OK for one in statuses(planet).values()]
    return {name: sum(told) / len(told) for name, told in found.items() if told}
