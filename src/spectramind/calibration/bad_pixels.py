"""Step 2, bad pixels: which samples are not to be believed, one bit a cause.

What the reference frames tell is known before any read is decoded; saturation is seen in the raw
counts; cosmic rays only in the finished exposures, so the kernel looks for them last.
"""

from enum import IntFlag

import numpy as np
from numpy.typing import NDArray

from spectramind.config.calibration import KillChainConfig
from spectramind.dataset.frames import ReferenceFrames


class Flag(IntFlag):
    """Why a sample is masked."""

    SATURATED = 1
    DEAD = 2
    HOT = 4
    COLD = 8
    REFERENCE = 16
    FLAT = 32
    COSMIC = 64


def clipped_outliers(
    values: NDArray[np.float64], sigma: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Values that stand out after iterative clipping: (above, below). NaN is neither."""
    kept = np.isfinite(values)
    while kept.any():
        centre, spread = np.median(values[kept]), np.std(values[kept])
        still = kept & (np.abs(values - centre) <= sigma * spread)
        if still.sum() == kept.sum():
            return values - centre > sigma * spread, centre - values > sigma * spread
        kept = still
    nothing = np.zeros(values.shape, dtype=bool)
    return nothing, nothing


def noisy_dark(
    dark: NDArray[np.float64], read: NDArray[np.float64], integration_s: float, limit: float
) -> NDArray[np.bool_]:
    """Pixels whose dark charge has more shot noise than ``limit`` times an exposure's read noise.

    A dark that is known is subtracted; what it leaves behind is its shot noise.
    """
    return np.abs(dark) * integration_s > limit**2 * 2 * read**2


def reference_flags(
    references: ReferenceFrames, integration_s: float, config: KillChainConfig
) -> NDArray[np.uint8]:
    """Flags known from the reference frames alone, (H, W); integration time of an exposure in s."""
    hot, cold = clipped_outliers(references.dark, config.hot_sigma)
    noisy = noisy_dark(references.dark, references.read, integration_s, config.hot_noise)
    finite = (
        np.isfinite(references.dark)
        & (references.read >= 0)
        & np.isfinite(references.read)
        & np.isfinite(references.flat)
        & np.isfinite(references.linear_corr).all(axis=0)
    )
    causes = {
        Flag.DEAD: references.dead,
        Flag.HOT: hot & noisy,
        Flag.COLD: cold & noisy,
        Flag.REFERENCE: ~finite,
        Flag.FLAT: references.flat <= 0,
    }
    flags = np.zeros(references.dead.shape, dtype=np.uint8)
    for flag, where in causes.items():
        flags[where] |= np.uint8(flag)
    return flags


def usable_read_noise(read: NDArray[np.float64]) -> NDArray[np.float64]:
    """Read noise with the detector's median where it is not a finite number >= 0."""
    broken = ~(np.isfinite(read) & (read >= 0))
    typical = float(np.median(read[~broken])) if not broken.all() else 0.0
    return np.where(broken, typical, read)
