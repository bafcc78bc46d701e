"""A measurement as it reads if regions beside the transit's chord make the star's disc patchy.

Spots and faculae that the planet does not cross scale its depth, measured = e(lambda) true
(physics/spots.py). Whatever their number, areas and temperatures, ln e = G c to two parts in a
thousand at worst, with two columns G: what a tenth of the disc 900 K cooler does, and how much
bluer hotter patches are that dim AIRS as much. Bright ones have a negative first coefficient. Over
patchy stars c ~ N(m, S S^T); to first order around the mean, with h = e^{G m},

    measured / h = true + level G S z + noise / h,    z ~ N(0, 1),

which are two common modes more. They are of the level's size, not of the noisy depths': in
proportion to these they could shrink their noise and would be preferred for that alone.

How many stars are patchy, m and S are learnt where truths are known: a spectrum and its
measurement tell c as a regression does. Beforehand stars have spots: 0 to 20 % of the disc, 900 K
cooler at 5500 K; that counts as a few planets (ADR 0015, 0024).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, logsumexp

from spectramind.contracts.measurement import Measurement, combine, inverse
from spectramind.errors import ConfigError
from spectramind.instrument.grid import AIRS_BINS, bin_wavelengths
from spectramind.physics.spots import contamination, spot_darkness
from spectramind.prior.error_model import Visits

Array = NDArray[np.float64]
STAR_K = 5500.0
SPOT_K = 4600.0
COLD_K, BRIGHT_K = 4000.0, 5700.0  # between which patches are the redder, the hotter
SHARE = 0.1
# Of the first coefficient: shares between 0 and 0.2. Of the second: contrasts of 300 to 1500 K.
_BEFORE_SIGMA = np.array([1 / np.sqrt(3), 0.2])

# How many planets what is known beforehand counts as among labelled ones: of the share of patchy
# stars, and of what patches do.
_PLANETS_BEFORE = 10.0
_PATCHY_BEFORE = 3.0
_ITERATIONS = 200
_ROUNDS = 30
# How likely the stars of a set have spots more or less often than those that were learnt from, and
# how often: anything. Ten times less or more changes the score by 0.0008 at most (ADR 0015).
_OTHER_SET = 1e-3
_SHARES = (np.arange(200) + 0.5) / 200


@cache
def basis() -> Array:
    """G, (283, 2)."""
    wavelength = bin_wavelengths()
    amount = np.log(contamination(SHARE, SPOT_K, STAR_K, wavelength))
    bright, cold = (
        darkness / darkness[AIRS_BINS].mean()
        for darkness in (spot_darkness(k, STAR_K, wavelength) for k in (BRIGHT_K, COLD_K))
    )
    found = np.column_stack([amount, amount[AIRS_BINS].mean() * (bright - cold)])
    found.flags.writeable = False
    return found


@dataclass(frozen=True)
class Patchy:
    """Patchy stars among all.

    Attributes:
        share: how many of them are, inside (0, 1).
        mean: (2,) mean coefficients m of those that are.
        spread: (2, 2) S, the covariance is S S^T.

    Raises:
        ConfigError: the share is outside its range.
    """

    share: float
    mean: Array
    spread: Array

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise ConfigError(
                f"the share of spotted stars is {self.share}: it must lie inside (0, 1)"
            )

    def effect(self) -> tuple[Array, Array]:
        """h (283,) and G S (283, 2)."""
        return np.exp(basis() @ self.mean), basis() @ self.spread

    def drawn(self, rng: np.random.Generator) -> Array:
        """What a star's patches, or none, multiply depths by, (283,)."""
        coefficients = self.mean + self.spread @ rng.standard_normal(2)
        patchy = rng.random() < self.share
        return np.exp(basis() @ coefficients) if patchy else np.ones(len(basis()))

    def if_spotted(self, measured: Measurement) -> tuple[Measurement, float]:
        """The measurement of the true depths that it is if the star is patchy.

        Returns:
            It, the patches' modes last, and the logarithm of the determinant of d measured /
            d true: the density of what was measured is that of the true depths over this.
        """
        factor, columns = self.effect()
        depth = measured.depth / factor
        patches = depth[AIRS_BINS].mean() * columns
        modes = np.column_stack([measured.modes / factor[:, None], patches])
        return Measurement(depth, measured.variance / factor**2, modes), float(np.log(factor).sum())


def before(share: float) -> Patchy:
    """What is known before any star is seen."""
    return Patchy(share, np.array([1.0, 0.0]), np.diag(_BEFORE_SIGMA))


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
    shares, before = _possible(share)
    odds = logit(shares)[:, None] + evidence
    likely = np.log(before) + (np.log1p(-shares)[:, None] + np.logaddexp(0, odds)).sum(axis=1)
    found: Array = np.exp(likely - logsumexp(likely)) @ expit(odds)
    return found


