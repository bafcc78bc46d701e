"""Reduced chi2 and coverage of some planets in some bins, beside what chance explains.

The bands take a planet as one draw, as if all its bins erred together: levels nearly do, shapes do
not, so this is the widest reading, and what lies outside a band is no accident of bins that err
alike. For normal errors chi2 is then chi2_n / n and the count within 1 sigma binomial; the count
within split-conformal intervals is beta-binomial (``coverage.coverage_band``).
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from spectramind.evaluation.coverage import coverage_band
from spectramind.evaluation.planet_groups import LEAST, PlanetGroup

Array = NDArray[np.float64]
Band = tuple[float, float]
CHANCE = 0.95  # probability of every band
WITHIN_1_SIGMA = float(stats.norm.cdf(1) - stats.norm.cdf(-1))
TOO_FEW = "too few planets"
AS_EXPECTED, NARROW, WIDE, SOME = "as expected", "σ too small", "σ too large", "a few far off"


@dataclass(frozen=True)
class GroupCoverage:
    """What sigma is worth in one group; all but names and count None where planets are too few.

    Attributes:
        grouping, group: by what the planets are grouped, and which these are.
        planets: how many.
        chi2, chi2_median: mean over planets of the mean z^2 over bins, and its median. Honest
            are 1 for the mean and, for the median, 0.45 (bins err together) to 1 (each alone).
        chi2_low, chi2_high: band of chance of ``chi2`` for normal errors.
        inside_sigma: share of values within 1 sigma; 0.683 if honest and normal.
        inside_sigma_error: its standard error, from planet to planet.
        inside_sigma_low, inside_sigma_high: band of chance.
        inside_interval, inside_interval_error, ..._low, ..._high: the same for the intervals;
            None without intervals, the band also without their calibration.
        reading: in words.
    """

    grouping: str
    group: str
    planets: int
    chi2: float | None = None
    chi2_median: float | None = None
    chi2_low: float | None = None
    chi2_high: float | None = None
    inside_sigma: float | None = None
    inside_sigma_error: float | None = None
    inside_sigma_low: float | None = None
    inside_sigma_high: float | None = None
    inside_interval: float | None = None
    inside_interval_error: float | None = None
    inside_interval_low: float | None = None
    inside_interval_high: float | None = None
    reading: str = TOO_FEW

    def to_row(self) -> dict[str, Any]:
        """A row of a table."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class ScoredErrors:
    """Errors of the planets whose truth is known, and what groups of them are judged by.

    Attributes:
        z: (n, 283) errors in units of sigma.
        half_width: (n, 283) of the intervals in units of sigma, NaN where there is none; None
            without intervals.
        calibration: planets that calibrated the intervals, and their alpha; None: not known.
    """

    z: Array
    half_width: Array | None = None
    calibration: tuple[int, float] | None = None

    def of(
        self, grouping: str, group: PlanetGroup, bins: NDArray[np.bool_] | None = None
    ) -> GroupCoverage:
        """One group, in the bins that are asked for ((283,) bool; None: all)."""
        n = len(group.rows)
        if n < LEAST:
            return GroupCoverage(grouping, group.label, n)
        chosen = slice(None) if bins is None else bins
        z = self.z[group.rows][:, chosen]
        own = (z * z).mean(axis=1)
        sigma = (np.abs(z) <= 1).mean(axis=1)
        found: dict[str, Any] = {
            "chi2": float(own.mean()),
            "chi2_median": float(np.median(own)),
            **_beside("chi2", chi2_band(n)),
            **_share("inside_sigma", sigma, sigma_band(n)),
        }
        if self.half_width is not None:
            found |= self._interval(z, self.half_width[group.rows][:, chosen])
        return GroupCoverage(grouping, group.label, n, **found, reading=_reading(found))

    def _interval(self, z: Array, half: Array) -> dict[str, float | None]:
        """Bins without a finite interval are left out."""
        there = ~np.isnan(half).any(axis=0)
        if not there.any():
            return {}
        inside = (np.abs(z) <= half)[:, there].mean(axis=1)
        return _share("inside_interval", inside, interval_band(len(z), self.calibration))


def chi2_band(n: int) -> Band:
    """Where the mean of n squared standard normal values lies by chance."""
    low, high = stats.chi2.interval(CHANCE, n)
    return float(low / n), float(high / n)


def sigma_band(n: int) -> Band:
    """Where chance puts the share of n normal values within 1 sigma: binomial."""
    low, high = stats.binom.interval(CHANCE, n, WITHIN_1_SIGMA)
    return float(low / n), float(high / n)


def interval_band(n: int, calibration: tuple[int, float] | None) -> Band | None:
    """Where chance puts the coverage of n planets; None where the calibration is not known."""
    return None if calibration is None else coverage_band(*calibration, n, CHANCE)


def _share(name: str, shares: Array, band: Band | None) -> dict[str, float | None]:
    """Mean of the planets' own shares, its standard error, its band."""
    error = float(shares.std(ddof=1) / np.sqrt(len(shares)))
    return {name: float(shares.mean()), f"{name}_error": error, **_beside(name, band)}


def _beside(name: str, band: Band | None) -> dict[str, float | None]:
    low, high = (None, None) if band is None else band
    return {f"{name}_low": low, f"{name}_high": high}


def _reading(found: dict[str, Any]) -> str:
    """Coverage speaks first: one planet far off makes chi2, and says nothing of the others."""
    sides = [_side(found, name) for name in ("inside_sigma", "inside_interval")]
    if -1 in sides:
        return NARROW
    if 1 in sides:
        return WIDE
    return {-1: WIDE, 0: AS_EXPECTED, 1: SOME}[_side(found, "chi2")]


def _side(found: dict[str, Any], name: str) -> int:
    """-1 below its band, 1 above it, else 0."""
    value, low, high = (found.get(key) for key in (name, f"{name}_low", f"{name}_high"))
    if value is None or low is None or high is None:
        return 0
    return int(value > high) - int(value < low)
