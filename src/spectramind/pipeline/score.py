"""score: the official metric on planets whose truth is known, beside the references."""

import json
from pathlib import Path

import numpy as np

from spectramind.config.root import Config
from spectramind.dataset.tables import read_truth
from spectramind.dataset.tree import KaggleTree
from spectramind.errors import SchemaError
from spectramind.evaluation.official import naive_moments
from spectramind.evaluation.references import constant_reference
from spectramind.evaluation.spectra import TRUTH_COLUMNS, Spectra
from spectramind.evaluation.table import Intervals, ScoreSummary, render, summarise
from spectramind.pipeline.uncertainty import SOURCES
from spectramind.run.atomic import write_json
from spectramind.run.npz import read_npz
from spectramind.run.progress import show
from spectramind.run.record import RunRecord


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
    summaries = []
    for source in SOURCES:
        spectra = Spectra.load(config.paths.predictions / f"{source}.npz")
        rng = np.random.default_rng(config.seed)
        summaries.append(
            summarise(source, spectra, truth, naive, rng, load_intervals(config, source))
        )
    constant = constant_reference(train, spectra.planet_ids)
    summaries.append(
        summarise("constant", constant, truth, naive, np.random.default_rng(config.seed))
    )
    write_json(config.paths.score, {"predictions": [s.to_json() for s in summaries]})
    record.artifact(config.paths.score)
    record.metrics |= {f"score_{s.name}": s.score for s in summaries}
    show(render(summaries), *_remarks(summaries), f"details: {config.paths.score}")


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


def _remarks(summaries: list[ScoreSummary]) -> list[str]:
    model, physics = summaries[0], summaries[1]
    if model.score == physics.score:
        return ["the network was not kept: both predictions are the physics estimate"]
    word = "above" if model.score > physics.score else "below"
    return [f"the network stands {abs(model.score - physics.score):.4f} {word} physics alone"]
