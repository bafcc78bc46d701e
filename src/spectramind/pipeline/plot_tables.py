"""Small files that DVC shows and draws of a score: metrics, coverage, the worst planets."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from spectramind.config.root import Config
from spectramind.contracts.predictive import SUBMITTED
from spectramind.contracts.spectra import Spectra, truth_for
from spectramind.contracts.work_folder import WorkFolder
from spectramind.evaluation.coverage import white_z_scores, z_scores
from spectramind.evaluation.official import element_scores, planet_scores
from spectramind.evaluation.summary import ScoreSummary
from spectramind.instrument.grid import FGS1_BIN
from spectramind.run.atomic import write_csv, write_json
from spectramind.run.record import RunRecord

_LEVELS = np.linspace(0.05, 0.95, 19)
_WORST_LISTED = 20
_COVERAGE = ("promised", "all_bins", "fgs1", "ideal")
_WORST = ("planet_id", "score", "white_z", "reason")


def write_metrics(config: Config, record: RunRecord, summaries: Sequence[ScoreSummary]) -> None:
    """The numbers to watch from run to run: those of the submission, and the references' scores.

    Without a summary of the submission the file holds none.
    """
    path = WorkFolder(config.paths).plots.metrics
    found = {one.name: one for one in summaries}
    ours = found.pop(SUBMITTED, None)
    values: dict[str, float | None] = {}
    if ours is not None:
        values = {
            "score": ours.score,
            "score_low": ours.score_low,
            "score_high": ours.score_high,
            "inside_1_sigma": ours.one_sigma_coverage,
            "inside_interval": ours.interval_coverage,
            "z_rms": ours.z.rms,
            "fgs1_rms_ppm": ours.residuals_ppm.fgs1_rms,
            "airs_level_rms_ppm": ours.residuals_ppm.airs_mean_rms,
            "airs_shape_rms_ppm": ours.residuals_ppm.airs_shape_rms,
            "airs_sigma_ppm": ours.sigma_ppm.airs_median,
        }
    values |= {f"score_{name}": one.score for name, one in found.items()}
    # Six digits: what a table shows, and more than a score is worth.
    write_json(path, {k: float(f"{v:.6g}") for k, v in values.items() if v is not None})
    record.artifact(path)


def write_score_tables(
    config: Config,
    record: RunRecord,
    spectra: Spectra | None = None,
    truth: pd.DataFrame | None = None,
    naive: tuple[float, float] = (0.0, 1.0),
    reasons: Mapping[str, str] | None = None,
) -> None:
    """Realised coverage of sigma's Gaussian intervals, and the planets that score lowest.

    Args:
        spectra: the submission's; truth: index planet_id, columns wl_1..wl_283; without these the
            tables have no row.
        naive: the metric's m0 and s0. reasons: by planet, why its fit is doubted.
    """
    where = WorkFolder(config.paths).plots
    coverage: list[dict[str, Any]] = []
    worst: list[dict[str, Any]] = []
    if spectra is not None and truth is not None:
        y = truth_for(truth, spectra.planet_ids)
        size = np.abs(z_scores(y, spectra.mu, spectra.sigma))
        for level, bound in zip(_LEVELS, stats.norm.ppf((1 + _LEVELS) / 2), strict=True):
            inside = size <= bound
            shares = inside.mean(), inside[:, FGS1_BIN].mean(), level
            row = dict(zip(_COVERAGE, (level, *shares), strict=True))
            coverage.append({key: round(float(value), 6) for key, value in row.items()})
        scores = planet_scores(element_scores(y, spectra.mu, spectra.sigma, *naive))
        white = white_z_scores(y, spectra.mu, spectra.sigma)
        for i in np.argsort(scores, kind="stable")[:_WORST_LISTED]:
            name = spectra.planet_ids[i]
            told = name, round(float(scores[i]), 6), round(float(white[i]), 4)
            worst.append(dict(zip(_WORST, (*told, (reasons or {}).get(name, "")), strict=True)))
    for path, columns, rows in (
        (where.coverage, _COVERAGE, coverage),
        (where.worst_planets, _WORST, worst),
    ):
        write_csv(path, columns, rows)
        record.artifact(path)
