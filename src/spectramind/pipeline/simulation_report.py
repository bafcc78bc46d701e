"""simulate-report: the simulated tree set beside real data and the published ranges."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spectramind.config.root import Config
from spectramind.contracts.spectra import SPECTRUM_COLUMNS
from spectramind.dataset.tables import read_star_info, read_truth
from spectramind.dataset.tree import KaggleTree
from spectramind.errors import SchemaError
from spectramind.instrument.detectors import AIRS, FGS1
from spectramind.physics.line_list import read_par
from spectramind.pipeline.result import Result
from spectramind.run.atomic import write_json, write_text
from spectramind.run.npz import read_npz
from spectramind.run.record import RunRecord
from spectramind.simulation.audit.audit_page import SimulationReport, build_simulation_page
from spectramind.simulation.audit.expectations import (
    POPULATION,
    TELEMETRY,
    RangeComparison,
    compare,
)
from spectramind.simulation.audit.telemetry import View, view
from spectramind.simulation.audit.telemetry_numbers import (
    airs_numbers,
    detector_numbers,
    fgs1_numbers,
    spectra_numbers,
    star_numbers,
)

_VISITS = 3
_LABELS = ("train.csv", "train_truth_*.csv")


@dataclass(frozen=True, eq=False)
class AuditReport(Result):
    """What was written: the page, the same numbers as JSON, the numbers, and what was left out."""

    page: Path
    numbers: Path
    rows: tuple[RangeComparison, ...]
    left_out: tuple[str, ...] = ()

    @property
    def in_range(self) -> int:
        """Numbers that lie in their published range."""
        return sum(row.verdict == "in range" for row in self.rows)

    def report(self) -> list[str]:
        head = f"{'':44} {'simulated':>10} {'real':>10}   {'range':^21}"
        tail = f"{self.in_range} of {len(self.rows)} in range; report: {self.page}, {self.numbers}"
        return [head, *(_line(row) for row in self.rows), *self.left_out, tail]


def simulate_report(config: Config, record: RunRecord) -> AuditReport:
    """Measure both trees, write the JSON and the page.

    Raises:
        SchemaError: a tree is missing, or no visit of its train split can be measured.
    """
    return _write(config, record, measure(config, record))


def measure(config: Config, record: RunRecord) -> SimulationReport:
    """What the page shows: both trees measured and compared with the published ranges.

    A tree of light curves has no frames to measure: its planets alone are compared.

    Raises:
        SchemaError: a tree is missing, no visit of its train split can be measured, or the line
            list is broken.
    """
    lines = {} if config.diag.line_list is None else read_par(config.diag.line_list)
    trees = {"simulated": KaggleTree(config.data.raw)}
    if config.paths.real is not None:
        trees["real"] = KaggleTree(config.paths.real)
    framed = _has_frames(trees["simulated"])
    seen = {name: _views(tree, record) for name, tree in trees.items()} if framed else {}
    depths = {name: found for name, tree in trees.items() if (found := _depths(tree)) is not None}
    stars = {name: read_star_info(tree, "train") for name, tree in trees.items()}
    telemetry = {name: _telemetry_numbers(views) for name, views in seen.items()}
    population = {name: star_numbers(table) for name, table in stars.items()}
    for name, table in depths.items():
        population[name] |= spectra_numbers(table)
    population["simulated"] |= _visit_numbers(trees["simulated"])
    return SimulationReport(
        provenance={
            "config": config.hash,
            "simulated": str(config.data.raw),
            "real": str(config.paths.real or "none: --real PATH"),
            "reset cycles an exposure": str(seen["simulated"][0][0].cadence) if framed else "-",
            "date": record.timestamp,
        },
        telemetry=compare(TELEMETRY, telemetry["simulated"], telemetry.get("real", {}))
        if framed
        else [],
        population=compare(POPULATION, population["simulated"], population.get("real", {})),
        airs={name: views[0][0] for name, views in seen.items()},
        fgs1={name: views[0][1] for name, views in seen.items()},
        depths=depths,
        stars=stars,
        lines=lines,
    )


def _write(config: Config, record: RunRecord, found: SimulationReport) -> AuditReport:
    page = config.paths.simulation_report
    rows = (*found.telemetry, *found.population)
    report = AuditReport(page, page.with_suffix(".json"), rows, tuple(record.warnings))
    write_json(report.numbers, {"numbers": [row.to_json() for row in report.rows]})
    write_text(page, build_simulation_page(found))
    record.artifact(page)
    record.artifact(report.numbers)
    record.metrics |= {"in_range": report.in_range, "numbers": len(report.rows)}
    return report


def _has_frames(tree: KaggleTree) -> bool:
    return not all(visit.light_curves_path.is_file() for visit in tree.visits("train"))


def _views(tree: KaggleTree, record: RunRecord) -> list[tuple[View, View]]:
    """AIRS and FGS1 of the first visits that can be read; those that cannot are warned of.

    Raises:
        SchemaError: there is none.
    """
    views: list[tuple[View, View]] = []
    reason = ""
    for visit in tree.visits("train"):
        try:
            views.append((view(tree, visit, AIRS), view(tree, visit, FGS1)))
        except SchemaError as error:
            reason = str(error)
            record.warn(f"{visit.name} is left out: {reason}")
        if len(views) == _VISITS:
            break
    if not views:
        raise SchemaError(f"no visit of {tree.root / 'train'} can be measured; the last: {reason}")
    return views


def _telemetry_numbers(views: list[tuple[View, View]]) -> dict[str, float]:
    """Medians over visits."""
    each = [
        airs_numbers(airs)
        | fgs1_numbers(fgs1)
        | detector_numbers(airs, AIRS.key)
        | detector_numbers(fgs1, FGS1.key)
        for airs, fgs1 in views
    ]
    return {key: float(np.median([numbers[key] for numbers in each])) for key in each[0]}


def _depths(tree: KaggleTree) -> NDArray[np.float64] | None:
    """Labels of the train planets, None where the tree has none."""
    files: list[Path] = [path for pattern in _LABELS for path in sorted(tree.root.glob(pattern))]
    if not files:
        return None
    return read_truth(files[0])[list(SPECTRUM_COLUMNS)].to_numpy(dtype=np.float64)


def _visit_numbers(tree: KaggleTree) -> Mapping[str, float]:
    """Mid-times and second visits, from the record of what was injected."""
    visits = tree.visits("train")
    paths = [tree.root / "truth" / f"{visit.name}.npz" for visit in visits]
    if not all(path.is_file() for path in paths):
        raise SchemaError(f"{tree.root} has no truth/: data.raw must name a simulated tree")
    hours = [float(read_npz(p, "mid_time_h", made_by="simulate")["mid_time_h"]) for p in paths]
    twice = sum(visit.number == 1 for visit in visits)
    return {
        "mid_time_least_h": min(hours),
        "mid_time_most_h": max(hours),
        "two_visits": twice / len(tree.planets("train")),
    }


def _line(row: RangeComparison) -> str:
    simulated, real = (
        "-" if value is None else f"{value:.4g}" for value in (row.simulated, row.real)
    )
    span = f"{row.low:.4g} .. {row.high:.4g}"
    mark = "" if row.verdict == "in range" else f"  {row.verdict}: {row.source}"
    return f"{row.title:44} {simulated:>10} {real:>10}   {span:^21}{mark}"
