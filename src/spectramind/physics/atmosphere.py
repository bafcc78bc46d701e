"""Transmission spectrum of an isothermal, cloudy, hazy hydrogen atmosphere.

Chain: hydrostatic layers -> columns along each chord -> lognormal k-distribution a gas ->
transmissions multiplied (random overlap) -> area of the opaque annuli.

In an isothermal atmosphere a gas has the same mean cross-section k at every level, so the optical
depth at quadrature node z along the chord with impact radius b factorises,

    tau(b, z, lambda) = k(lambda) * column(b, z),
    column(b, z) = X * sum over layers n ds f(z),   f(z) = e^(sigma z) / mean of e^(sigma z),

and the column is needed once for all wavelengths. z is a standard normal variable at Gauss-Legendre
nodes of its cumulative probability: the usual nodes of k-tables. They end at a largest k, as line
cores do, and f keeps the mean cross-section exact.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from spectramind.errors import ConfigError
from spectramind.physics.bands import GASES
from spectramind.physics.channels import bin_channels, into_bins
from spectramind.physics.continuum import (
    collision_coefficients,
    haze_cross_section,
    rayleigh_cross_section,
)
from spectramind.physics.layers import REFERENCE_PRESSURE_PA, TOP_PRESSURE_PA, Layers, build_layers
from spectramind.physics.opacity import KNOWN_GASES, TEMPERATURE_RANGE_K, GasOpacity

Array = NDArray[np.float64]

HYDROGEN_SHARE = 0.85  # of the molecules that are none of the five gases; the rest is helium

_NODES = 10
_LEGENDRE, _LEGENDRE_WEIGHT = np.polynomial.legendre.leggauss(_NODES)
Z_NODES, Z_WEIGHT = ndtri((_LEGENDRE + 1) / 2), _LEGENDRE_WEIGHT / 2
_NEGLIGIBLE = 1e-7


@dataclass(frozen=True)
class Atmosphere:
    """What a transmission spectrum depends on.

    Attributes:
        temperature_K: isothermal temperature, 150..4000.
        gravity_m_s2: at the reference radius.
        mean_molecular_weight: in atomic mass units.
        planet_radius_m: at the reference pressure of 10 bar; below it all is opaque.
        star_radius_m: stellar radius.
        log10_abundance: mole fraction of each gas; a gas left out is absent.
        cloud_pressure_pa: top of a grey deck; 10 bar or more (inf too) means none.
        haze_factor: haze strength in units of H2 Rayleigh at 0.35 um; 0 means none.
        haze_slope: power of wavelength of the haze, -20..0; -4 is Rayleigh-like.

    Raises:
        ConfigError: a value out of range, an unknown gas, mole fractions that sum to more than 1.
    """

    temperature_K: float  # noqa: N815 - kelvin is K
    gravity_m_s2: float
    mean_molecular_weight: float
    planet_radius_m: float
    star_radius_m: float
    log10_abundance: Mapping[str, float]
    cloud_pressure_pa: float
    haze_factor: float
    haze_slope: float

    def __post_init__(self) -> None:
        _check("temperature_K", self.temperature_K, *TEMPERATURE_RANGE_K)
        _check("gravity_m_s2", self.gravity_m_s2, 0.1, 1e4)
        _check("mean_molecular_weight", self.mean_molecular_weight, 1.0, 100.0)
        _check("planet_radius_m", self.planet_radius_m, 1e5, 1e9)
        _check("star_radius_m", self.star_radius_m, self.planet_radius_m, 1e12)
        _check("cloud_pressure_pa", self.cloud_pressure_pa, 10 * TOP_PRESSURE_PA, np.inf)
        _check("haze_factor", self.haze_factor, 0.0, 1e8)
        _check("haze_slope", self.haze_slope, -20.0, 0.0)
        for gas, abundance in self.log10_abundance.items():
            if gas not in GASES:
                raise ConfigError(f"unknown gas {gas!r}: choose from {', '.join(GASES)}")
            _check(f"log10_abundance of {gas}", abundance, -30.0, 0.0)
        _check("sum of mole fractions", sum(self.mole_fractions().values()), 0.0, 1.0)

    def mole_fractions(self) -> dict[str, float]:
        """Mole fraction of each gas that is there, in the order of ``GASES``."""
        return {g: 10 ** self.log10_abundance[g] for g in GASES if g in self.log10_abundance}


def _check(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ConfigError(f"atmosphere: {name} {value} is outside {low:g}..{high:g}")


def _gas_columns(atmosphere: Atmosphere, layers: Layers, opacity: GasOpacity) -> Array:
    """Column [molecules per cm2] of each gas, chord and k-node: (gases, levels, nodes)."""
    fractions = atmosphere.mole_fractions()
    columns = np.empty((len(fractions), layers.radius_m.size, _NODES))
    for row, (gas, fraction) in enumerate(fractions.items()):
        spread = opacity.spread(gas, atmosphere.temperature_K, layers.pressure_pa)
        factor = np.exp(spread[:, None] * Z_NODES)
        factor /= (factor @ Z_WEIGHT)[:, None]
        columns[row] = fraction * layers.path_cm @ (layers.density_cm3[:, None] * factor)
    return columns


def _continuum(atmosphere: Atmosphere, layers: Layers, wavelength_um: Array) -> Array:
    """Optical depth of scattering, haze and collisions along each chord, (N, levels)."""
    a = atmosphere
    rest = 1 - sum(a.mole_fractions().values())
    h2, he = HYDROGEN_SHARE * rest, (1 - HYDROGEN_SHARE) * rest
    haze = haze_cross_section(wavelength_um, a.haze_factor, a.haze_slope)
    single = h2 * (rayleigh_cross_section(wavelength_um) + haze)
    h2_h2, h2_he = collision_coefficients(wavelength_um, a.temperature_K)
    pair = h2 * (h2 * h2_h2 + he * h2_he)
    density = layers.density_cm3
    return np.outer(single, layers.path_cm @ density) + np.outer(pair, layers.path_cm @ density**2)


@numba.njit(cache=True)
def _transmission(continuum: Array, cross_section: Array, column: Array, weight: Array) -> Array:
    """exp(-continuum) times each gas's transmission averaged over its k-distribution."""
    gases, levels, nodes = column.shape
    out = np.exp(-continuum)
    for n in range(out.shape[0]):
        for b in range(levels):
            for g in range(gases):
                if out[n, b] < _NEGLIGIBLE:
                    break
                # Nodes ascend, so the last holds the largest optical depth.
                if cross_section[g, n] * column[g, b, nodes - 1] < _NEGLIGIBLE:
                    continue
                gas = 0.0
                for z in range(nodes):
                    gas += weight[z] * np.exp(-cross_section[g, n] * column[g, b, z])
                out[n, b] *= gas
    return out


