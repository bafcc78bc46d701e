"""Is sigma honest, and how large are the errors: z-scores, realised coverage, residuals in ppm."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from spectramind.errors import ConfigError
from spectramind.instrument.grid import FGS1_BIN

Array = NDArray[np.float64]
PPM = 1e6
# Whose scores conformal intervals are made of: planets that nothing has seen, or out-of-fold ones.
ConformalKind = Literal["split", "cross"]
# Absorbs the rounding of (n + 1) (1 - alpha), which would else cost a rank (110 * 0.9 > 99).
_RANK_ROUNDING = 1e-9


def z_scores(truth: Array, mu: Array, sigma: Array) -> Array:
    """z = (y - mu) / sigma, element by element."""
    return (truth - mu) / sigma


def covered(truth: Array, mu: Array, half_width: Array) -> Array:
    """Share of planets with |y - mu| <= half_width in each bin, (283,); infinite widths cover."""
    return (np.abs(truth - mu) <= half_width).mean(axis=0)


def conformal_rank(n: int, alpha: float) -> int:
    """Rank k = ceil((n + 1)(1 - alpha)) of the score that bounds a new one with 1 - alpha.

    A rank above n means that n scores are too few: the bound is infinite.

    Raises:
        ConfigError: alpha is not inside (0, 1).
    """
    if not 0 < alpha < 1:
        raise ConfigError(f"alpha is {alpha}: it must lie inside (0, 1), set calib.corel.alpha")
    return math.ceil((n + 1) * (1 - alpha) - _RANK_ROUNDING)


def planets_needed(alpha: float) -> int:
    """The smallest number of calibration planets for which ``conformal_rank`` is not above n."""
    return math.ceil(1 / alpha - _RANK_ROUNDING) - 1


def coverage_band(
    n_calibration: int, alpha: float, n_test: int, probability: float = 0.95
) -> tuple[float, float]:
    """Central range of one bin's realised coverage that chance alone explains.

    Given one calibration set the coverage of a split-conformal interval follows
    Beta(k, n + 1 - k); counted on ``n_test`` planets it is beta-binomial. Judge coverages of many
    bins against this band, not against 1 - alpha.

    Returns:
        Low and high coverage; (1, 1) when the intervals are infinite.
    """
    k = conformal_rank(n_calibration, alpha)
    if k > n_calibration:
        return 1.0, 1.0
    counts = stats.betabinom(n_test, k, n_calibration + 1 - k)
    tails = (1 - probability) / 2, (1 + probability) / 2
    low, high = (float(counts.ppf(tail)) / n_test for tail in tails)
    return low, high


def promise(kind: ConformalKind, alpha: float) -> str:
    """What intervals promise, in words."""
    if kind == "split":
        return f"marginal per-bin coverage of at least {1 - alpha:.0%} over exchangeable planets"
    return (
        f"marginal per-bin coverage of about {1 - alpha:.0%} over exchangeable planets, as far as "
        "leaving out a group moves the estimate little against sigma; no bound without that"
    )


@dataclass(frozen=True)
class ZStatistics:
    """Moments of z over all elements; honest sigmas give mean 0, rms 1, 0.0027 beyond 3."""

    mean: float
    rms: float
    largest: float
    beyond_3: float


def z_statistics(z: Array) -> ZStatistics:
    """Summarise z, any shape."""
    size = np.abs(z)
    return ZStatistics(
        mean=float(z.mean()),
        rms=float(np.sqrt((z * z).mean())),
        largest=float(size.max()),
        beyond_3=float((size > 3).mean()),
    )


@dataclass(frozen=True)
class Residuals:
    """Errors mu - y over planets [ppm of the star's flux].

    ``airs_mean`` is a planet's error averaged over AIRS bins, ``airs_shape`` what remains of each
    bin's error after that average is taken away (so it has no bias of its own). A median is that of
    the planets' own rms errors: one lost planet does not show in it.
    """

    fgs1_rms: float
    fgs1_bias: float
    fgs1_median: float
    airs_mean_rms: float
    airs_mean_bias: float
    airs_mean_median: float
    airs_shape_rms: float
    airs_shape_median: float


def _rms(values: Array) -> float:
    return float(np.sqrt((values * values).mean()))


def residuals(truth: Array, mu: Array) -> Residuals:
    """Split the errors of (n, 283) predictions into level and shape."""
    error = (mu - truth) * PPM
    fgs1, airs = error[:, FGS1_BIN], error[:, FGS1_BIN + 1 :]
    level = airs.mean(axis=1)
    shape = airs - level[:, None]
    return Residuals(
        fgs1_rms=_rms(fgs1),
        fgs1_bias=float(fgs1.mean()),
        fgs1_median=float(np.median(np.abs(fgs1))),
        airs_mean_rms=_rms(level),
        airs_mean_bias=float(level.mean()),
        airs_mean_median=float(np.median(np.abs(level))),
        airs_shape_rms=_rms(shape),
        airs_shape_median=float(np.median(np.sqrt((shape**2).mean(axis=1)))),
    )


def white_z_scores(truth: Array, mu: Array, sigma: Array) -> Array:
    """Error of each planet's white-light depth (the mean over AIRS) in units of its sigma, (n,).

    A table of sigmas does not say how errors go together. Taken here is the mean sigma, which is
    that of the mean when they all do: the widest reading. Levels are told by geometry and drift,
    which all bins share, so it is close; where bins err independently it is too wide.
    """
    airs = slice(FGS1_BIN + 1, None)
    return np.asarray((truth - mu)[:, airs].mean(axis=1) / sigma[:, airs].mean(axis=1))


@dataclass(frozen=True)
class Sharpness:
    """How much sigma promises, over planets [ppm of the star's flux].

    Sharpness is worth something only beside coverage. A planet of which nothing was measured has a
    sigma of thousands of ppm and lifts the mean; the median does not see it.
    ``fgs1_*`` are of that bin's sigma, ``airs_*`` of a planet's mean sigma over AIRS bins.
    """

    fgs1_mean: float
    fgs1_median: float
    airs_mean: float
    airs_median: float


def sharpness(sigma: Array) -> Sharpness:
    """Summarise sigma (n, 283)."""
    fgs1, airs = sigma[:, FGS1_BIN] * PPM, sigma[:, FGS1_BIN + 1 :].mean(axis=1) * PPM
    return Sharpness(
        fgs1_mean=float(fgs1.mean()),
        fgs1_median=float(np.median(fgs1)),
        airs_mean=float(airs.mean()),
        airs_median=float(np.median(airs)),
    )
