"""What a prediction is worth on planets whose truth is known: scores, errors, coverage, worst."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spectramind.contracts.predictive import Intervals, Predictive
from spectramind.contracts.spectra import truth_for
from spectramind.evaluation.coverage import (
    PPM,
    Residuals,
    Sharpness,
    ZStatistics,
    covered,
    residuals,
    sharpness,
    white_z_scores,
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
from spectramind.evaluation.spectral_regions import molecule_coverage
from spectramind.run.atomic import json_number

WORST_LISTED = 5
FAR_OFF = 6.0  # sigmas of the white-light depth beyond which a spectrum is simply wrong


@dataclass(frozen=True)
class PlanetScore:
    """One planet: its score (not clipped), its white-light error in sigmas, why its fit is doubted.

    ``reason`` is empty for a fit that is trusted.
    """

    planet_id: str
    score: float
    white_z: float
    reason: str


@dataclass(frozen=True)
class ScoreSummary:
    """What one named prediction is worth on planets whose truth is known.

    ``white_z`` is of the white-light depth (see ``white_z_scores``); ``far_off`` are the planets
    whose own is beyond 6 though nobody doubted their fit. ``interval_width_ppm`` is the mean
    half-width; it and ``interval_coverage`` are None without intervals, and the width alone is None
    when the intervals are infinite. ``interval_width_median_ppm`` is the median over planets of
    their mean half-width, ``region_coverage`` that of the intervals in each molecule's windows;
    both are None without intervals.
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
    white_z: ZStatistics
    one_sigma_coverage: float
    interval_level: float | None
    interval_coverage: float | None
    interval_width_ppm: float | None
    interval_width_median_ppm: float | None
    region_coverage: dict[str, float] | None
    sigma_ppm: Sharpness
    worst: tuple[PlanetScore, ...]
    far_off: tuple[PlanetScore, ...]

    def to_json(self) -> dict[str, Any]:
        """A plain dictionary for ``score.json``."""
        return asdict(self)


def _interval_fields(
    truth: NDArray[np.float64], mu: NDArray[np.float64], intervals: Intervals | None
) -> dict[str, Any]:
    if intervals is None:
        names = "level", "coverage", "width_ppm", "width_median_ppm"
        return dict.fromkeys([*(f"interval_{name}" for name in names), "region_coverage"])
    bins = covered(truth, mu, intervals.half_width)
    widths = intervals.half_width.mean(axis=1) * PPM
    return {
        "interval_level": intervals.level,
        "interval_coverage": float(bins.mean()),
        "interval_width_ppm": json_number(widths.mean()),
        "interval_width_median_ppm": json_number(np.median(widths)),
        "region_coverage": molecule_coverage(bins),
    }


def summarise(
    name: str,
    predictive: Predictive,
    truth: pd.DataFrame,
    naive: tuple[float, float],
    rng: np.random.Generator,
    reasons: Mapping[str, str] | None = None,
) -> ScoreSummary:
    """Score one prediction.

    Args:
        name: how the table calls it.
        predictive: the prediction; every planet of it is scored, its intervals are checked.
        truth: index planet_id (str), columns wl_1..wl_283.
        naive: the metric's m0 and s0 (``naive_moments`` of the train labels).
        rng: for the bootstrap over planets.
        reasons: by planet, why its fit is doubted; planets not named are trusted.

    Raises:
        SchemaError: a planet without truth, or a negative mu.
    """
    spectra = predictive.spectra
    y = truth_for(truth, spectra.planet_ids)
    elements = element_scores(y, spectra.mu, spectra.sigma, *naive)
    planets = planet_scores(elements)
    low, high = bootstrap_interval(planets, rng)
    fgs1, airs = part_scores(elements)
    white = white_z_scores(y, spectra.mu, spectra.sigma)
    rows = [
        PlanetScore(name, float(score), float(z), (reasons or {}).get(name, ""))
        for name, score, z in zip(spectra.planet_ids, planets, white, strict=True)
    ]
    return ScoreSummary(
        name=name,
        n_planets=len(spectra),
        score=clipped_score(planets),
        score_low=low,
        score_high=high,
        fgs1_part=fgs1,
        airs_part=airs,
        residuals_ppm=residuals(y, spectra.mu),
        white_z=z_statistics(white),
        z=z_statistics(z_scores(y, spectra.mu, spectra.sigma)),
        one_sigma_coverage=float(covered(y, spectra.mu, spectra.sigma).mean()),
        **_interval_fields(y, spectra.mu, predictive.intervals),
        sigma_ppm=sharpness(spectra.sigma),
        worst=tuple(sorted(rows, key=lambda row: row.score)[:WORST_LISTED]),
        far_off=tuple(row for row in rows if abs(row.white_z) > FAR_OFF and not row.reason),
    )


def ratios(summary: ScoreSummary, oracle: ScoreSummary) -> dict[str, float]:
    """Score over the oracle's, and median errors over its own."""
    ours, best = summary.residuals_ppm, oracle.residuals_ppm
    return {
        "score": summary.score / oracle.score if oracle.score > 0 else math.nan,
        "fgs1_median": ours.fgs1_median / best.fgs1_median,
        "airs_mean_median": ours.airs_mean_median / best.airs_mean_median,
        "airs_shape_median": ours.airs_shape_median / best.airs_shape_median,
    }
