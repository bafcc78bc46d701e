"""Mean cross-sections of the gases, from band constants, on one wavenumber grid.

A band's strength is spread over its rotational structure, with d = (nu - nu0) / s and
s = sqrt(0.6 * 4 B T / c2):

- asymmetric rotor: wings |d| exp(-d^2) with a filled centre,
- spherical rotor: wings d^2 exp(-d^2) and a Q branch,
- both: a faint exponential tail, for the hot bands and high-K lines that fill the windows,
- linear rotor: explicit P and R lines (so band heads come by themselves) of the band and its hot
  bands, smoothed to the instrument's resolution.

Good to 0.1-0.2 dex in strong bands, 0.3-0.7 dex in windows: for synthetic planets only.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.special import comb

from spectramind.errors import ConfigError
from spectramind.physics.bands import C2_CM_K, GASES, MOLECULE_BANDS, Band, Molecule, band_strength

Array = NDArray[np.float64]

STEP_CM = 2.0
WAVENUMBER_CM = np.arange(2000.0, 17600.0, STEP_CM)
WAVELENGTH_RANGE_UM = (0.58, 4.2)
TEMPERATURE_RANGE_K = (150.0, 4000.0)
TEMPERATURE_K = np.geomspace(*TEMPERATURE_RANGE_K, 48)

_SMOOTHING_CM = 8.0  # about half an AIRS bin
SPREAD_RANGE = (0.05, 6.0)
_FLOOR_CM2 = 1e-40  # keeps the logarithm finite where no band reaches

# CO2 anharmonicity x_ij [cm-1] for modes 1, 2, 3 (diagonal once, off-diagonal as they stand).
_CO2_ANHARMONIC = np.array([[-2.9, 3.7, -19.3], [0.0, 0.6, -12.4], [0.0, 0.0, -12.5]])
# Fall of the rotational constant per quantum, relative to B, by number of modes (CO, CO2): it makes
# the band heads.
_ROTATION_LOSS = {1: (0.0091,), 3: (0.0, 0.0, 0.0079)}
_MAX_J = 200

# Shape parameters, in units of s; set by the check values of single-gas spectra at 1000 K.
_CENTRE_FILL = 0.5
_Q_WIDTH = 0.12
_Q_SHARE = 0.25
_TAIL_HEIGHT = 0.20
_TAIL_LENGTH = 1.0


def _asymmetric_shape(d: Array) -> Array:
    return np.hypot(d, _CENTRE_FILL) * np.exp(-(d**2))


def _spherical_shape(d: Array) -> Array:
    wings = d**2 * np.exp(-(d**2)) * 2 / np.sqrt(np.pi)
    branch = np.exp(-((d / _Q_WIDTH) ** 2)) / (_Q_WIDTH * np.sqrt(np.pi))
    return (1 - _Q_SHARE) * wings + _Q_SHARE * branch


_SHAPES = {"asymmetric": _asymmetric_shape, "spherical": _spherical_shape}


def _wide_shape(rotor: str, d: Array) -> Array:
    return _SHAPES[rotor](d) + _TAIL_HEIGHT * np.exp(-np.abs(d) / _TAIL_LENGTH)


@lru_cache(maxsize=len(_SHAPES))
def _wide_area(rotor: str) -> float:
    d = np.linspace(-30, 30, 12001)
    return float(np.trapezoid(_wide_shape(rotor, d), d))


def _wide_band(molecule: Molecule, band: Band, temperature_K: float) -> Array:
    """Profile [cm], area 1, of a band of a non-linear rotor."""
    width = float(np.sqrt(0.6 * 4 * molecule.rotation * temperature_K / C2_CM_K))
    d = (WAVENUMBER_CM - band.centre) / width
    return _wide_shape(molecule.rotor, d) / (width * _wide_area(molecule.rotor))


def _hot_bands(molecule: Molecule, band: Band, temperature_K: float) -> tuple[Array, Array]:
    """Shift of the centre [cm-1] and share of the strength for each populated lower state.

    Harmonic strengths; l-degeneracy of the bending mode; shift = sum of x_ij over quanta gained
    and quanta there.
    """
    if len(molecule.modes) == 1:
        return np.zeros(1), np.ones(1)
    lower = np.array(list(product(range(4), range(12), range(4))))
    gained = np.array(band.quanta)
    population = np.exp(-C2_CM_K * (lower @ np.array(molecule.modes)) / temperature_K)
    weight = population * (lower[:, 1] + 1) * comb(lower + gained, gained).prod(axis=1)
    shift = lower @ (_CO2_ANHARMONIC + _CO2_ANHARMONIC.T) @ gained
    return shift.astype(np.float64), weight / weight.sum()


def upper_rotation(molecule: Molecule, band: Band) -> float:
    """Rotational constant of a linear rotor's upper state [cm-1]."""
    loss = float(np.dot(_ROTATION_LOSS[len(molecule.modes)], band.quanta))
    return molecule.rotation * (1 - loss)