def shares_by_others(evidence: Array, share: float) -> Array:
    """The share of spotted stars that the others of its set let expect for each star, (n,).

    All that a star has of its set: with share s_i of this, it is spotted with the chance
    expit(evidence_i + logit(s_i)), which is what ``chances`` gives.

    Args:
        evidence, share: as of ``chances``.
    """
    shares, before = _possible(share)
    odds = logit(shares)[:, None] + evidence
    each = np.log1p(-shares)[:, None] + np.logaddexp(0, odds)
    others = np.log(before)[:, None] + each.sum(axis=1, keepdims=True) - each
    found: Array = shares @ np.exp(others - logsumexp(others, axis=0))
    return found


def _possible(share: float) -> tuple[Array, Array]:
    """Shares that a set may have, and how likely each is beforehand."""
    shares = np.concatenate([[share], _SHARES])
    before = np.full(len(shares), _OTHER_SET / len(_SHARES))
    before[0] = 1 - _OTHER_SET
    return shares, before


class KnownStar:
    """A star whose planet's spectrum is known: what of the depths patches would do.

    Attributes:
        visits: as they were measured.

    Args:
        truth: (283,) the planet's depths.
        visits: its measurements, their covariance taken as stated. Patches are one for all.
    """

    def __init__(self, truth: Array, visits: Visits) -> None:
        self.visits = visits
        self._truth, self._measured = truth, combine(visits)
        self._q, _ = inverse(self._measured.variance, self._measured.modes)
        self._quiet = self._misfit(self._measured.depth - truth)

    def given(self, patchy: Patchy) -> tuple[float, Array, Array]:
        """Log evidence of patches against none, and the coefficients' mean and covariance."""
        columns = basis()
        factor = np.exp(columns @ patchy.mean)
        effect = (self._truth * factor)[:, None] * columns
        off = self._measured.depth - self._truth * factor
        pull, weight = self._solve(effect @ patchy.spread, off)
        root = np.linalg.cholesky(np.eye(2) + weight)
        told = np.linalg.solve(root, pull)
        evidence = 0.5 * (self._quiet - self._misfit(off) + told @ told)
        evidence -= np.log(np.diag(root)).sum()
        half = np.linalg.solve(root, patchy.spread.T)
        return float(evidence), patchy.mean + half.T @ told, half.T @ half

    def without(self, coefficients: Array) -> list[Measurement]:
        """The visits as they would have been without patches of these coefficients."""
        factor = np.exp(basis() @ coefficients)
        return [
            Measurement(v.depth / factor, v.variance / factor**2, v.modes / factor[:, None])
            for v in self.visits
        ]

    def _solve(self, columns: Array, off: Array) -> tuple[Array, Array]:
        """X^T C^-1 off and X^T C^-1 X."""
        scaled, turned = columns / self._measured.variance[:, None], self._q.T @ columns
        return scaled.T @ off - turned.T @ (self._q.T @ off), scaled.T @ columns - turned.T @ turned

    def _misfit(self, off: Array) -> float:
        return float(off @ (off / self._measured.variance) - ((self._q.T @ off) ** 2).sum())


def learn_patches(stars: Sequence[KnownStar], known: Patchy) -> tuple[Patchy, list[Visits]]:
    """Share, mean and spread of patchy stars, by expectation-maximisation.

    Args:
        stars: of the labelled planets; none gives what is known.
        known: beforehand.

    Returns:
        What was learnt, and every planet's visits without what its patches did, where these are
        likelier than none.
    """
    found = known
    for _ in range(_ROUNDS if stars else 0):
        told = [star.given(found) for star in stars]
        evidence = np.array([each[0] for each in told])
        share = spotted_share(evidence, known.share)
        weight = expit(evidence + logit(share))
        found = _most_likely(known, share, weight, told)
    told = [star.given(found) for star in stars]
    visits = [
        star.without(coefficients) if evidence + logit(found.share) > 0 else star.visits
        for star, (evidence, coefficients, _) in zip(stars, told, strict=True)
    ]
    return found, visits


def _most_likely(
    known: Patchy, share: float, weight: Array, told: Sequence[tuple[float, Array, Array]]
) -> Patchy:
    """The M step; what is known counts as a few patchy stars."""
    coefficients = np.array([known.mean, *(each[1] for each in told)])
    covariances = np.array([known.spread @ known.spread.T, *(each[2] for each in told)])
    counts = np.append(_PATCHY_BEFORE, weight)
    mean = counts @ coefficients / counts.sum()
    off = coefficients - mean
    scatter = covariances + off[:, :, None] * off[:, None, :]
    covariance = np.tensordot(counts, scatter, 1) / counts.sum()
    return Patchy(share, mean, np.linalg.cholesky(covariance))
