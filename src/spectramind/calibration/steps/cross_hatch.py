"""Cross-hatch: a periodic pattern in the flat field, which HgCdTe layers can have.

The flat already divides it out; the flag says that pixels respond in a pattern, so that what moves
over them (jitter) comes out in a pattern too. Fisher's test: of a flat whose pixels differ at
random, the powers of M frequencies are exponentially distributed whatever their scale, and the
chance that the largest holds the share g of their sum is at most M (1 - g)^(M - 1) (R. A. Fisher,
Proc. R. Soc. A 125, 54, 1929).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spectramind.calibration.steps.bad_pixels import clipped_outliers

FALSE_ALARM = 1e-3  # of a flat without any pattern
_CLIP = 4.0  # sigma; dead pixels would drown the rest
_LONGEST_PX = 16.0  # what changes more slowly is illumination


class CrossHatch(NamedTuple):
    """The strongest periodic pattern of a flat.

    Attributes:
        found: too strong for chance.
        chance: of a pattern as strong in a flat without any; at most 1.
        period_px: along its direction.
        amplitude: of the sine, as a fraction of the flat.
    """

    found: bool
    chance: float
    period_px: float
    amplitude: float


def _frequencies(shape: tuple[int, int]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """|f| [1/px] of the half plane of a real FFT, and which are independent and exponential."""
    down, along = np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None, :]
    frequency = np.hypot(down, along)
    own_mirror = (along == 0) | (along == 0.5)  # columns that hold each frequency twice
    once = ~own_mirror | ((down > 0) & (down < 0.5))
    return frequency, once & (frequency > 1 / _LONGEST_PX)


def cross_hatch(flat: NDArray[np.float64], good: NDArray[np.bool_]) -> CrossHatch:
    """Look for a periodic pattern in a flat (H, W); pixels that are not good are left out."""
    used = good.copy()
    if used.any():
        above, below = clipped_outliers(np.where(good, flat, np.nan), _CLIP)
        used &= ~(above | below)
    if not used.any():
        return CrossHatch(False, 1.0, 0.0, 0.0)
    level = float(np.mean(flat[used]))
    power = np.abs(np.fft.rfft2(np.where(used, flat - level, 0.0))) ** 2
    frequency, independent = _frequencies((flat.shape[0], flat.shape[1]))
    powers = power[independent]
    largest = int(np.argmax(powers))
    total = float(powers.sum())
    share = powers[largest] / total if total > 0 else 0.0
    chance = min(1.0, float(len(powers) * (1.0 - share) ** (len(powers) - 1)))
    return CrossHatch(
        found=bool(chance < FALSE_ALARM),
        chance=chance,
        period_px=float(1 / frequency[independent][largest]),
        amplitude=float(2 * np.sqrt(powers[largest]) / used.sum() / level),
    )
