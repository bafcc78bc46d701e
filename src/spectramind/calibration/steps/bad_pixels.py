"""Bad pixels: which samples are not to be believed, one bit a cause.

What the reference frames tell is known before any read is decoded and stands here; saturation and
clipping are seen in the raw counts; cosmic rays and the tails they leave only in the finished
exposures, so they come last. Flags never change a value: they commute with all steps but filling.
"""

from enum import IntFlag

import numpy as np
from numpy.typing import NDArray

from spectramind.calibration.kernel.limits import LARGEST, SMALLEST_FLAT
from spectramind.calibration.steps.non_linearity import finite_polynomials, rising_polynomials
from spectramind.config.calib import KillChainConfig
from spectramind.dataset.frames import ReferenceFrames


class Flag(IntFlag):
    """What is wrong with a sample, uint16."""

    DEAD = 1
    HOT = 2
    COLD = 4
    NOISY = 8
    NAN = 16
    FLAT = 32
    SATURATED = 64
    ADC_CLIP = 128
    COSMIC = 256
    PERSISTENCE = 512
    LINEARITY = 1024


# A noisy pixel is honest: its variance says so and the weights follow; filling it would cost more.
MASKING = np.uint16(sum(Flag) - Flag.NOISY)


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


def noisy_reads(read: NDArray[np.float64], sigma: float) -> NDArray[np.bool_]:
    """Pixels whose read noise is an outlier above and doubles a typical pixel's read variance."""
    above, _ = clipped_outliers(read, sigma)
    return above & (read**2 > 2 * np.median(usable_read_noise(read)) ** 2)


def believable(references: ReferenceFrames) -> NDArray[np.bool_]:
    """Pixels (H, W) all of whose references are numbers that a detector can have."""
    return (
        (np.abs(references.dark) < LARGEST)
        & (references.read >= 0)
        & (references.read < LARGEST)
        & (np.abs(references.flat) < LARGEST)
        & finite_polynomials(references.linear_corr)
    )


def reference_flags(
    references: ReferenceFrames, integration_s: float, config: KillChainConfig
) -> NDArray[np.uint16]:
    """Flags known from the reference frames alone, (H, W); integration time of an exposure in s."""
    hot, cold = clipped_outliers(references.dark, config.hot_sigma)
    noisy = noisy_dark(references.dark, references.read, integration_s, config.hot_noise)
    causes = {
        Flag.DEAD: references.dead,
        Flag.HOT: hot & noisy,
        Flag.COLD: cold & noisy,
        Flag.NOISY: noisy_reads(references.read, config.noisy_sigma),
        Flag.NAN: ~believable(references),
        Flag.FLAT: references.flat < SMALLEST_FLAT,
        Flag.LINEARITY: finite_polynomials(references.linear_corr)
        & ~rising_polynomials(references.linear_corr),
    }
    flags = np.zeros(references.dead.shape, dtype=np.uint16)
    for flag, where in causes.items():
        flags[where] |= np.uint16(flag)
    return flags


def usable_read_noise(read: NDArray[np.float64]) -> NDArray[np.float64]:
    """Read noise with the detector's median where it is not a believable number >= 0."""
    broken = ~((read >= 0) & (read < LARGEST))
    typical = float(np.median(read[~broken])) if not broken.all() else 0.0
    return np.where(broken, typical, read)
