"""gate: does a finished run reach what is asked of it? Where not, exit code 2."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table

from spectramind.config.gating import GateConfig
from spectramind.config.root import Config
from spectramind.contracts.predictive import SUBMITTED
from spectramind.contracts.work_folder import WorkFolder
from spectramind.errors import ConfigError, SchemaError, SpectraMindError
from spectramind.evaluation.bounds import Bound, worst_region
from spectramind.pipeline.result import Result
from spectramind.run.atomic import write_json
from spectramind.run.environment import file_digest
from spectramind.run.record import RunRecord, read_events

# What is read of the submitted estimate's row of score.json, of another run's and of this one's.
_BASELINE = ("n_planets", "score")
_OWN = (
    *(*_BASELINE, "one_sigma_coverage", "far_off"),
    *("interval_level", "interval_coverage", "region_coverage"),
)


@dataclass(frozen=True, eq=False)
class Gate(Result):
    """Every bound that is asked for, and the file that holds them."""

    bounds: tuple[Bound, ...]
    file: Path

    def report(self) -> list[RenderableType]:
        table = Table("bound", "found", "allowed", "", box=SIMPLE_HEAD)
        for bound in self.bounds:
            found = "missing" if bound.found is None else f"{bound.found:.4g}"
            table.add_row(bound.name, found, bound.allowed, "" if bound.kept else "NOT KEPT")
        return [table, f"details: {self.file}"]

    @property
    def problem(self) -> SpectraMindError | None:
        """Names every bound that is not kept."""
        broken = [str(bound) for bound in self.bounds if not bound.kept]
        if not broken:
            return None
        return SchemaError(
            f"{len(broken)} of {len(self.bounds)} bounds not kept: {'; '.join(broken)}"
        )


def gate(config: Config, record: RunRecord) -> Gate:
    """Compare a finished run with ``gate``'s bounds.

    Raises:
        SchemaError: what is to be judged is missing, broken, or of other predictions than lie here.
        ConfigError: no bound is asked for, or the baseline is of other planets.
    """
    asked = config.gate
    bounds = [*_files(asked, config.paths.work), *_seconds(asked, config.paths.work)]
    if _judges_scores(asked):
        bounds += _scores(config)
    if not bounds:
        raise ConfigError("every bound of gate is null or empty: there is nothing to pass")
    rows = [asdict(bound) | {"kept": bound.kept} for bound in bounds]
    write_json(config.paths.gate, {"kept": all(bound.kept for bound in bounds), "bounds": rows})
    record.artifact(config.paths.gate)
    return Gate(tuple(bounds), config.paths.gate)


def _judges_scores(asked: GateConfig) -> bool:
    of_scores = (asked.score_least, asked.baseline, asked.one_sigma_coverage)
    more = (asked.interval_shortfall, asked.region_shortfall, asked.far_off)
    return any(bound is not None for bound in (*of_scores, *more))


def _files(asked: GateConfig, work: Path) -> list[Bound]:
    return [
        Bound(str(path), 1.0 if (work / path).is_file() else None, note="file")
        for path in asked.required
    ]


def _seconds(asked: GateConfig, work: Path) -> list[Bound]:
    """Of the last good run of each command that left something: one with nothing to do is quick."""
    took = {
        event["cmd"]: event["duration_ms"] / 1000
        for event in read_events(work)
        if event["status"] != "fail" and event["artifacts"]
    }
    return [
        Bound(f"seconds of {command}", took.get(command), high=most)
        for command, most in asked.seconds.model_dump().items()
        if most is not None
    ]


def _scores(config: Config) -> list[Bound]:
    asked, told = config.gate, _told(config)
    bounds = []
    if asked.score_least is not None:
        bounds.append(Bound("score", told["score"], low=asked.score_least))
    if asked.baseline is not None:
        before = _submitted(_read(asked.baseline), asked.baseline, _BASELINE)
        if before["n_planets"] != told["n_planets"]:
            raise ConfigError(
                f"gate.baseline={asked.baseline} scored {before['n_planets']} planets, this run "
                f"{told['n_planets']}: name a run on the same ones"
            )
        bounds.append(
            Bound("score beside baseline", told["score"], before["score"] - asked.score_drop)
        )
    if asked.one_sigma_coverage is not None:
        low, high = asked.one_sigma_coverage
        bounds.append(Bound("truth within 1 sigma", told["one_sigma_coverage"], low, high))
    if asked.far_off is not None:
        bounds.append(Bound("planets 6 sigma off", len(told["far_off"]), high=asked.far_off))
    return [*bounds, *_intervals(asked, told)]


def _intervals(asked: GateConfig, told: dict[str, Any]) -> list[Bound]:
    """Coverage of the intervals, of all bins and of the worst molecule region."""
    if asked.interval_shortfall is None and asked.region_shortfall is None:
        return []
    level = told["interval_level"]
    if level is None:
        return [Bound("truth within intervals", None, low=0.0)]
    name, worst = worst_region(told["region_coverage"])
    bounds = []
    if asked.interval_shortfall is not None:
        low = level - asked.interval_shortfall
        bounds.append(Bound(f"truth within {level:.0%} intervals", told["interval_coverage"], low))
    if asked.region_shortfall is not None:
        low = level - asked.region_shortfall
        bounds.append(Bound(f"the same in the worst region ({name})", worst, low))
    return bounds


def _told(config: Config) -> dict[str, Any]:
    """The submitted estimate's row of ``score.json``, which must be of the present predictions."""
    path = config.paths.score
    held, scored = _read(path), WorkFolder(config.paths).prediction(SUBMITTED)
    if not scored.is_file():
        raise SchemaError(f"{scored} is missing: run `spectramind predict` first")
    if held.get("scored") != file_digest(scored):
        raise SchemaError(f"{path} scored other predictions than {scored}: run `spectramind score`")
    if held.get("predictions") == []:  # score --if-known
        raise SchemaError(
            f"{path} holds no score, for nobody knows the test planets' true spectra: ask for none "
            "with gate.score_least=null and the other bounds of gate"
        )
    return _submitted(held, path, _OWN)


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise SchemaError(f"{path} is missing: run `spectramind score` first")
    try:
        held: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise SchemaError(f"{path} is no JSON ({error}): run `spectramind score` again") from error
    return held


def _submitted(held: dict[str, Any], path: Path, wanted: tuple[str, ...]) -> dict[str, Any]:
    try:
        rows = [row for row in held["predictions"] if row["name"] == SUBMITTED]
        return {key: rows[0][key] for key in wanted}
    except (KeyError, IndexError, TypeError) as error:
        raise SchemaError(
            f"{path} holds no score of {SUBMITTED}: run `spectramind score` again"
        ) from error
