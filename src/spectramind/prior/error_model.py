"""How far the stated covariance of the depths is to be trusted: factors learnt on known planets.

A few planets are measured badly. A scale that minds them would make all others too uncertain, so
every factor is an M-estimate of scale (Huber 1981): squares beyond 2.5 sigma count as 2.5 sigma.
With few planets each factor is drawn towards what the fit states.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from spectramind.contracts.measurement import Measurement, combine
from spectramind.instrument.grid import AIRS_BINS, FGS1_BIN, N_BINS

Array = NDArray[np.float64]
Visits = Sequence[Measurement]
_CLIP = 6.25  # 2.5 sigma, squared
_EXPECTED = 0.97764  # mean of min(z^2, 6.25) for standard normal z
_LEAST_TRUST = 0.1  # of the stated common variance
_MOST_EXTRA = 1.0
# How many planets, and pairs of visits, what is stated counts as. A planet tells the variance of a
# bin 282 times over, that of a common error once.
_STATED_NOISE = 1.0
_STATED_PLANETS = 30.0
_STATED_PAIRS = 5.0


@dataclass(frozen=True)
class ErrorModel:
    """Factors on a measurement's covariance; pairs are of FGS1 and of the AIRS mean.

    Attributes:
        noise: factor of the AIRS bins' independent variance.
        trust: (2,) factor, at most 1, of FGS1's independent variance, and of the common modes.
            These keep their form: scaled in one detector alone, they would claim to know the level.
        visit: (2,) relative error of a detector's depths that is new in each visit.
        lasting: (2,) relative error of a detector's depths that all visits of a planet share.
    """

    noise: float
    trust: Array
    visit: Array
    lasting: Array

    def of_visit(self, visit: Measurement) -> Measurement:
        """A visit with the covariance of its own errors."""
        scale = np.full(N_BINS, self.noise)
        scale[FGS1_BIN] = self.trust[0]
        own = common(visit.depth, self.visit)
        modes = np.column_stack([visit.modes * np.sqrt(self.trust[1]), own])
        return Measurement(visit.depth, visit.variance * scale, modes)

    def combined(self, visits: Visits) -> Measurement:
        """All visits of a planet as one measurement, with all its errors."""
        one = combine([self.of_visit(visit) for visit in visits])
        modes = np.column_stack([one.modes, common(one.depth, self.lasting)])
        return Measurement(one.depth, one.variance, modes)

    def describe(self) -> str:
        """One line for people."""
        (fgs1, airs), (visit_fgs1, visit_airs) = 100 * self.lasting, 100 * self.visit
        return (
            f"variance x {self.noise:.2f} a bin, x {self.trust[0]:.2f} FGS1, x {self.trust[1]:.2f} "
            f"common; added {fgs1:.2f} % FGS1, {airs:.2f} % AIRS lasting, "
            f"{visit_fgs1:.2f} %, {visit_airs:.2f} % a visit"
        )


def common(depth: Array, relative: Array) -> Array:
    """Modes of an error proportional to the AIRS mean depth, common to a detector, (283, 2)."""
    modes = np.zeros((N_BINS, 2))
    level = depth[AIRS_BINS].mean()
    modes[FGS1_BIN, 0], modes[AIRS_BINS, 1] = relative * level
    return modes


STATED = ErrorModel(1.0, np.ones(2), np.zeros(2), np.zeros(2))


def fit_errors(truth: Array, measurements: Sequence[Visits]) -> ErrorModel:
    """Learn the factors on planets whose spectra are known.

    The relative errors that labels show are split by what two visits of a planet differ by; without
    pairs of visits they count as lasting, which is the careful choice.
    """
    single = [
        (visit.depth - spectrum, visit)
        for spectrum, visits in zip(truth, measurements, strict=True)
        for visit in visits
    ]
    confidence = len(single) / (len(single) + _STATED_PLANETS)
    noise = robust_scale(np.concatenate([_shape_z2(error, visit) for error, visit in single]))
    noise = max(noise ** (len(single) / (len(single) + _STATED_NOISE)), 0.5)
    trust, total = np.ones(2), np.zeros(2)
    for detector in (1, 0):  # FGS1's share of the common modes is AIRS's to judge
        scale, extra = _common(_parts(single, noise, trust, detector))
        trust[detector], total[detector] = scale**confidence, extra**2 * confidence
    visit = np.minimum(_between_visits(measurements, noise, trust), total)
    return ErrorModel(noise, trust, np.sqrt(visit), np.sqrt(total - visit))


def _between_visits(measurements: Sequence[Visits], noise: float, trust: Array) -> Array:
    """Squared relative error that is new in each visit, from planets with two, (2,)."""
    pairs = [
        (a.depth - b.depth, _sum(a, b)) for visits in measurements for a, b in pairwise(visits)
    ]
    if not pairs:
        return np.zeros(2)
    extra = np.array([_common(_parts(pairs, noise, trust, d))[1] for d in range(2)])
    # The difference of two visits has the variance of both.
    return extra**2 / 2 * len(pairs) / (len(pairs) + _STATED_PAIRS)


def _sum(a: Measurement, b: Measurement) -> Measurement:
    modes = np.concatenate([a.modes, b.modes], axis=1)
    return Measurement((a.depth + b.depth) / 2, a.variance + b.variance, modes)


def _shape_z2(error: Array, visit: Measurement) -> Array:
    left = error[AIRS_BINS] - error[AIRS_BINS].mean()
    z2: Array = left**2 / visit.variance[AIRS_BINS]
    return z2


def _parts(
    single: Sequence[tuple[Array, Measurement]], noise: float, trust: Array, detector: int
) -> Array:
    """Rows of squared error, fixed variance, doubtful variance, squared depth: (4, n)."""
    rows = []
    for error, visit in single:
        depth2 = visit.depth[AIRS_BINS].mean() ** 2
        if detector == 0:
            fixed = trust[1] * (visit.modes[FGS1_BIN] ** 2).sum()
            own = trust[0] * visit.variance[FGS1_BIN]
            rows.append((error[FGS1_BIN] ** 2, fixed, own, depth2))
        else:
            mode = visit.modes[AIRS_BINS].mean(axis=0)
            fixed = noise * visit.variance[AIRS_BINS].mean() / (N_BINS - 1)
            rows.append((error[AIRS_BINS].mean() ** 2, fixed, trust[1] * mode @ mode, depth2))
    return np.array(rows).T


def _common(parts: Array) -> tuple[float, float]:
    """Factor of the doubtful variance (at most 1), and the relative error to add (0 or more)."""
    error2, fixed, doubtful, depth2 = parts
    if robust_scale(error2 / (fixed + doubtful)) <= 1:
        return _root(lambda x: error2 / (fixed + x * doubtful), _LEAST_TRUST, 1.0), 0.0
    return 1.0, _root(lambda r: error2 / (fixed + doubtful + r**2 * depth2), 0.0, _MOST_EXTRA)


def _root(z2: Callable[[float], Array], low: float, high: float) -> float:
    """Where in [low, high] the squares, which fall, have the scale 1; else the nearer end."""

    def excess(value: float) -> float:
        return float(np.minimum(z2(value), _CLIP).mean() - _EXPECTED)

    if excess(low) <= 0:
        return low
    return high if excess(high) >= 0 else float(brentq(excess, low, high, xtol=1e-6))


def robust_scale(z2: Array) -> float:
    """Variance of normalised errors from their squares, 1e-3..1e6."""
    return 10 ** _root(lambda exponent: z2 / 10**exponent, -3.0, 6.0)
