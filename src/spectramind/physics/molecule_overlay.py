"""What a gas alone would draw in a spectrum: its template on the bins, and where its bands are.

The template is the atmosphere model's spectrum of a warm Jupiter with this gas above that of the
same planet without, over its largest value. Where lines of a linear molecule turn back, bands have
an edge, the head: R lines lie at nu0 + 2 B' (J + 1) - (B'' - B') J (J + 1), furthest at
J = B' / (B'' - B') - 1/2. A band whose lines of that J are not populated is told by its centre.
"""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from spectramind.instrument.grid import bin_edges
from spectramind.physics.astronomical import JUPITER_RADIUS_M, SUN_RADIUS_M
from spectramind.physics.atmosphere import Atmosphere, transmission_spectrum
from spectramind.physics.bands import C2_CM_K, GASES, MOLECULE_BANDS, Band, Molecule, band_strength
from spectramind.physics.opacity import upper_rotation

Array = NDArray[np.float64]

_TEMPERATURE_K = 1000.0
_LOG10_ABUNDANCE = -5.0
_POPULATED = 1e-3  # of the most populated level
_PLANET = Atmosphere(
    temperature_K=_TEMPERATURE_K,
    gravity_m_s2=10.0,
    mean_molecular_weight=2.33,
    planet_radius_m=JUPITER_RADIUS_M,
    star_radius_m=SUN_RADIUS_M,
    log10_abundance={},
    cloud_pressure_pa=1e5,
    haze_factor=0.0,
    haze_slope=-4.0,
)


@dataclass(frozen=True)
class BandMark:
    """A band's place.

    Attributes:
        wavelength_um: of its head, or of its centre. head: whether it is a head.
        strength: at 1000 K [cm per molecule].
    """

    wavelength_um: float
    head: bool
    strength: float


@dataclass(frozen=True)
class MoleculeOverlay:
    """A gas over the spectrum.

    Attributes:
        gas: its name. template: (283,) 0..1, read-only.
        bands: those in the instrument's bands, the strongest first.
    """

    gas: str
    template: Array
    bands: tuple[BandMark, ...]


@cache
def molecule_overlays() -> tuple[MoleculeOverlay, ...]:
    """Of all five gases, made once a process."""
    clear = transmission_spectrum(_PLANET)
    return tuple(MoleculeOverlay(gas, _template(gas, clear), _bands(gas)) for gas in GASES)


def _template(gas: str, clear: Array) -> Array:
    with_it = replace(_PLANET, log10_abundance={gas: _LOG10_ABUNDANCE})
    above = np.maximum(transmission_spectrum(with_it) - clear, 0.0)
    template: Array = above / above.max()
    template.flags.writeable = False
    return template


def _bands(gas: str) -> tuple[BandMark, ...]:
    molecule, edges = MOLECULE_BANDS[gas], bin_edges()
    marks = []
    for band in molecule.bands:
        head = band_head(molecule, band, _TEMPERATURE_K)
        at = 1e4 / (head or band.centre)
        if np.any((edges[:, 0] <= at) & (at <= edges[:, 1])):
            strength = band_strength(molecule, band, _TEMPERATURE_K)
            marks.append(BandMark(at, head is not None, strength))
    return tuple(sorted(marks, key=lambda mark: -mark.strength))


def band_head(molecule: Molecule, band: Band, temperature_K: float) -> float | None:
    """Wavenumber [1/cm] at which the R lines of a linear molecule turn back, None without one."""
    if molecule.rotor != "linear":
        return None
    lower, upper = molecule.rotation, upper_rotation(molecule, band)
    if upper >= lower:
        return None
    j = round(upper / (lower - upper) - 0.5)
    most = max(round(np.sqrt(temperature_K / (2 * C2_CM_K * lower)) - 0.5), 0)

    def population(level: int) -> float:
        energy = C2_CM_K * lower * level * (level + 1) / temperature_K
        return float((2 * level + 1) * np.exp(-energy))

    if population(j) < _POPULATED * population(most):
        return None
    return float(band.centre + 2 * upper * (j + 1) - (lower - upper) * j * (j + 1))
