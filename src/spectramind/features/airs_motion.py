"""AIRS's own motion along the dispersion: what of the measured shift is motion, what the planet.

A bin's light follows the shift x by d ln F / d column, and where the bench flexes FGS1's pointing
does not tell x. Measured it is by a linear form of the spectrum itself, so that a planet's spectrum
d(lambda), where it looks like d ln F / d column, gives it a part a tau(t), tau being the transit's
course. Regressing on that part would erase as much of the planet's spectrum. The model

    shift = c . (1, FGS1's pointing) + o(t) + a tau(t) + white noise

says how much is the planet's: o is noise with memory (``red_noise``), its strength by this visit's
evidence, and a has a prior as wide as planets' spectra make it. A telescope whose detectors move
together shows no o, then nothing is regressed on.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectramind.config.fit import FitConfig
from spectramind.features.red_noise import choices, cosines, weigh
from spectramind.features.white_fit import neighbour_noise

Array = NDArray[np.float64]


@dataclass(frozen=True)
class OwnMotion:
    """The part of AIRS's shift that FGS1 does not tell.

    Attributes:
        shift: (T,) [px], mean 0, free of the planet's part.
        doubt: standard deviation of the planet's part [px]: so much of tau may be left in it.
    """

    shift: Array
    doubt: float


def own_motion(
    time_h: Array, shift: Array, common: Array, course: Array, config: FitConfig
) -> OwnMotion:
    """Take a measured shift apart.

    Args:
        time_h: (T,) [h].
        shift: (T,) measured along the dispersion [px].
        common: (T, R) what FGS1 shows of the pointing.
        course: (T,) the transit's course, 0 outside, about 1 within.
        config: what is tried for its deviation and memory, and the planet's part.
    """
    noise = float(neighbour_noise(shift[:, None])[0])
    waves = cosines(time_h, config.red_terms)
    fixed, _ = np.linalg.qr(np.column_stack([np.ones(len(shift)), common]))

    def free(values: Array) -> Array:
        return np.asarray(values - fixed @ (fixed.T @ values)) / noise

    seen, planet, moving = free(shift), free(course) * config.spectrum_shift_px, free(waves)
    # The planet's part, of deviation 1 in these units, is a coefficient more.
    columns = np.column_stack([moving, planet])
    normal, right = columns.T @ columns, columns.T @ seen
    own = 1 / (1 + normal[-1, -1])
    tried, share = choices(
        float(np.ptp(time_h)), waves.shape[1], config.motion_px, config.memory_h
    )
    weight = weigh(
        normal[:-1, :-1] - own * np.outer(normal[:-1, -1], normal[-1, :-1]),
        right[:-1] - own * normal[:-1, -1] * right[-1],
        tried,
        share,
    )
    variance = np.append(weight @ tried, 1.0)
    covariance = np.linalg.inv(normal + np.diag(1 / variance))
    mean = covariance @ right
    moved = waves @ mean[:-1]
    doubt = config.spectrum_shift_px * float(np.sqrt(covariance[-1, -1]))
    return OwnMotion(moved - moved.mean(), doubt)
