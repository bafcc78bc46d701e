"""What made a posterior mean: measured depths by exact linear weights, prior, patches.

Given which Gaussian of the mixture a planet is from (with haze or without, of a patchy star or a
quiet one), mean and measurement are jointly Gaussian: with the gain K (prior/conditioning.py),

    mean = sum_c p_c [K_c x + (1 - K_c) m_c],

p_c how likely it is, m_c its own mean spectrum, x the depths d, or of a patchy star d / h. There
the gain holds that patches may be other than their mean: with their modes M and coefficients z,
K = K0 (1 - M T), z = T (x - m), so K x + (1 - K) m = K0 (x - M z) + (1 - K0) m, where K0 is the
gain of someone who knows z. Hence three parts, which add up to the mean:

    read = sum p K0 d,  patches = sum p K0 (x - M z - d),  prior = sum p (1 - K0) m.

Rows of K0 do not sum to 1, but a spectrum constant in wavelength goes through all three alike: any
reference depth may be taken off d, m and the mean, and they still add up.

W = sum p K (/ h) is the derivative of the mean over the depths at fixed p and covariances, the
averaging kernel of Rodgers (2000, Inverse Methods for Atmospheric Sounding, 3.1): its trace is how
many independent numbers were measured, one less the sum of a row what the prior's level has of that
bin. The p move with the depths, too, and common errors are in proportion to them: both are held.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from spectramind.contracts.measurement import Measurement
from spectramind.instrument.grid import AIRS_BINS, FGS1_BIN
from spectramind.prior.conditioning import Gaussians, condensed, responsibilities
from spectramind.prior.error_model import Visits
from spectramind.prior.spectral_prior import SpectralPrior

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Explained:
    """Why a planet's posterior mean is what it is.

    Attributes:
        depth: (283,) what was measured, visits combined.
        level: depth that parts are told from: AIRS's mean of the posterior mean.
        weights: (283, 283) W, of each measured depth (columns) in each bin's mean (rows).
        read: (283, 283) sum of p K0, the same with the star's patches known.
        own: (G, 283) the prior's part by Gaussian, of its spectrum less the level.
        undone: (283,) what spots and faculae are taken to have done, taken back.
        share: (2, 2, G) p: of a quiet and a patchy star, without and with haze.
    """

    depth: Array
    level: float
    weights: Array
    read: Array
    own: Array
    undone: Array
    share: Array

    @property
    def lifted(self) -> float:
        """By how much taking spots back lifts the level: AIRS's mean of ``undone``."""
        return float(self.undone[AIRS_BINS].mean())

    @property
    def data(self) -> Array:
        """(283, 283) what each measured depth (columns), less the level that was measured before
        spots were taken back, adds to each bin.
        """
        return np.asarray(self.read * (self.depth - (self.level - self.lifted)))

    @property
    def patches(self) -> Array:
        """(283,) what taking spots back adds to each bin beside lifting the level."""
        return np.asarray(self.undone - self.lifted * self.read.sum(axis=1))

    @property
    def mean(self) -> Array:
        """(283,) the sum of all parts: the posterior mean."""
        total = self.level + self.data.sum(axis=1) + self.patches + self.own.sum(axis=0)
        return np.asarray(total)


def explain(prior: SpectralPrior, planets: Sequence[Visits]) -> list[Explained]:
    """Take apart what ``prior.posteriors`` says of the planets of a set."""
    chances = prior.patchy_chances(planets).tolist()
    return [_explain(prior, each, chance) for each, chance in zip(planets, chances, strict=True)]


@dataclass(frozen=True)
class _Star:
    """A kind of star: how likely it is, and the measurement of true depths that it makes.

    Attributes:
        factor: (283,) h, by which the mean patches of such a star scale depths.
        patches: how many of the measurement's modes, the last ones, are the patches'.
    """

    chance: float
    measured: Measurement
    factor: Array
    patches: int


def _explain(prior: SpectralPrior, visits: Visits, patchy: float) -> Explained:
    quiet = condensed(prior.errors.combined(visits))
    spotted, _ = prior.patchy.if_spotted(quiet)
    factor, columns = prior.patchy.effect()
    stars = (
        _Star(1 - patchy, quiet, np.ones_like(factor), 0),
        _Star(patchy, spotted, factor, columns.shape[1]),
    )
    mixture, depth = prior.gaussians, quiet.depth
    share = np.stack([star.chance * responsibilities(star.measured, mixture) for star in stars])
    weights, read = np.zeros((2, len(depth), len(depth)))
    patches, own, ones = np.zeros(len(depth)), *np.zeros((2, *mixture.mean.shape))
    for kind, haze, which in np.argwhere(share > 0).tolist():
        star, p, mean = stars[kind], share[kind, haze, which], mixture.mean[which]
        gain, known, undone = _conditioned(star, depth, mixture, which, haze)
        weights += p * gain
        read += p * known
        patches += p * (known @ undone)
        own[which] += p * (mean - known @ mean)
        ones[which] += p * (1 - known.sum(axis=1))
    level = float((read @ depth + patches + own.sum(axis=0))[AIRS_BINS].mean())
    return Explained(depth, level, weights, read, own - level * ones, patches, share)


def _conditioned(
    star: _Star, depth: Array, mixture: Gaussians, which: int, haze: int
) -> tuple[Array, Array, Array]:
    """K / h and K0, (283, 283) each, of a Gaussian, and x - M z - d (283,)."""
    measured, components = star.measured, mixture.components[which]
    if haze:
        own = np.zeros(len(depth))
        own[FGS1_BIN] = mixture.haze_depth
        components = np.column_stack([components, own])
    remainder = mixture.remainder[which]
    gain, told = _gain(measured, components, remainder)
    undone = measured.depth - depth
    if not star.patches:
        return gain, gain, undone
    modes = measured.modes[:, -star.patches :]
    undone = undone - modes @ (told[-star.patches :] @ (measured.depth - mixture.mean[which]))
    errors = replace(measured, modes=measured.modes[:, : -star.patches])
    known, _ = _gain(errors, components, remainder)
    return gain / star.factor, known, undone


def _gain(measured: Measurement, components: Array, remainder: Array) -> tuple[Array, Array]:
    """K (283, 283) of one Gaussian, and by what the modes' coefficients are told, T (R, 283)."""
    total, modes = measured.variance + remainder, measured.modes
    columns = np.column_stack([modes, components])
    weighted = (columns / total[:, None]).T
    normal = np.eye(columns.shape[1]) + weighted @ columns
    told = np.asarray(cho_solve(cho_factor(normal), weighted))
    of_rest = remainder / total
    back = np.column_stack(
        [-of_rest[:, None] * modes, (measured.variance / total)[:, None] * components]
    )
    return np.diag(of_rest) + back @ told, told[: modes.shape[1]]
