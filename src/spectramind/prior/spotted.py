"""A measurement as it reads if spots beside the transit's chord make the star's disc patchy.

Spots that the planet does not cross scale its depth, measured = e(lambda) true (physics/spots.py).
How much of the disc they cover is not known: 0 to 20 % is taken as a Gaussian of the same mean and
variance. To first order around the mean, with h = e(mean) and g = d ln e / d share x deviation,

    measured / h = true + level g a + noise / h,    a ~ N(0, 1),

which is one common mode more. The mode is of the level's size, not of the noisy depths': in
proportion to these it could shrink their noise and would be preferred for that alone.

Temperatures and the range of shares are constants, not settings. Contrast between the detectors
tells the share times the darkness of spots; what temperatures change beside it is its ratio to the
level, which varies little. Grids of shares and temperatures, and each star's own temperature, did
no better than one component at 5500 K (ADR 0015). How many stars have spots is learnt.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, logsumexp

from spectramind.contracts.measurement import Measurement, combine, inverse
from spectramind.instrument.grid import AIRS_BINS, bin_wavelengths
from spectramind.physics.spots import contamination
from spectramind.prior.error_model import Visits

Array = NDArray[np.float64]
STAR_K = 5500.0
SPOT_K = 4600.0
SHARE = 0.1
SHARE_SIGMA = 0.2 / np.sqrt(12)

# How many planets the share of spotted stars known beforehand counts as among labelled ones.
_PLANETS_BEFORE = 10.0
_ITERATIONS = 200
# How likely the stars of a set have spots more or less often than those that were learnt from, and
# how often: anything. Ten times less or more changes the score by 0.0008 at most (ADR 0015).
_OTHER_SET = 1e-3
_SHARES = (np.arange(200) + 0.5) / 200


@cache
def effect() -> tuple[Array, Array]:
    """h and g of every bin, (283,) each."""
    low, mean, high = (
        contamination(SHARE + step * SHARE_SIGMA, SPOT_K, STAR_K, bin_wavelengths())
        for step in (-0.5, 0.0, 0.5)
    )
    slope = np.log(high / low)
    for array in (mean, slope):
        array.flags.writeable = False
    return mean, slope


def if_spotted(measured: Measurement) -> tuple[Measurement, float]:
    """The measurement of the true depths that it is if the star has spots.

    Returns:
        It, the spots' mode last, and the logarithm of the determinant of d measured / d true: the
        density of what was measured is that of the true depths over this.
    """
    factor, slope = effect()
    depth = measured.depth / factor
    spots = depth[AIRS_BINS].mean() * slope
    modes = np.column_stack([measured.modes / factor[:, None], spots])
    return Measurement(depth, measured.variance / factor**2, modes), float(np.log(factor).sum())


def spotted_share(evidence: Array, before: float) -> float:
    """Share of spotted stars among labelled planets.

    It is the most likely one, by expectation-maximisation (Dempster, Laird & Rubin 1977) under a
    Beta prior that counts the share known beforehand as ten planets. The logarithm of what it
    maximises is concave in the share, so there is one maximum.

    Args:
        evidence: (n,) log evidence of spots against none of each planet; n = 0 gives ``before``.
        before: the share known beforehand, inside (0, 1).
    """
    share = before
    for _ in range(_ITERATIONS):
        spotted = expit(evidence + logit(share)).sum()
        share = (_PLANETS_BEFORE * before + spotted) / (_PLANETS_BEFORE + len(evidence))
    return float(share)


def chances(evidence: Array, share: float) -> Array:
    """How likely each star of a set is spotted.

    The share of spotted stars in the set is the one given or, with a chance of a thousandth, any
    between 0 and 1. How likely each of these is tell all planets of the set together: a few that
    look spotted among many do not suffice, a handful in which most do suffices.

    Args:
        evidence: (n,) log evidence of spots against none of each planet.
        share: the share learnt beforehand, inside (0, 1).
    """
    shares = np.concatenate([[share], _SHARES])
    before = np.full(len(shares), _OTHER_SET / len(_SHARES))
    before[0] = 1 - _OTHER_SET
    odds = logit(shares)[:, None] + evidence
    likely = np.log(before) + (np.log1p(-shares)[:, None] + np.logaddexp(0, odds)).sum(axis=1)
    found: Array = np.exp(likely - logsumexp(likely)) @ expit(odds)
    return found


def without_spots(truth: Array, visits: Visits) -> tuple[float, list[Measurement]]:
    """Tell from the true spectrum whether a star is spotted.

    Args:
        truth: (283,) the planet's depths.
        visits: its measurements, their covariance taken as stated.

    Returns:
        Log evidence of spots against none, and the visits as they would have been without them.
    """
    one = combine(visits)
    spotted, log_jacobian = if_spotted(one)
    quiet_fit = _log_density(one, truth)
    spotted_fit = _log_density(spotted, truth) - log_jacobian
    # The spots' share is one for all visits: their mode's amplitude given the truth.
    q, _ = inverse(spotted.variance, spotted.modes)
    off, mode = spotted.depth - truth, spotted.modes[:, -1]
    error = mode * float(mode @ (off / spotted.variance - q @ (q.T @ off)))
    factor, _ = effect()
    cleaned = [
        Measurement(
            visit.depth / factor - error, visit.variance / factor**2, visit.modes / factor[:, None]
        )
        for visit in visits
    ]
    return spotted_fit - quiet_fit, cleaned


def _log_density(measured: Measurement, truth: Array) -> float:
    """Log density of the depths given the truth, up to a constant."""
    q, log_determinant = inverse(measured.variance, measured.modes)
    off = measured.depth - truth
    return float(
        -0.5 * (off @ (off / measured.variance) - ((q.T @ off) ** 2).sum() + log_determinant)
    )
