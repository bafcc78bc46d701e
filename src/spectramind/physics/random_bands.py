"""Opacities of gases that do not exist: random bands, for planets that no known spectrum describes.

A gas has Gaussian bands anywhere from 0.6 to 5 um over a continuum that falls with wavenumber. What
they have in common with real gases are sizes: peaks near 10^-19.6 cm2 at 3,700 cm-1, fainter for
larger wavenumbers (as overtones are), windows some four decades below.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectramind.physics.bands import GASES
from spectramind.physics.opacity import SPREAD_RANGE, GasOpacity

Array = NDArray[np.float64]

_BANDS = (5, 14)  # a gas
_LOG_WAVENUMBER = (np.log(2000.0), np.log(17000.0))  # [1/cm]
_LOG_WIDTH = (np.log(40.0), np.log(400.0))
_PEAK = (-19.6, 0.8)  # mean and standard deviation of log10 cm2
_OVERTONE_CM = 3700.0
_OVERTONE_FALL = 0.2  # decades for as many further cm-1
_CONTINUUM_FALL = (-0.6, 0.4)
_CONTINUUM = (-23.5, 0.7)


@dataclass(frozen=True)
class RandomGas:
    """Bands of one gas at 1000 K.

    Attributes:
        centre, width: (n,) [cm-1]; the width grows as the root of temperature.
        peak: (n,) log10 of the cross-section [cm2].
        warmth: (n,) power of temperature of the peak.
        continuum, fall: log10 of the cross-section between bands [cm2] at 3,700 cm-1, and how much
            it falls in as many further ones.
        line_spread: as in ``bands.Molecule``.
    """

    centre: Array
    width: Array
    peak: Array
    warmth: Array
    continuum: float
    fall: float
    line_spread: tuple[float, float, float]

    def cross_section(self, temperature_K: float, wavenumber: Array) -> Array:
        """Mean cross-section [cm2], (N,)."""
        hot = temperature_K / 1000
        d = (wavenumber[:, None] - self.centre) / (self.width * np.sqrt(hot))
        bands = np.exp(-(d**2) / 2) @ (10**self.peak * hot**self.warmth)
        further = wavenumber / _OVERTONE_CM - 1
        return np.asarray(bands + 10 ** (self.continuum - self.fall * further))

    def spread(self, temperature_K: float, pressure_pa: Array) -> Array:
        """Width of the lognormal k-distribution."""
        a, b, c = self.line_spread
        spread = a + b * np.log10(temperature_K / 1000) + c * np.log10(pressure_pa / 100)
        return np.clip(spread, *SPREAD_RANGE)


def draw_gas_opacity(rng: np.random.Generator) -> GasOpacity:
    """Five gases of random bands under the names of the known ones."""
    gases = {name: _draw_gas(rng) for name in GASES}

    def mean(temperature_K: float, wavelength_um: Array) -> Array:
        return np.stack(
            [g.cross_section(temperature_K, 1e4 / wavelength_um) for g in gases.values()]
        )

    def spread(gas: str, temperature_K: float, pressure_pa: Array) -> Array:
        return gases[gas].spread(temperature_K, pressure_pa)

    return GasOpacity(mean, spread)


def _draw_gas(rng: np.random.Generator) -> RandomGas:
    count = int(rng.integers(*_BANDS, endpoint=True))
    centre = np.exp(rng.uniform(*_LOG_WAVENUMBER, count))
    peak = rng.normal(*_PEAK, count) - _OVERTONE_FALL * (centre / _OVERTONE_CM - 1)
    return RandomGas(
        centre=centre,
        width=np.exp(rng.uniform(*_LOG_WIDTH, count)),
        peak=peak,
        warmth=rng.normal(0.0, 0.5, count),
        continuum=float(rng.normal(*_CONTINUUM)),
        fall=float(rng.uniform(*_CONTINUUM_FALL)),
        line_spread=(
            float(rng.uniform(1, 4)),
            float(rng.uniform(-5, 2)),
            float(-rng.uniform(0.2, 0.7)),
        ),
    )
