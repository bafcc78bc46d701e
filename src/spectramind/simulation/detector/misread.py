"""What calibration makes of a pixel whose linearity polynomial is not the published one.

Units: electrons. A pixel that gathers the charge q reads m with p_true(m) = q, and calibration
takes it for q' = p_published(m), dq'/dq = p_published'(m) / p_true'(m). A double sample of light at
the rate r is q'(r (start + integration)) - q'(r start): near the mean rate a straight line in r,
whose slope and offset stand for the frames where none are made.
"""

import numpy as np
from numpy.polynomial import polynomial
from numpy.typing import NDArray

from spectramind.simulation.clock import Clock
from spectramind.simulation.detector.linearity import measure

Array = NDArray[np.float64]


def misread(rate: Array, acting: Array, published: Array, clock: Clock) -> tuple[Array, Array]:
    """Slope [1] and offset [e] of double samples over the charge gathered between their reads.

    Args:
        rate: (pixels,) mean charge a second [e/s].
        acting, published: (6, pixels) coefficients.
        clock: when reads are taken.
    """
    times = np.array([clock.start_s, clock.start_s + clock.integration_s])
    read = measure(np.outer(rate, times), acting)
    taken = _values(read, published)
    slopes = _slopes(read, published) / _slopes(read, acting)
    sample = taken[:, 1] - taken[:, 0]
    slope = (slopes * times) @ [-1.0, 1.0] / clock.integration_s
    return slope, sample - slope * rate * clock.integration_s


def _values(read: Array, coefficients: Array) -> Array:
    """Polynomials (terms, pixels) at each pixel's reads (pixels, 2)."""
    return np.asarray(polynomial.polyval(read.T, coefficients, tensor=False), np.float64).T


def _slopes(read: Array, coefficients: Array) -> Array:
    """Their derivatives there."""
    return _values(read, np.asarray(polynomial.polyder(coefficients), np.float64))
