"""Limb darkening of real stars: near the grey atmosphere's, not on it.

Units: coefficients u1, u2 of I(mu)/I(1) = 1 - u1 (1 - mu) - u2 (1 - mu)^2. Place in the chain:
part of the planet. A star's coefficients are the grey atmosphere's at its temperature, plus an
offset that all stars share, plus a draw of the star's own in each coefficient of either detector.
A fit that expects the grey law meets stars that differ from it, as with real data.

Only draws that Kipping (2013, MNRAS 435, 2152) calls physical in every bin are kept: light
everywhere on the disc (u1 + u2 < 1), and less of it towards the limb (u1 > 0, u1 + 2 u2 > 0).
"""

import numpy as np
from numpy.typing import NDArray

from spectramind.config.sim_planets import LimbDarkeningConfig
from spectramind.errors import ConfigError
from spectramind.instrument.grid import FGS1_BIN, bin_wavelengths
from spectramind.physics.limb_darkening import quadratic_coefficients

_MOST_DRAWS = 1000


def draw_limb_darkening(
    rng: np.random.Generator, config: LimbDarkeningConfig, teff_K: float
) -> NDArray[np.float64]:
    """Draw a star's coefficients u1, u2 in each bin, (283, 2).

    Raises:
        ConfigError: no draw is physical, or the grey atmosphere does not hold at ``teff_K``.
    """
    grey = quadratic_coefficients(teff_K, bin_wavelengths())
    for _ in range(_MOST_DRAWS):
        coefficients = grey + _difference(rng, config)
        if _is_physical(coefficients):
            return coefficients
    raise ConfigError(
        f"sim.population.limb_darkening leaves no physical law at {teff_K:.0f} K in "
        f"{_MOST_DRAWS} draws: bring offset and scatter nearer to 0"
    )


def _difference(rng: np.random.Generator, config: LimbDarkeningConfig) -> NDArray[np.float64]:
    """Difference from the grey atmosphere, (283, 2): one for FGS1, one for all of AIRS."""
    fgs1, airs = rng.standard_normal((2, 2))
    difference = np.tile(
        config.airs_offset + config.airs_scatter * airs, (len(bin_wavelengths()), 1)
    )
    difference[FGS1_BIN] = config.fgs1_offset + config.fgs1_scatter * fgs1
    return difference


def _is_physical(coefficients: NDArray[np.float64]) -> bool:
    u1, u2 = coefficients.T
    return bool(np.all((u1 + u2 < 1) & (u1 > 0) & (u1 + 2 * u2 > 0)))
