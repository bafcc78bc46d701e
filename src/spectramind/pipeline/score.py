"""score: the official metric on planets whose truth is known, beside the references."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from spectramind.config.root import Config
from spectramind.contracts.spectra import TRUTH_COLUMNS, Spectra
from spectramind.dataset.tables import read_truth
from spectramind.dataset.tree import KaggleTree
from spectramind.errors import SchemaError
from spectramind.evaluation.official import naive_moments
from spectramind.evaluation.score_tables import ORACLE, render
from spectramind.evaluation.summary import Intervals, ScoreSummary, ratios, summarise
from spectramind.pipeline.calibrators import SOURCES
from spectramind.pipeline.references import doubts, predict_reference
from spectramind.run.atomic import write_json
from spectramind.run.npz import read_npz
from spectramind.run.progress import show
from spectramind.run.record import RunRecord

_ALIKE = 1e-5


def score(config: Config, record: RunRecord) -> None:
    """Score the predictions of the test planets.

    Raises:
        SchemaError: the truth of the test planets is not known, or predictions are missing.
    """
    if not config.paths.truth.is_file():
        raise SchemaError(
            f"{config.paths.truth} is missing: the test planets cannot be scored without their "
            "true spectra (paths.truth=FILE names another file)"
        )
    truth = read_truth(config.paths.truth)
    labels = read_truth(KaggleTree(config.data.raw).root / "train.csv")
    train = labels[list(TRUTH_COLUMNS)].to_numpy()
    naive = naive_moments(train)
    ours = Spectra.load(config.paths.predictions / f"{SOURCES[0]}.npz")
    reasons = doubts(config, ours.planet_ids)

    def worth(name: str, spectra: Spectra) -> ScoreSummary:
        rng = np.random.default_rng(config.seed)
        intervals = load_intervals(config, name)
        return summarise(name, spectra, truth, naive, rng, intervals, reasons)

    summaries = [worth(SOURCES[0], ours)]
    for name in config.score.against:
        summaries.append(worth(name, predict_reference(name, config, ours.planet_ids)))
    by_name = {summary.name: summary for summary in summaries}
    rows = [s.to_json() for s in summaries]
    if ORACLE in by_name:
        best = by_name[ORACLE]
        rows = [row | {"over_oracle": ratios(by_name[row["name"]], best)} for row in rows]
    write_json(config.paths.score, {"predictions": rows})
    record.artifact(config.paths.score)
    record.metrics |= {f"score_{s.name}": s.score for s in summaries}
    show(*render(summaries), *_remarks(by_name), f"details: {config.paths.score}")


def load_intervals(config: Config, source: str) -> Intervals | None:
    """Conformal intervals that predict wrote, None when COREL was not fitted."""
    path = config.paths.predictions / f"{source}_intervals.npz"
    if not path.is_file():
        return None
    raw = read_npz(path, "level", "half_width", made_by="predict")
    return Intervals(float(raw["level"]), np.asarray(raw["half_width"], dtype=np.float64))


def score_lines(path: Path) -> list[str]:
    """The result of the last ``score`` in two lines: scores, and realised coverage."""
    rows = json.loads(path.read_text(encoding="utf-8"))["predictions"]
    scores = ", ".join(f"{row['name']} {row['score']:.4f}" for row in rows)
    first = rows[0]
    lines = [f"official score on {first['n_planets']} held-out planets: {scores}"]
    covered = f"coverage: {first['one_sigma_coverage']:.3f} within 1 sigma (0.683 if Gaussian)"
    if first["interval_coverage"] is not None:
        covered += (
            f", {first['interval_coverage']:.3f} within the {first['interval_level']:.0%} intervals"
        )
    return [*lines, covered]


def _remarks(by_name: Mapping[str, ScoreSummary]) -> list[str]:
    model = by_name[SOURCES[0]]
    lines = [
        f"{row.planet_id} is off by {abs(row.white_z):.1f} sigma and nobody doubted its fit"
        for row in model.far_off
    ]
    physics = by_name.get(SOURCES[1])
    if physics is None:
        return lines
    if abs(model.score - physics.score) < _ALIKE:  # the network computes in single precision
        return [*lines, "the network was not kept: both predictions are the physics estimate"]
    word = "above" if model.score > physics.score else "below"
    gap = abs(model.score - physics.score)
    return [*lines, f"the network stands {gap:.4f} {word} physics alone"]
