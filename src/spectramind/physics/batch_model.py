"""Transmission spectra of many atmospheres at once, in NumPy or torch: what retrieval calls.

The physics is ``atmosphere.py``'s (hydrostatic layers, chords, k-distributions multiplied, area of
the opaque annuli), with two things more: temperatures that change with height, and sections from
files that change with pressure. Heights, not radii, are computed, in units of the reference radius,
so that single precision keeps a thousandth of a ppm.

Where the temperature changes, 1/r still has a sum for its integral,

    1/r = 1/R0 + (1 / R0^2) sum over layers of H0 dlnP,    H0 = k T / (mu m_u g),

and the optical depth of node z along chord b is the sum over layers of path * n * k. Nodes of all
layers belong together (correlated k).
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.constants import Boltzmann, atomic_mass

from spectramind.physics.atmosphere import HYDROGEN_SHARE
from spectramind.physics.bands import GASES
from spectramind.physics.channels import Channels, bin_channels, into_bins
from spectramind.physics.continuum import (
    CIA_CENTRE_CM,
    CIA_WIDTH_CM,
    HAZE_WAVELENGTH_UM,
    collision_peaks,
    rayleigh_cross_section,
)
from spectramind.physics.grey_profile import grey_temperature
from spectramind.physics.layers import (
    MAX_INFLATION,
    N_LEVELS,
    REFERENCE_PRESSURE_PA,
    TOP_PRESSURE_PA,
)
from spectramind.physics.namespace import Namespace
from spectramind.physics.sections import UNIT_CM2, BandSections, TableSections
from spectramind.physics.tabulated import TabulatedOpacity

_LN_REFERENCE = float(np.log(REFERENCE_PRESSURE_PA))
_LN_TOP = float(np.log(TOP_PRESSURE_PA))
_STEPS_BELOW = 16  # from the reference pressure up to a cloud deck, where nothing is seen
_UNIT_CM3 = 1e-6 / 1e20  # molecules per m3 -> 1e20 per cm3, times UNIT_CM2 is 1/cm
_CM = 100.0
_BLOCKS = 4  # of levels, so that chords are not summed over layers below them


@dataclass(frozen=True)
class AtmosphereBatch:
    """B atmospheres; arrays of one library.

    Attributes:
        temperature_K: (B,) isothermal temperature, or the grey profile's equilibrium temperature.
        gravity_m_s2: (B,) at the reference radius (10 bar).
        mean_molecular_weight: (B,) [u].
        planet_radius_m, star_radius_m: (B,).
        fractions: (B, 5) mole fractions in the order of ``GASES``; 0 is absent.
        cloud_pressure_pa: (B,) top of a grey deck; 10 bar or more means none.
        haze_factor, haze_slope: (B,) as in ``Atmosphere``.
        grey: (B, 2) log10 of infrared opacity [cm2 per gram] and of gamma; None: isothermal.
    """

    temperature_K: Any  # noqa: N815 - kelvin is K
    gravity_m_s2: Any
    mean_molecular_weight: Any
    planet_radius_m: Any
    star_radius_m: Any
    fractions: Any
    cloud_pressure_pa: Any
    haze_factor: Any
    haze_slope: Any
    grey: Any = None

    def __len__(self) -> int:
        return len(self.temperature_K)

    def part(self, rows: slice) -> "AtmosphereBatch":
        """Some of them."""
        cut = {name: value[rows] for name, value in vars(self).items() if value is not None}
        return replace(self, **cut)


@dataclass(frozen=True)
class _Column:
    """Levels of a batch from bottom to top.

    Attributes:
        log_pressure: (B, L) ln Pa of the layers' middles.
        temperature: (B, 1) or (B, L), as it is. lost: (B, L + 1) 1 - R0 / r of the levels.
        possible: (B,) bound, and neither too cool nor too warm.
    """

    log_pressure: Any
    temperature: Any
    lost: Any
    possible: Any


@dataclass(frozen=True)
class _Air:
    """Layers of a batch.

    Attributes:
        height: (B, L + 1) of the levels above the reference radius, in reference radii.
        path_cm: (B, L + 1, L). density: (B, L) [1e20 per cm3]. log_pressure: (B, L) ln Pa.
        temperature: (B, 1) or (B, L), within the opacities'.
    """

    height: Any
    path_cm: Any
    density: Any
    log_pressure: Any
    temperature: Any


class BatchModel:
    """Spectra of batches with one set of opacities.

    Args:
        space: the array library.
        opacity: files on channels; None is the project's own band table.
        channels: where spectra are computed; None means the 283 bins. Files know theirs.

    Attributes:
        gases: those it has opacities of.
    """

    def __init__(
        self,
        space: Namespace,
        opacity: TabulatedOpacity | None = None,
        channels: Channels | None = None,
    ) -> None:
        self._space, self._xp = space, space.xp
        at = opacity.channels if opacity else channels or bin_channels()
        self._binned = at is bin_channels()
        self._sections = TableSections(opacity, space) if opacity else BandSections(at, space)
        self.gases = self._sections.gases
        rayleigh = rayleigh_cross_section(at.centre_um)
        self._rayleigh = space.array(rayleigh / UNIT_CM2)
        self._anchor = float(rayleigh_cross_section(np.array(HAZE_WAVELENGTH_UM)) / UNIT_CM2)
        self._log_wave = space.array(np.log(at.centre_um / HAZE_WAVELENGTH_UM))
        self._from_bump = space.array((1e4 / at.centre_um - CIA_CENTRE_CM) / CIA_WIDTH_CM)
        self._peaks = tuple(peak / UNIT_CM2**2 for peak in collision_peaks())
        self._steps = space.array(np.linspace(0.0, 1.0, N_LEVELS))
        self._below = space.array((np.arange(_STEPS_BELOW) + 0.5) / _STEPS_BELOW)

    def depths(self, batch: AtmosphereBatch) -> Any:
        """Transit depths (Rp/Rs)^2, limb darkening left out.

        Returns:
            (B, 283), or (B, N) at channels of one's own. NaN where there can be no such
            atmosphere: not bound within three radii, temperatures beyond the opacities',
            mole fractions that sum to more than 1.
        """
        step = self._space.together
        parts = [self._depths(batch.part(slice(n, n + step))) for n in range(0, len(batch), step)]
        depth = self._xp.concatenate(parts, 0)
        return into_bins(self._xp, depth) if self._binned else depth

    def possible(self, batch: AtmosphereBatch) -> Any:
        """(B,) whether there can be such atmospheres; cheap beside ``depths``."""
        return self._column(batch).possible & (batch.fractions.sum(-1) <= 1)

    def _depths(self, batch: AtmosphereBatch) -> Any:
        xp = self._xp
        column = self._column(batch)
        air = self._air(batch, column)
        through = xp.exp(-self._continuum(batch, air))
        for number, gas in enumerate(GASES):
            fraction = batch.fractions[:, number]
            if bool((fraction > 0).any()):
                through = through * self._gas(gas, fraction, air)
        radius = 1 + air.height
        ring = (1 - through) * 2 * radius[..., None]
        between = (ring[:, 1:] + ring[:, :-1]) / 2 * (radius[:, 1:] - radius[:, :-1])[..., None]
        area = radius[:, :1] ** 2 + between.sum(1)
        ratio = batch.planet_radius_m / batch.star_radius_m
        depth = ratio[:, None] ** 2 * area
        fits = column.possible & (batch.fractions.sum(-1) <= 1)
        return xp.where(fits[:, None], depth, float("nan"))

    def _column(self, batch: AtmosphereBatch) -> _Column:
        xp = self._xp
        bottom = xp.log(xp.clip(batch.cloud_pressure_pa, None, REFERENCE_PRESSURE_PA))
        level = bottom[:, None] + self._steps * (_LN_TOP - bottom)[:, None]
        middle = (level[:, 1:] + level[:, :-1]) / 2
        temperature = self._temperature(batch, middle)
        a_kelvin = Boltzmann / atomic_mass / batch.mean_molecular_weight / batch.gravity_m_s2
        a_kelvin = (a_kelvin / batch.planet_radius_m)[:, None]  # scale height per K, in radii
        deep = _LN_REFERENCE + self._below * (bottom - _LN_REFERENCE)[:, None]
        below = self._temperature(batch, deep).mean(-1) * (_LN_REFERENCE - bottom)
        risen = xp.cumsum(temperature * (level[:, :-1] - level[:, 1:]), -1)
        risen = xp.concatenate([0 * risen[:, :1], risen], -1)
        lost = a_kelvin * (below[:, None] + risen)
        bound = lost[:, -1] <= 1 - 1 / MAX_INFLATION
        low, high = self._sections.temperature_K
        known = ((temperature >= low) & (temperature <= high)).all(-1)
        return _Column(middle, temperature, lost, bound & known)

    def _air(self, batch: AtmosphereBatch, column: _Column) -> _Air:
        xp = self._xp
        lost = xp.clip(column.lost, None, 1 - 1 / MAX_INFLATION)
        height = lost / (1 - lost)
        temperature = xp.clip(column.temperature, *self._sections.temperature_K)
        density = xp.exp(column.log_pressure) * _UNIT_CM3 / (Boltzmann * temperature)
        path = _chords(xp, height) * (batch.planet_radius_m * _CM)[:, None, None]
        return _Air(height, path, density, column.log_pressure, temperature)

    def _temperature(self, batch: AtmosphereBatch, log_pressure: Any) -> Any:
        """(B, 1) where it is one, else (B, L)."""
        own = batch.temperature_K[:, None]
        if batch.grey is None:
            return own
        gravity, kappa, gamma = batch.gravity_m_s2[:, None], batch.grey[:, :1], batch.grey[:, 1:]
        return grey_temperature(self._xp, log_pressure, gravity, own, kappa, gamma)

    def _continuum(self, batch: AtmosphereBatch, air: _Air) -> Any:
        """Optical depth of scattering, haze and collisions, (B, levels, N)."""
        xp = self._xp
        rest = xp.clip(1 - batch.fractions.sum(-1), 0.0, None)[:, None]
        h2, he = HYDROGEN_SHARE * rest, (1 - HYDROGEN_SHARE) * rest
        slope = batch.haze_slope[:, None]
        haze = self._anchor * batch.haze_factor[:, None] * xp.exp(slope * self._log_wave)
        single = h2 * (self._rayleigh + haze)
        h2_h2, h2_he = self._peaks
        amount = (h2 * (h2 * h2_h2 + he * h2_he))[..., None]
        shape = xp.exp(-(self._from_bump**2) / 2 / (air.temperature[..., None] / 300))
        column = (air.path_cm @ air.density[..., None]) * single[:, None, :]
        pairs = air.path_cm * (air.density**2)[:, None, :]
        if shape.shape[1] == 1:
            return column + pairs.sum(-1)[..., None] * (amount * shape)
        return column + pairs @ (amount * shape)

    def _gas(self, gas: str, fraction: Any, air: _Air) -> Any:
        """Transmission of one gas averaged over its k-distribution, (B, levels, N)."""
        xp, sections = self._xp, self._sections
        if gas not in self.gases:
            raise ValueError(f"no opacity of {gas}: there are {', '.join(self.gases)}")
        density = fraction[:, None] * air.density
        if isinstance(sections, TableSections):
            full = sections.full(gas, air.temperature, air.log_pressure)
            return _averaged(xp, air.path_cm, density[..., None, None] * full, sections.weight)
        factor = sections.factor(gas, air.temperature, air.log_pressure)
        factor = factor * density[..., None]
        mean = sections.mean(gas, air.temperature)
        if mean.shape[1] > 1:
            full = factor[..., None] * mean[:, :, None, :]
            return _averaged(xp, air.path_cm, full, sections.weight)
        tau = (air.path_cm @ factor)[..., None] * mean[:, :, None, :]
        return _faded(xp, tau, sections.weight)


def _averaged(xp: Any, path: Any, absorption: Any, weight: Any) -> Any:
    """(B, L, Z, N) absorption [1/cm] along (B, levels, L) paths -> (B, levels, N) transmission."""
    batch, layers, nodes, channels = absorption.shape
    flat = absorption.reshape(batch, layers, nodes * channels)
    parts = []
    for first in range(0, layers, layers // _BLOCKS):
        # No chord passes below the level that it touches.
        rows = path[:, first : first + layers // _BLOCKS, first:]
        tau = (rows @ flat[:, first:]).reshape(batch, -1, nodes, channels)
        parts.append(_faded(xp, tau, weight))
    top = xp.zeros_like(parts[-1][:, :1]) + 1  # the highest level has nothing above
    return xp.concatenate([*parts, top], 1)


def _faded(xp: Any, tau: Any, weight: Any) -> Any:
    """e^-tau averaged over nodes: (B, levels, Z, N) -> (B, levels, N); tau is written over."""
    xp.exp(xp.negative(tau, out=tau), out=tau)
    return weight @ tau


def _chords(xp: Any, height: Any) -> Any:
    """Length within each layer of the chord that touches each level, in radii: (B, L + 1, L)."""
    touched, level = height[:, :, None], height[:, None, :]
    half = xp.sqrt(xp.clip((level - touched) * (2 + level + touched), 0.0, None))
    return 2 * (half[..., 1:] - half[..., :-1])