def _rotational_lines(molecule: Molecule, band: Band, temperature_K: float) -> tuple[Array, Array]:
    """Offset from the band centre [cm-1] and share of the strength of the R and P lines."""
    lower_b, upper_b = molecule.rotation, upper_rotation(molecule, band)
    j = np.arange(_MAX_J, dtype=np.float64)
    population = np.exp(-C2_CM_K * lower_b * j * (j + 1) / temperature_K)
    bend = (upper_b - lower_b) * j * (j + 1)
    offset = np.concatenate([bend + 2 * upper_b * (j + 1), bend - 2 * upper_b * j])
    weight = np.concatenate([(j + 1) * population, j * population])
    return offset, weight / weight.sum()


def _linear_band(molecule: Molecule, band: Band, temperature_K: float) -> Array:
    """Profile [cm], area 1, of a band of a linear rotor."""
    shift, share = _hot_bands(molecule, band, temperature_K)
    offset, weight = _rotational_lines(molecule, band, temperature_K)
    lines = band.centre + shift[:, None] + offset
    cell = np.rint((lines - WAVENUMBER_CM[0]) / STEP_CM).astype(np.int64)
    inside = (cell >= 0) & (cell < WAVENUMBER_CM.size)
    strength = (share[:, None] * weight)[inside]
    counts = np.bincount(cell[inside], strength, WAVENUMBER_CM.size)
    return gaussian_filter1d(counts / STEP_CM, _SMOOTHING_CM / STEP_CM, mode="constant")


def gas_cross_section(gas: str, temperature_K: float) -> Array:
    """Mean cross-section of one of ``GASES`` [cm2 per molecule] on ``WAVENUMBER_CM``."""
    molecule = MOLECULE_BANDS[gas]
    profile = _linear_band if molecule.rotor == "linear" else _wide_band
    total = np.zeros_like(WAVENUMBER_CM)
    for band in molecule.bands:
        total += band_strength(molecule, band, temperature_K) * profile(
            molecule, band, temperature_K
        )
    return total


@lru_cache(maxsize=1)
def _log_table() -> Array:
    """ln cross-section (gases, temperatures, wavenumbers), made once a process."""
    table = np.array([[gas_cross_section(gas, float(t)) for t in TEMPERATURE_K] for gas in GASES])
    return np.log(np.maximum(table, _FLOOR_CM2))


def mean_cross_sections(temperature_K: float, wavelength_um: Array) -> Array:
    """Cross-sections of all ``GASES`` from the cached table [cm2 per molecule], shape (5, N).

    Logarithm linear in log temperature and in wavenumber.

    Raises:
        ConfigError: a wavelength or the temperature is outside the table.
    """
    low, high = TEMPERATURE_RANGE_K
    if not low <= temperature_K <= high:
        raise ConfigError(
            f"temperature {temperature_K} K is outside {low:g}..{high:g} K: "
            "the cross-sections end there"
        )
    short, long = WAVELENGTH_RANGE_UM
    if not np.all((wavelength_um >= short) & (wavelength_um <= long)):
        raise ConfigError(
            f"a wavelength is outside {short:g}..{long:g} um: the cross-sections end there"
        )
    table = _log_table()
    step = np.log(high / low) / (TEMPERATURE_K.size - 1)
    position = np.log(temperature_K / low) / step
    below = min(int(position), TEMPERATURE_K.size - 2)
    share = position - below
    at_temperature = (1 - share) * table[:, below] + share * table[:, below + 1]
    wavenumber = 1e4 / wavelength_um
    return np.exp([np.interp(wavenumber, WAVENUMBER_CM, row) for row in at_temperature])


def log_sections_at(wavelength_um: Array) -> Array:
    """ln of the table's cross-sections [cm2] at (N,) wavelengths: (5, 48 temperatures, N)."""
    table, wavenumber = _log_table(), 1e4 / wavelength_um
    rows = [np.interp(wavenumber, WAVENUMBER_CM, row) for gas in table for row in gas]
    return np.reshape(rows, (*table.shape[:2], wavenumber.size))


def line_spread(gas: str, temperature_K: float, pressure_pa: Array) -> Array:
    """Width sigma_ln of the gas's lognormal k-distribution, shape of ``pressure_pa`` [Pa]."""
    a, b, c = MOLECULE_BANDS[gas].line_spread
    spread = a + b * np.log10(temperature_K / 1000) + c * np.log10(pressure_pa / 100)
    return np.clip(spread, *SPREAD_RANGE)


@dataclass(frozen=True)
class GasOpacity:
    """What the five gases absorb.

    Attributes:
        mean: temperature [K] and wavelengths (N,) [um] -> cross-sections [cm2], (5, N).
        spread: gas, temperature [K] and pressures [Pa] -> width of its lognormal k-distribution.
    """

    mean: Callable[[float, Array], Array]
    spread: Callable[[str, float, Array], Array]


KNOWN_GASES = GasOpacity(mean_cross_sections, line_spread)
