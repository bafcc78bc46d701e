"""What the fitted transit leaves of a white light curve at its own cadence.

The bin fit works on averages in time; fast noise shows at the light curve's own cadence only. The
transit is the fitted one; its depth, the drift (without priors) and a linear dependence on the
images' motion are least squares here, so that what is left is orthogonal to all of them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectramind.config.fit import FitConfig
from spectramind.contracts.star_row import StarRow
from spectramind.features.drift import drift_basis
from spectramind.features.transit_model import TransitModel
from spectramind.features.white_problem import CLIP_SIGMA, MAD

Array = NDArray[np.float64]
PPM = 1e6
_RANK = 1e-10  # of the normal matrix: weaker directions are none


@dataclass(frozen=True)
class NativeFit:
    """Residuals of one white light curve, outliers left out.

    Attributes:
        time_h: (T,); ppm: (T,) residuals [ppm].
        motion: (T, R) the images' motion around its mean [px].
        slopes, errors: (R,) how the light follows it [ppm/px], and its standard error if the
            residuals are white.
        parameters: of the fit; slow: those of level, drift and depth.
    """

    time_h: Array
    ppm: Array
    motion: Array
    slopes: Array
    errors: Array
    parameters: int
    slow: int


def native_fit(
    time_h: Array,
    flux: Array,
    motion: Array,
    star: StarRow,
    values: Array,
    band: int,
    config: FitConfig,
) -> NativeFit:
    """Fit one white light curve beside a transit that is known.

    Args:
        time_h: (T,) [h]; flux: (T,) any positive unit; motion: (T, R) [px]; all finite.
        star: the planet's row of the star table.
        values: ``PARAMETERS``, as the fit found them.
        band: 0 FGS1, 1 AIRS.
        config: the fit's settings.
    """
    model = TransitModel(time_h, star, config.substep_h)
    limb = values[5 + 2 * band : 7 + 2 * band]
    separation = model.separation(*values[:3])
    transit = model.flux(separation, values[3 + band : 4 + band], limb[None])[0]
    motion = motion - motion.mean(axis=0)
    moving = motion[:, motion.std(axis=0) > 0]
    slow = np.column_stack([np.ones(len(time_h)), drift_basis(time_h, config)])
    design = np.column_stack([transit[:, None] * slow, 1 - transit, transit[:, None] * moving])
    target = flux / np.median(flux)
    keep = np.ones(len(time_h), dtype=bool)
    for _ in range(2):
        best, covariance, rank = _least_squares(design[keep], target[keep])
        left = target - design @ best
        keep = np.abs(left) < CLIP_SIGMA * max(MAD * np.median(np.abs(left)), 1e-12)
    variance = float((left[keep] ** 2).sum()) / max(int(keep.sum()) - rank, 1)
    spread = np.sqrt(variance * np.diag(covariance))
    first = slow.shape[1] + 1
    slopes, errors = np.zeros(motion.shape[1]), np.full(motion.shape[1], np.inf)
    moves = np.flatnonzero(motion.std(axis=0) > 0)
    slopes[moves], errors[moves] = PPM * best[first:], PPM * spread[first:]
    ppm = PPM * left[keep] / transit[keep]
    return NativeFit(time_h[keep], ppm, motion[keep], slopes, errors, rank, first)


def _least_squares(design: Array, target: Array) -> tuple[Array, Array, int]:
    """Coefficients (P,), their covariance (P, P) for noise of 1, and the design's rank."""
    size = np.sqrt((design**2).sum(axis=0))
    unit = design / size
    strength, axes = np.linalg.eigh(unit.T @ unit)
    told = strength > _RANK * strength[-1]
    inverse = (axes[:, told] / strength[told]) @ axes[:, told].T / np.outer(size, size)
    return inverse @ (design.T @ target), inverse, int(told.sum())
