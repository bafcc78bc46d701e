"""Numbers behind the figures: errors and coverage per bin, sigma against error, worst planets."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from spectramind.diagnostics.report_data import Array, ReportData
from spectramind.evaluation.coverage import conformal_rank, coverage_band
from spectramind.evaluation.group_coverage import CHANCE, WITHIN_1_SIGMA, ScoredErrors, sigma_band


@dataclass(frozen=True)
class Scored:
    """The planets whose truth is known: (m, 283) arrays of depth.

    Attributes:
        ids: names.
        error: predicted minus true.
        sigma: predicted standard deviation.
        half_width: of the interval, NaN where it is infinite; None if there is no finite one.
    """

    ids: tuple[str, ...]
    error: Array
    sigma: Array
    half_width: Array | None

    @property
    def z(self) -> Array:
        """Error in units of sigma."""
        return self.error / self.sigma


def scored(data: ReportData) -> Scored | None:
    """The labelled part of the report, None when no planet has a truth."""
    rows = data.labelled
    if data.truth is None or len(rows) == 0:
        return None
    half = None if data.half_width is None else data.half_width[rows]
    if half is not None:
        half = np.where(np.isfinite(half), half, np.nan) if np.isfinite(half).any() else None
    return Scored(
        tuple(data.planet_ids[row] for row in rows),
        data.mu[rows] - data.truth[rows],
        data.sigma[rows],
        half,
    )


def rms(values: Array, axis: int | None = 0) -> NDArray[np.float64]:
    """Root mean square along an axis."""
    return np.sqrt(np.mean(np.square(values, dtype=np.float64), axis=axis))


def coverage(error: Array, half_width: Array) -> NDArray[np.float64]:
    """Share of planets inside the interval, per bin (283,); NaN where an interval is missing."""
    inside = (np.abs(error) <= half_width).mean(axis=0)
    return np.where(np.isnan(half_width).any(axis=0), np.nan, inside)


def interval_chance(n: int, alpha: float, m: int) -> tuple[float, float] | None:
    """Where a bin's realised coverage lies by chance, given n calibration and m scored planets.

    See ``evaluation.coverage.coverage_band`` (Vovk 2012). None when the interval is infinite.
    """
    if conformal_rank(n, alpha) > n:
        return None
    return coverage_band(n, alpha, m, CHANCE)


def sigma_chance(m: int) -> tuple[float, float, float]:
    """Coverage of +-1 sigma if the errors are normal: expected, and where chance puts m planets."""
    return (WITHIN_1_SIGMA, *sigma_band(m))


def scored_errors(data: ReportData, score: Scored) -> ScoredErrors:
    """What groups of the scored planets are judged by."""
    half = None if score.half_width is None else _float64(score.half_width / score.sigma)
    known = data.corel is not None and data.coverage_level is not None
    calibration = (data.corel.n, data.corel.alpha) if known and data.corel is not None else None
    return ScoredErrors(_float64(score.z), half, calibration)


def _float64(values: Array) -> NDArray[np.float64]:
    return np.asarray(values, dtype=np.float64)


def inside_normal(z: Array, level: float) -> NDArray[np.bool_]:
    """Whether each error lies in the central interval that a normal sigma states for a level."""
    return np.asarray(np.abs(z) <= stats.norm.isf((1 - level) / 2))


def outside(found: Array, band: tuple[float, float]) -> tuple[int, int]:
    """Bins whose coverage lies outside a band, and bins that have one."""
    there = found[np.isfinite(found)]
    return int(((there < band[0]) | (there > band[1])).sum()), there.size


def pit_counts(z: Array, classes: int) -> NDArray[np.float64]:
    """Share of the probability integral transform Phi(z) in equal classes of 0..1, (classes,).

    z is (truth - mu) / sigma: a truth above all that was predicted falls into the last class.
    """
    counts = np.histogram(stats.norm.cdf(z), np.linspace(0, 1, classes + 1))[0]
    return np.asarray(counts / z.size, dtype=np.float64)


def pit_chance(m: int, classes: int) -> tuple[float, float]:
    """Where chance puts the share of m planets in one of the classes: binomial."""
    low, high = stats.binom.interval(CHANCE, m, 1 / classes)
    return float(low / m), float(high / m)


def rms_chance(m: int) -> tuple[float, float]:
    """Where chance puts the rms of m standard normal values."""
    low, high = stats.chi2.interval(CHANCE, m)
    return float(np.sqrt(low / m)), float(np.sqrt(high / m))


def sigma_against_error(sigma: Array, error: Array, groups: int) -> NDArray[np.float64]:
    """Rms sigma and rms error in groups of equal size, ordered by sigma: (<= groups, 2)."""
    order = np.argsort(sigma, axis=None)
    parts = np.array_split(order, min(groups, order.size))
    return np.array([(rms(sigma.flat[part]), rms(error.flat[part])) for part in parts])


def log_likelihood(score: Scored) -> NDArray[np.float64]:
    """Mean Gaussian log-likelihood of a bin, per planet (m,) [nat], depths counted in ppm."""
    density = stats.norm.logpdf(score.error * 1e6, scale=score.sigma * 1e6)
    return np.asarray(density.mean(axis=1))


def choose_planets(data: ReportData, count: int, worst: int) -> NDArray[np.intp]:
    """Rows to choose from in the page, ascending: the worst, then evenly over the other ranks.

    Without truth the planets are ranked by their mean sigma.
    """
    n = len(data.planet_ids)
    rank = -data.sigma.mean(axis=1).astype(np.float64)
    score = scored(data)
    if score is not None:
        rank = np.full(n, np.inf)
        rank[data.labelled] = log_likelihood(score)
    order = np.argsort(rank, kind="stable")
    head, rest = order[: min(worst, count)], order[min(worst, count) :]
    spread = np.linspace(0, max(len(rest) - 1, 0), min(count - len(head), len(rest)))
    return np.sort(np.concatenate([head, rest[np.round(spread).astype(np.intp)]]))
