"""The star's light as the detectors would count it: electrons a second.

Place in the chain: the first. Electrons in AIRS column c are

    F(c) = A * throughput(c) * lambda^-4 / (exp(hc / lambda k T) - 1) * |d lambda / d c|

(a black body's photons), FGS1 is one number. The levels are those of real visits, given by their
electrons in an exposure; the throughput, a constant as instruments go, is the smooth shape of a
real mean image over a black body of that star's temperature.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from spectramind.config.sim_planets import StarLightConfig
from spectramind.instrument.detectors import AIRS, AIRS_SCIENCE, FGS1, Detector
from spectramind.instrument.grid import airs_column_wavelengths
from spectramind.physics.planck import RADIATION_UM_K
from spectramind.simulation.clock import INTEGRATION_S


@dataclass(frozen=True)
class StarLight:
    """Electrons a second outside transit.

    Attributes:
        fgs1: all of FGS1.
        airs: (356,) in each AIRS column.
    """

    fgs1: float
    airs: NDArray[np.float64]


def throughput() -> NDArray[np.float64]:
    """Relative AIRS throughput a column, (356,): two edges, a step of a fifth in between."""
    column = np.arange(AIRS.width)
    red_edge = expit((column - 45) / 8.5)
    step = 1 + 0.2 * expit((column - 215) / 10)
    blue_edge = 0.82 * expit((321 - column) / 2.5) + 0.18 * expit((347 - column) / 1.6)
    return red_edge * step * blue_edge


def _rate(rng: np.random.Generator, span: tuple[float, float], detector: Detector) -> float:
    """Draw electrons a second from a range of electrons an exposure."""
    low, high = (electrons / INTEGRATION_S[detector] for electrons in span)
    return rng.uniform(low, high)


def draw_light(rng: np.random.Generator, teff_K: float, config: StarLightConfig) -> StarLight:
    """Draw how bright the star is on either detector; its AIRS spectrum follows ``teff_K``."""
    wavelength = airs_column_wavelengths()
    photons = wavelength**-4 / np.expm1(RADIATION_UM_K / (wavelength * teff_K))
    shape = throughput() * photons * np.abs(np.gradient(wavelength))
    airs_sum = _rate(rng, config.airs_e, AIRS)
    fgs1_sum = _rate(rng, config.fgs1_e, FGS1)
    return StarLight(fgs1=fgs1_sum, airs=shape * airs_sum / shape[AIRS_SCIENCE].sum())
