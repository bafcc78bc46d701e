"""How several predictions compare on the same planets: one summary each, one table for all."""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.table import Table

from spectramind.evaluation.coverage import (
    PPM,
    Residuals,
    ZStatistics,
    covered,
    residuals,
    z_scores,
    z_statistics,
)
from spectramind.evaluation.official import (
    bootstrap_interval,
    clipped_score,
    element_scores,
    part_scores,
    planet_scores,
)
from spectramind.evaluation.spectra import Spectra, truth_for

WORST_LISTED = 5


@dataclass(frozen=True, eq=False)
class Intervals:
    """Symmetric prediction intervals mu +- half_width at a nominal coverage.

    Attributes:
        level: nominal marginal coverage per bin, 1 - alpha.
        half_width: (n, 283), rows as in the spectra they belong to; may be infinite.
    """

    level: float
    half_width: NDArray[np.float64]


@dataclass(frozen=True)
class ScoreSummary:
    """What one named prediction is worth on planets whose truth is known.

    ``interval_width_ppm`` is the mean half-width; it and ``interval_coverage`` are None without
    intervals, and the width alone is None when the intervals are infinite.
    """

    name: str
    n_planets: int
    score: float
    score_low: float
    score_high: float
    fgs1_part: float
    airs_part: float
    residuals_ppm: Residuals
    z: ZStatistics
    one_sigma_coverage: float
    interval_level: float | None
    interval_coverage: float | None
    interval_width_ppm: float | None
    worst: tuple[tuple[str, float], ...]

    def to_json(self) -> dict[str, Any]:
        """A plain dictionary for ``score.json``."""
        return asdict(self)


def _interval_fields(
    truth: NDArray[np.float64], mu: NDArray[np.float64], intervals: Intervals | None
) -> dict[str, float | None]:
    if intervals is None:
        return dict.fromkeys(("interval_level", "interval_coverage", "interval_width_ppm"))
    width = float(intervals.half_width.mean()) * PPM
    return {
        "interval_level": intervals.level,
        "interval_coverage": float(covered(truth, mu, intervals.half_width).mean()),
        "interval_width_ppm": width if math.isfinite(width) else None,
    }


def summarise(
    name: str,
    spectra: Spectra,
    truth: pd.DataFrame,
    naive: tuple[float, float],
    rng: np.random.Generator,
    intervals: Intervals | None = None,
) -> ScoreSummary:
    """Score one prediction.

    Args:
        name: how the table calls it.
        spectra: the prediction; every planet of it is scored.
        truth: index planet_id (str), columns wl_1..wl_283.
        naive: the metric's m0 and s0 (``naive_moments`` of the train labels).
        rng: for the bootstrap over planets.
        intervals: prediction intervals to check, rows as in ``spectra``.

    Raises:
        SchemaError: a planet without truth, or a negative mu.
    """
    y = truth_for(truth, spectra.planet_ids)
    elements = element_scores(y, spectra.mu, spectra.sigma, *naive)
    planets = planet_scores(elements)
    low, high = bootstrap_interval(planets, rng)
    fgs1, airs = part_scores(elements)
    worst = np.argsort(planets, kind="stable")[:WORST_LISTED]
    return ScoreSummary(
        name=name,
        n_planets=len(spectra),
        score=clipped_score(planets),
        score_low=low,
        score_high=high,
        fgs1_part=fgs1,
        airs_part=airs,
        residuals_ppm=residuals(y, spectra.mu),
        z=z_statistics(z_scores(y, spectra.mu, spectra.sigma)),
        one_sigma_coverage=float(covered(y, spectra.mu, spectra.sigma).mean()),
        **_interval_fields(y, spectra.mu, intervals),
        worst=tuple((spectra.planet_ids[i], float(planets[i])) for i in worst),
    )


def _interval_cell(summary: ScoreSummary) -> str:
    if summary.interval_coverage is None:
        return "-"
    nominal = f"{summary.interval_coverage:.3f} of {summary.interval_level:.3g}"
    return nominal if summary.interval_width_ppm is not None else f"{nominal} (infinite)"


_ROWS: dict[str, Callable[[ScoreSummary], str]] = {
    "official score": lambda s: f"{s.score:.4f}",
    "95 % range": lambda s: f"{s.score_low:.3f}..{s.score_high:.3f}",
    "FGS1 part": lambda s: f"{s.fgs1_part:.3f}",
    "AIRS part": lambda s: f"{s.airs_part:.3f}",
    "FGS1 rms error [ppm]": lambda s: f"{s.residuals_ppm.fgs1_rms:.0f}",
    "AIRS mean rms error [ppm]": lambda s: f"{s.residuals_ppm.airs_mean_rms:.0f}",
    "AIRS shape rms error [ppm]": lambda s: f"{s.residuals_ppm.airs_shape_rms:.0f}",
    "within 1 sigma (0.683)": lambda s: f"{s.one_sigma_coverage:.3f}",
    "within the intervals": _interval_cell,
    "worst planet": lambda s: s.worst[0][0],
    "its score": lambda s: f"{s.worst[0][1]:.3f}",
}


def render(summaries: Sequence[ScoreSummary]) -> Table:
    """One column a prediction, in the order given."""
    table = Table(title=f"{summaries[0].n_planets} planets that were held out")
    table.add_column("")
    for summary in summaries:
        table.add_column(summary.name, justify="right")
    for label, cell in _ROWS.items():
        table.add_row(label, *(cell(summary) for summary in summaries))
    return table
