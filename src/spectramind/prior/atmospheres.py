"""Shapes of spectra that the atmosphere model alone makes likely: a prior for want of labels.

The ranges are constants and wide on purpose: they say what atmospheres are possible, not which
planets there are. How much they count beside labels is a setting (``model.prior.strength``), and
what planets they are to describe is learnt from labels. One draw in 400 would reach beyond three
radii of its planet, which no gravity holds: it is drawn again.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Boltzmann, atomic_mass

from spectramind.physics.atmosphere import Atmosphere, transmission_spectrum
from spectramind.physics.bands import GASES
from spectramind.physics.layers import is_bound, scale_height_of
from spectramind.run.progress import track

_SEED = 20250
_HYDROGEN_WEIGHT = 2.33
_STAR_RADIUS_M = 5.6e8
_TEMPERATURE_K = (400.0, 2500.0)
_RADIUS_M = (3e7, 1.2e8)
SIGNAL = (10e-6, 200e-6)  # depth that one scale height adds, 2 R H / Rs^2
LOG10_ABUNDANCE = (-9.0, -2.5)
_CLOUD_LOG10_PA = (0.0, 6.0)
HAZE_LOG10 = (-1.0, 4.0)
HAZE_SLOPE = (-8.0, -1.0)


@cache
def atmosphere_spectra(count: int) -> NDArray[np.float64]:
    """Spectra of planets with random atmospheres, (count, 283), always the same ones.

    More of them begin with the same ones as fewer. They take about 8 ms each.
    """
    rng = np.random.default_rng(_SEED)
    draws = track((_draw_bound(rng) for _ in range(count)), "atmospheres", count)
    spectra = np.stack([transmission_spectrum(atmosphere) for atmosphere in draws])
    spectra.flags.writeable = False
    return spectra


def _draw_bound(rng: np.random.Generator) -> Atmosphere:
    """Draw until the atmosphere holds to its planet."""
    while True:
        a = _draw(rng)
        height = scale_height_of(a.temperature_K, a.gravity_m_s2, a.mean_molecular_weight)
        if is_bound(height, a.planet_radius_m):
            return a


def _draw(rng: np.random.Generator) -> Atmosphere:
    temperature, radius, signal = (
        float(np.exp(rng.uniform(*np.log(span)))) for span in (_TEMPERATURE_K, _RADIUS_M, SIGNAL)
    )
    height = signal * _STAR_RADIUS_M**2 / (2 * radius)
    return Atmosphere(
        temperature_K=temperature,
        gravity_m_s2=Boltzmann * temperature / (_HYDROGEN_WEIGHT * atomic_mass * height),
        mean_molecular_weight=_HYDROGEN_WEIGHT,
        planet_radius_m=radius,
        star_radius_m=_STAR_RADIUS_M,
        log10_abundance={gas: float(rng.uniform(*LOG10_ABUNDANCE)) for gas in GASES},
        cloud_pressure_pa=float(10 ** rng.uniform(*_CLOUD_LOG10_PA)),
        haze_factor=float(10 ** rng.uniform(*HAZE_LOG10)),
        haze_slope=float(rng.uniform(*HAZE_SLOPE)),
    )
