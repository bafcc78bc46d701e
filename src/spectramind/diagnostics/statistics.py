"""Numbers behind the figures: errors and coverage per bin, sigma against error, worst planets."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from spectramind.diagnostics.report_data import Array, ReportData
from spectramind.evaluation.coverage import conformal_rank, coverage_band

CHANCE = 0.95  # probability of every band drawn for chance


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
    expected = float(stats.norm.cdf(1) - stats.norm.cdf(-1))
    low, high = stats.binom.interval(CHANCE, m, expected)
    return expected, low / m, high / m


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