def _monochromatic(atmosphere: Atmosphere, wavelength_um: Array, opacity: GasOpacity) -> Array:
    a = atmosphere
    layers = build_layers(
        a.temperature_K,
        a.gravity_m_s2,
        a.mean_molecular_weight,
        a.planet_radius_m,
        min(REFERENCE_PRESSURE_PA, a.cloud_pressure_pa),
    )
    rows = [GASES.index(gas) for gas in a.mole_fractions()]
    absorbed = 1 - _transmission(
        _continuum(a, layers, wavelength_um),
        opacity.mean(a.temperature_K, wavelength_um)[rows],
        _gas_columns(a, layers, opacity),
        Z_WEIGHT,
    )
    radius = layers.radius_m
    area = radius[0] ** 2 + np.trapezoid(absorbed * 2 * radius, radius, axis=1)
    return area / a.star_radius_m**2


def transmission_spectrum(
    atmosphere: Atmosphere,
    wavelength_um: ArrayLike | None = None,
    opacity: GasOpacity = KNOWN_GASES,
) -> Array:
    """Transit depth (Rp/Rs)^2 with limb darkening left out.

    Args:
        atmosphere: the planet.
        wavelength_um: (N,) wavelengths [um], 0.58..4.2; None means the 283 bins, of which bin 0
            (FGS1) is the mean over its bandpass.
        opacity: what the gases absorb.

    Returns:
        (N,) or (283,) depths.

    Raises:
        ConfigError: a wavelength out of range, an atmosphere too extended to be bound.
    """
    if wavelength_um is not None:
        return _monochromatic(atmosphere, np.asarray(wavelength_um, dtype=np.float64), opacity)
    depth = _monochromatic(atmosphere, bin_channels().centre_um, opacity)
    return np.asarray(into_bins(np, depth))
