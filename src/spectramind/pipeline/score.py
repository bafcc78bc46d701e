"""score: the official metric on planets whose truth is known, beside the references."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import RenderableType

from spectramind.config.root import Config
from spectramind.contracts.predictive import SUBMITTED, Predictive
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.tables import read_truth
from spectramind.errors import SchemaError
from spectramind.evaluation.score_tables import ORACLE, render
from spectramind.evaluation.summary import ScoreSummary, ratios, summarise
from spectramind.pipeline.planets import doubts, naive_of
from spectramind.pipeline.plot_tables import write_metrics, write_score_tables
from spectramind.pipeline.references import answer
from spectramind.pipeline.result import Result
from spectramind.pipeline.watch_drift import what_happened
from spectramind.run.atomic import write_json
from spectramind.run.environment import file_digest
from spectramind.run.record import RunRecord
from spectramind.submission.standard.spectra_reader import read_spectra

_ALIKE = 1e-5


@dataclass(frozen=True, eq=False)
class Scores(Result):
    """What score found: the submitted estimate (or someone's spectra) first, then the references;
    their file; what became of the drift that predict looked for; and what became of a file of
    someone's spectra.
    """

    summaries: tuple[ScoreSummary, ...]
    file: Path
    drift: str = ""
    told: tuple[str, ...] = ()

    def remarks(self) -> list[str]:
        """What a reader should not miss."""
        by_name = {summary.name: summary for summary in self.summaries}
        model, physics = self.summaries[0], by_name.get("physics")
        lines = [
            f"{row.planet_id} is off by {abs(row.white_z):.1f} sigma and nobody doubted its fit"
            for row in model.far_off
        ]
        lines += [self.drift] if self.drift else []
        lines += self.told
        if model.name != SUBMITTED:
            return lines
        return lines if physics is None else [*lines, _beside(model, physics)]

    def report(self) -> list[RenderableType]:
        return [*render(self.summaries), *self.remarks(), f"details: {self.file}"]


@dataclass(frozen=True, eq=False)
class Unscored(Result):
    """Nobody knows the test planets' true spectra: the file says so, and holds no score."""

    truth: Path
    file: Path

    def report(self) -> list[str]:
        return [f"no score: {self.truth} is not there; {self.file} says so"]


def score(config: Config, record: RunRecord, if_known: bool = False) -> Scores | Unscored:
    """Score the predictions of the test planets, or the spectra of ``paths.spectra``.

    Args:
        if_known: where their truth is not known, write a file without scores instead.

    Raises:
        SchemaError: the truth of the planets is not known, predictions are missing, or that file
            holds no valid spectra.
    """
    if if_known and not config.paths.truth.is_file():
        return _unscored(config, record)
    if not config.paths.truth.is_file():
        raise SchemaError(
            f"{config.paths.truth} is missing: the test planets cannot be scored without their "
            "true spectra (paths.truth=FILE names another file)"
        )
    truth = read_truth(config.paths.truth)
    naive = naive_of(config)
    if config.paths.spectra is not None:
        return _score_file(config, record, config.paths.spectra, truth, naive)
    scored = WorkFolder(config.paths).prediction(SUBMITTED)
    ours = Predictive.load(scored)
    reasons = doubts(config, ours.planet_ids)

    def worth(name: str, found: Predictive) -> ScoreSummary:
        return summarise(name, found, truth, naive, np.random.default_rng(config.seed), reasons)

    summaries = [worth(SUBMITTED, ours)]
    for name in config.score.against:
        summaries.append(worth(name, answer(name, config, ours.planet_ids)))
    drift, told = what_happened(config, ours, truth)
    held = {"scored": file_digest(scored), "predictions": _rows(summaries), "drift": drift}
    write_json(config.paths.score, held)
    record.artifact(config.paths.score)
    write_score_tables(config, record, ours.spectra, truth, naive, reasons)
    write_metrics(config, record, summaries)
    record.metrics |= {f"score_{s.name}": s.score for s in summaries}
    record.metrics["coverage_1sigma"] = summaries[0].one_sigma_coverage
    return Scores(tuple(summaries), config.paths.score, told)


def _unscored(config: Config, record: RunRecord) -> Unscored:
    scored = WorkFolder(config.paths).prediction(SUBMITTED)
    Predictive.load(scored)
    held = {"scored": file_digest(scored), "predictions": [], "drift": {}}
    write_json(config.paths.score, held)
    record.artifact(config.paths.score)
    write_score_tables(config, record)
    write_metrics(config, record, ())
    return Unscored(config.paths.truth, config.paths.score)


def _score_file(
    config: Config, record: RunRecord, path: Path, truth: pd.DataFrame, naive: tuple[float, float]
) -> Scores:
    """Score anyone's spectra; beside them what this work folder can tell of the same planets.

    Our own score stays as it is: this one goes into a file of its own.
    """
    read = read_spectra(path)
    theirs, told = read.published.found, [*read.remarks]
    ids = theirs.planet_ids
    answers = {path.name: theirs}
    for name in (SUBMITTED, *config.score.against):
        try:
            answers[name] = answer(name, config, ids)
        except SchemaError as error:
            told.append(f"{name} is left out: {error}")
    if len(ids) < len(truth):
        told.append(
            f"{path.name} holds {len(ids)} of the {len(truth)} planets whose truth is known"
        )
    summaries = [
        summarise(name, found, truth, naive, np.random.default_rng(config.seed), {})
        for name, found in answers.items()
    ]
    to = WorkFolder(config.paths).judged_score(path)
    write_json(to, {"scored": file_digest(path), "predictions": _rows(summaries), "drift": None})
    record.artifact(to)
    record.metrics |= {"score_spectra": summaries[0].score}
    return Scores(tuple(summaries), to, told=tuple(told))


def _rows(summaries: list[ScoreSummary]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [summary.to_json() for summary in summaries]
    best = next((summary for summary in summaries if summary.name == ORACLE), None)
    if best is None:
        return rows
    return [
        row | {"over_oracle": ratios(summary, best)}
        for row, summary in zip(rows, summaries, strict=True)
    ]


def _beside(model: ScoreSummary, physics: ScoreSummary) -> str:
    gap = model.score - physics.score
    if abs(gap) < _ALIKE:  # the network computes in single precision
        return "the network was not kept: both predictions are the physics estimate"
    word = "above" if gap > 0 else "below"
    return f"the network stands {abs(gap):.4f} {word} physics alone"


def score_lines(path: Path) -> list[str]:
    """The result of the last ``score`` in two lines: scores, and realised coverage."""
    rows = json.loads(path.read_text(encoding="utf-8"))["predictions"]
    if not rows:
        return ["no score: the test planets' true spectra are not known"]
    scores = ", ".join(f"{row['name']} {row['score']:.4f}" for row in rows)
    first = rows[0]
    lines = [f"official score on {first['n_planets']} held-out planets: {scores}"]
    covered = f"coverage: {first['one_sigma_coverage']:.3f} within 1 sigma (0.683 if Gaussian)"
    if first["interval_coverage"] is not None:
        covered += (
            f", {first['interval_coverage']:.3f} within the {first['interval_level']:.0%} intervals"
        )
    return [*lines, covered]
