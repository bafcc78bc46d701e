"""Parameters of a transit as all light curves of a visit share it, and its light curves."""

import numpy as np
from numpy.typing import NDArray

from spectramind.contracts.series import usual_step
from spectramind.contracts.star_row import StarRow
from spectramind.instrument.grid import AIRS_BINS, FGS1_BIN, N_BINS
from spectramind.physics.orbit import projected_separation
from spectramind.physics.transit import transit_flux

Array = NDArray[np.float64]
BANDS = ("fgs1", "airs")
PARAMETERS = ("t0", "log_a", "b", "k_fgs1", "k_airs", "u1_fgs1", "u2_fgs1", "u1_airs", "u2_airs")
# Bins tell more than white light: how limb darkening strays over AIRS, by a slope and a bend
# (Legendre polynomials over its bins).
BIN_PARAMETERS = (*PARAMETERS, "u1_slope", "u2_slope", "u1_bend", "u2_bend")
_RADII = (3, 4)
_LEAST_ORBIT = 1 + 1e-6  # [R*]: what is tried may be less
MAX_RADIUS_RATIO = 0.5


def white_depth(values: Array) -> Array:
    """White-light depth of the detector that each bin belongs to, (283,)."""
    fgs1, airs = values[list(_RADII)] ** 2
    return np.where(np.arange(N_BINS) == FGS1_BIN, fgs1, airs)


class TransitModel:
    """Transit light curves on fixed sample times, exposures integrated."""

    def __init__(self, time_h: Array, star: StarRow, substep_h: float) -> None:
        exposure = usual_step(time_h) if len(time_h) > 1 else 0.0
        steps = max(1, int(np.ceil(exposure / substep_h)))
        offsets = (np.arange(steps) + 0.5) / steps - 0.5
        self.time_h = time_h
        self._fine = (time_h[:, None] + exposure * offsets).ravel()
        self._steps = steps
        self._period_d = star.period_d
        self._orbit, self._nearness = star.computed, star.nearness

    def separation(self, t0: float, log_a: float, impact: float) -> Array:
        """Separations [R*] on the fine grid; an impact beyond the orbit is held at the orbit."""
        a = max(float(np.exp(log_a)), _LEAST_ORBIT)
        far = a * self._nearness
        inclination = float(np.degrees(np.arccos(np.clip(impact / far, 0.0, 1.0))))
        return projected_separation(self._fine, t0, self._period_d, a, inclination, *self._orbit)

    def flux(self, separation: Array, radius_ratio: Array, limb: Array) -> Array:
        """Relative flux (N, T) for N radius ratios and (N, 2) limb-darkening pairs."""
        fine = transit_flux(separation, radius_ratio, limb)
        return fine.reshape(len(radius_ratio), -1, self._steps).mean(axis=2)


def white_limb(limb: Array, level: Array) -> Array:
    """Limb darkening of the two white light curves, (2, 2): AIRS bins weigh as much as they shine.

    Args:
        limb: (283, 2) coefficients of the bins; level: (283,) their flux.
    """
    airs = np.average(limb[AIRS_BINS], axis=0, weights=level[AIRS_BINS])
    return np.stack([limb[FGS1_BIN], airs])


def within(values: Array, time_h: Array) -> Array:
    """Parameters of white light, or of the bins, held inside what a transit can be."""
    low, high = (limit[: len(values)] for limit in bounds(time_h))
    return np.clip(values, low + 1e-6, high - 1e-6)


def bounds(time_h: Array) -> tuple[Array, Array]:
    """Least and largest ``BIN_PARAMETERS`` that a transit can have in samples at ``time_h``."""
    low = np.array([time_h.min() - 2, 0.0, 0.0, 1e-3, 1e-3, *[-1.0] * 8])
    high = np.array([time_h.max() + 2, 5.0, 1.5, *[MAX_RADIUS_RATIO] * 2, *[1.5] * 4, *[1.0] * 4])
    return low, high
