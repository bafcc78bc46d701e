"""Effect: a drift that no polynomial of low order describes.

Units: relative. Place in the chain: with the drift. Equation, z normal with the settings' standard
deviation, each visit its own, tau and P uniform:

    z_1(lambda) exp(-t / tau) + z_2(lambda) sin(2 pi t / P + phase),
    z(lambda) = z (1 + bump n exp(-(lambda - lambda_0)^2 / (2 w^2))) in AIRS, lambda_0 anywhere.

FGS1, another instrument, has its own z. Source: detectors settle after a slew, and heaters cycle;
amplitudes of tens of ppm to 100 ppm with periods of an hour or two in Spitzer's and Webb's data.
"""

import numpy as np
from numpy.typing import NDArray

from spectramind.config.sim_telescope import OddDriftConfig
from spectramind.instrument.grid import AIRS_BINS, FGS1_BIN, N_BINS, bin_wavelengths
from spectramind.simulation.telescope.response import ResponseTerm

Array = NDArray[np.float64]

_BUMP_WIDTH_UM = (0.05, 0.2)


def draw_odd_drift(
    rng: np.random.Generator, drift: OddDriftConfig, knots_h: Array
) -> list[ResponseTerm]:
    """Both terms; courses start at 1 and swing by 1, the loadings are the amplitudes."""
    decay_h, period_h = rng.uniform(*drift.settling_h), rng.uniform(*drift.cycling_h)
    phase = rng.uniform(0, 2 * np.pi)
    settling, cycling = (_amplitudes(rng, drift.bump) for _ in range(2))
    return [
        ResponseTerm("settling", np.exp(-knots_h / decay_h), drift.settling * settling),
        ResponseTerm(
            "cycling", np.sin(2 * np.pi * knots_h / period_h + phase), drift.cycling * cycling
        ),
    ]


def _amplitudes(rng: np.random.Generator, bump: float) -> Array:
    """Of every bin, (283,), of unit scatter from visit to visit but for the bump."""
    fgs1, airs, height = rng.standard_normal(3)
    wavelength = bin_wavelengths()[AIRS_BINS]
    centre = rng.uniform(wavelength[0], wavelength[-1])
    shape = np.exp(-0.5 * ((wavelength - centre) / rng.uniform(*_BUMP_WIDTH_UM)) ** 2)
    found = np.empty(N_BINS)
    found[FGS1_BIN] = fgs1
    found[AIRS_BINS] = airs * (1 + bump * height * shape)
    return found
