"""Non-linearity: measured electrons to the electrons that were collected.

L = sum_k c_k E^k per pixel and read, before dark and CDS because the response depends on the whole
charge in the well: it commutes with no step but flags. Noise added after the well (read,
quantisation) is stretched by the slope dL/dE; photon noise arose in the well and is not.
"""

import numpy as np
from numpy.typing import NDArray

from spectramind.calibration.kernel.limits import FULL_WELL_E, LARGEST, STEEPEST

_LEVELS = 5  # charges from an empty to a full well at which a slope is judged


def finite_polynomials(coefficients: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where polynomials (6, H, W) hold numbers that a detector can have, (H, W)."""
    powers = FULL_WELL_E ** np.arange(len(coefficients))
    with np.errstate(over="ignore"):
        return np.einsum("k,khw->hw", powers, np.abs(coefficients)) < LARGEST


def rising_polynomials(coefficients: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where polynomials (6, H, W) rise as a detector's do, (H, W).

    More charge reads as more: the slope dL/dE lies between 1 / STEEPEST and STEEPEST from an empty
    to a full well. One of slope 0 would say that the pixel saw nothing, without noise.
    """
    powers = np.arange(1, len(coefficients))
    rising = np.ones(coefficients.shape[1:], dtype=bool)
    with np.errstate(over="ignore", invalid="ignore"):
        for charge in np.linspace(0.0, FULL_WELL_E, _LEVELS):
            slope = np.einsum("k,khw->hw", powers * charge ** (powers - 1), coefficients[1:])
            rising &= (slope > 1 / STEEPEST) & (slope < STEEPEST)
    return rising


def usable_coefficients(coefficients: NDArray[np.float64]) -> NDArray[np.float64]:
    """Polynomials (6, H, W) with the identity L = E where one is not to be believed."""
    usable = finite_polynomials(coefficients) & rising_polynomials(coefficients)
    identity = np.zeros(len(coefficients))
    identity[1] = 1.0
    return np.where(usable, coefficients, identity[:, None, None])


def linearise(
    electrons: NDArray[np.float64], coefficients: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Evaluate the polynomial and its slope by Horner's rule.

    Args:
        electrons: (..., pixels) [e].
        coefficients: (6, pixels), the k-th power's coefficient.

    Returns:
        L [e] and dL/dE, both (..., pixels).
    """
    value = np.broadcast_to(coefficients[-1], electrons.shape)
    slope = np.zeros_like(electrons)
    for coefficient in coefficients[-2::-1]:
        slope = slope * electrons + value
        value = value * electrons + coefficient
    return value, slope
