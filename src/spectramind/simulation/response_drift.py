"""Effect: slow drift of the response.

Units: relative. Place in the chain: multiplies the star's light before the flat.
Equation: 1 + f(t) g(lambda), f a random quartic of unit scatter in which the straight line
dominates, g a white part and a slope along AIRS; FGS1, another instrument, has its own g.
Source: one real visit with a surface rms of 160 ppm, 86 ppm in white light, and a slope from +500
to -500 ppm over AIRS per half visit; what a quartic leaves there is white.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectramind.config.sim_detector import DetectorConfig
from spectramind.instrument.grid import N_BINS


@dataclass(frozen=True)
class Drift:
    """One visit's drift.

    Attributes:
        legendre: (5,) coefficients of f over the visit, -1..1; f has unit scatter.
        spectrum: (283,) g for each bin.
    """

    legendre: NDArray[np.float64]
    spectrum: NDArray[np.float64]

    def factor(self, time_h: NDArray[np.float64], hours: float, bins: slice) -> NDArray[np.float64]:
        """1 + f(t) g, shape (bins, T)."""
        f = np.polynomial.legendre.legval(2 * time_h / hours - 1, self.legendre)
        return 1 + self.spectrum[bins, None] * f


def draw_drift(rng: np.random.Generator, detector: DetectorConfig) -> Drift:
    """Draw f and g; each visit's amplitude spreads around ``drift_factor`` times the measured."""
    drift, factor = detector.drift, detector.drift_factor
    shape = np.concatenate([[0.0], rng.standard_normal(4) * drift.orders])
    # Legendre polynomials are orthogonal with mean square 1 / (2n + 1).
    scatter = np.sqrt((shape**2 / (2 * np.arange(5) + 1)).sum())
    white, slope, fgs1 = rng.standard_normal(3) * (drift.white, drift.slope, drift.fgs1)
    airs = white + slope * np.linspace(1, -1, N_BINS - 1)
    return Drift(shape / scatter, factor * np.concatenate([[fgs1], airs]))


def no_drift() -> Drift:
    """The effect switched off."""
    return Drift(np.zeros(5), np.zeros(N_BINS))
