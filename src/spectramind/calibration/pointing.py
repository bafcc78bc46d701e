"""Decorrelation: what the pointing does to the light curves is regressed out of them,
at full cadence and before any binning, in a way that cannot touch a transit.

Within short blocks (minutes) each light curve and each regressor is freed of its own mean and
straight line: what a transit or a drift does there is gone to first order. The coefficients beta of
relative flux against regressors are least squares over what is left, and the correction

    corrected = flux / (1 + (R - mean R) beta)

applies them to the full regressors, slow part included. A regressor that follows the telescope and
not the star cannot carry a transit into the light curve: FGS1's motion and AIRS's shift and width
along the slit are orthogonal to the star's own image, but AIRS's shift along the dispersion is not
to its spectrum. Regressing on it would erase the part of the planet's spectrum that looks like
d ln F / d column. FGS1, on the same telescope, says what it can of that axis; what AIRS does by
itself the transit fit finds together with the depths.

A light curve's coefficients are shrunk by the positive-part James-Stein factor
max(0, 1 - (K - 2) / chi^2), chi^2 = beta' Cov^-1 beta over K coefficients (James & Stein 1961):
where there is nothing to gain they vanish, and little is lost.

Blocks of few exposures (co-added data) would have to be long to leave anything to learn from, and a
long block holds the curvature of an ingress: there the light curves stay as they are, and the
transit fit, which knows the transit, regresses on the pointing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectramind.calibration.extraction import AirsSeries
from spectramind.calibration.photometry import Fgs1Series
from spectramind.contracts.series import cycle_bounds

Array = NDArray[np.float64]

LEAST_BLOCK = 8  # exposures of a block: fewer, and its straight line takes most of what is there
_LARGEST = 0.5  # correction; a larger one is no small motion, and must not flip the flux's sign


@dataclass(frozen=True)
class Decorrelated:
    """Light curves less the pointing.

    Attributes:
        flux: (T, B), each on its former mean level.
        coefficients: (K, B) relative flux a unit of each regressor, shrunk.
        shrinkage: (B,) the factor 0..1 that they hold.
        removed_ppm: (B,) rms of what was taken out.
    """

    flux: Array
    coefficients: Array
    shrinkage: Array
    removed_ppm: Array


def fgs1_regressors(star: Fgs1Series) -> Array:
    """What FGS1's light follows, (T, 8): the five amplitudes of motion, and products of the shifts.

    The latter are what is left where the shifts are no longer small against the star's core.
    """
    row, column = star.motion[:, 0], star.motion[:, 1]
    return np.column_stack([star.motion, row * row, column * column, row * column])


def airs_regressors(seen: AirsSeries, star: Fgs1Series, time_h: Array, fgs1_time_h: Array) -> Array:
    """What the light of AIRS follows, (T, 4): its shift and width along the slit, FGS1's shift.

    Args:
        time_h, fgs1_time_h: middle of the exposures of either [h].
    """
    shift = on_clock(star.motion[:, :2], fgs1_time_h, time_h)
    return np.column_stack([seen.pointing[:, [0, 2]], shift])


def on_clock(values: Array, time_h: Array, clock_h: Array) -> Array:
    """Means of the samples (N, K) within each cycle of another clock, (T, K).

    Cycles are those of ``cycle_bounds``; one without samples lies on the line between those that
    have some.
    """
    first, stop = cycle_bounds(time_h, clock_h)
    count = stop - first
    total = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    seen = np.flatnonzero(count)
    if not len(seen):
        return np.zeros((len(clock_h), values.shape[1]))
    mean = (total[stop] - total[first])[seen] / count[seen, None]
    return np.stack([np.interp(clock_h, clock_h[seen], column) for column in mean.T], axis=1)


def within_blocks(
    values: Array, block: int, breaks: Sequence[int] | NDArray[np.integer] = ()
) -> tuple[Array, int]:
    """Residuals (T, N) from a straight line in each block of so many samples, and how many blocks.

    Blocks are as equal as can be, none reaches across a break (the number of a sample that follows
    a gap), and none is shorter than ``block`` unless what lies between two breaks is.
    """
    left = np.array(values, dtype=np.float64)
    pieces = [  # views: the residuals replace the values
        piece
        for run in np.split(left, breaks)
        for piece in np.array_split(run, max(len(run) // block, 1))
    ]
    for piece in pieces:
        piece -= piece.mean(axis=0)
        clock = np.arange(len(piece)) - (len(piece) - 1) / 2
        power = (clock**2).sum()
        if power > 0:
            piece -= clock[:, None] * (np.einsum("t,tn->n", clock, piece) / power)
    return left, len(pieces)


def decorrelate(
    flux: Array,
    variance: Array,
    regressors: Array,
    block: int,
    breaks: Sequence[int] | NDArray[np.integer] = (),
) -> Decorrelated:
    """Regress light curves on the pointing.

    Args:
        flux, variance: (T, B) [e], [e^2]; a light curve with infinite variance or without light is
            left as it is.
        regressors: (T, K), finite; those that do not vary are left out.
        block: samples over which mean and slope belong to star and drift (10 minutes' worth); below
            ``LEAST_BLOCK`` all light curves are left as they are.
        breaks: samples before which the star was not seen for so long that no line leads there.
    """
    mean = flux.mean(axis=0)
    usable = (mean > 0) & (np.isfinite(variance) & (variance > 0)).all(axis=0)
    centred = regressors - regressors.mean(axis=0)
    beta, shrinkage = np.zeros((regressors.shape[1], flux.shape[1])), np.zeros(flux.shape[1])
    if LEAST_BLOCK <= block <= len(flux) and usable.any():
        relative = flux[:, usable] / mean[usable]
        beta[:, usable], shrinkage[usable] = _coefficients(relative, centred, block, breaks)
    model = np.einsum("tk,kb->tb", centred, beta)
    corrected = flux / (1.0 + np.clip(model, -_LARGEST, _LARGEST))
    return Decorrelated(corrected, beta, shrinkage, 1e6 * model.std(axis=0))


def _coefficients(
    relative: Array,
    regressors: Array,
    block: int,
    breaks: Sequence[int] | NDArray[np.integer],
) -> tuple[Array, Array]:
    """Shrunk coefficients (K, B) of relative flux (T, B), and the factors (B,) they hold."""
    short, blocks = within_blocks(regressors, block, breaks)
    target, _ = within_blocks(relative, block, breaks)
    spread = short.std(axis=0)
    varies = spread > 1e-9 * np.abs(regressors).max(axis=0)  # else rounding is all there is
    scale = np.where(varies, spread, 1.0)
    design = short / scale * varies
    normal = np.einsum("tk,tl->kl", design, design)
    inverse = np.linalg.pinv(normal, rcond=1e-10, hermitian=True)
    beta = np.einsum("kl,lb->kb", inverse, np.einsum("tl,tb->lb", design, target))

    terms = int(np.linalg.matrix_rank(normal, rtol=1e-10, hermitian=True))
    freedom = len(relative) - 2 * blocks - terms
    explained = np.einsum("kb,kl,lb->b", beta, normal, beta)
    noise = np.maximum((target**2).sum(axis=0) - explained, 0.0) / max(freedom, 1)
    by_chance = max(terms - 2, 0) * noise
    gain = explained > by_chance
    shrinkage = np.where(gain, 1.0 - by_chance / np.where(gain, explained, 1.0), 0.0)
    return beta * shrinkage / scale[:, None], shrinkage
