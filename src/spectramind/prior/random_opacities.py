"""Shapes of spectra whose opacities are anybody's guess: a prior for planets unlike our own model.

The atmosphere model knows five gases by band constants that are good to a factor of two to five;
real opacities, or another simulator's, have other bands at other places. Here every spectrum has
gases of its own: real ones with bands shifted and scaled, or invented ones, each with a band
profile of its own, beside Rayleigh scattering and a haze.

In an isothermal atmosphere of constant gravity whose opacity falls with density, the transit radius
lies, in scale heights above an opaque deck (a cloud, or the 10 bar level), at

    h = gamma + ln tau + E1(tau),    tau the optical depth along the chord that touches the deck

(de Wit & Seager 2013, Heng & Kitzmann 2017): h = 0 where nothing absorbs, and nothing has to be
integrated, so 5,000 spectra take a second. Lines narrower than a bin are left out: they only change
how strong a band looks, which is drawn at random anyway. Ranges are constants and wide on purpose,
as in ``atmospheres.py``, with which they share what is no matter of opacity.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import exp1

from spectramind.instrument.grid import AIRS_BINS, FGS1_BANDPASS_UM, bin_wavelengths
from spectramind.physics.bands import GASES, MOLECULE_BANDS
from spectramind.physics.continuum import haze_cross_section, rayleigh_cross_section
from spectramind.prior.atmospheres import HAZE_LOG10, HAZE_SLOPE, LOG10_ABUNDANCE, SIGNAL

Array = NDArray[np.float64]
_SEED = 20251
_FGS1_SAMPLES = 6
_MOST_GASES = 5
_REAL = 0.5  # share of gases with the bands of a real one, moved
# Real bands: relative scatter of their places, scatter of their strengths' logarithm.
_MOVED, _SCALED = 0.05, 1.5
# Invented ones: places [cm-1], how strong at 2000 cm-1 [cm per molecule], how fast overtones
# weaken (logarithm per 1000 cm-1, up to), and their scatter around that.
_MOST_BANDS = 12
_PLACE_CM = (2000.0, 16000.0)
_STRONGEST_CM, _WEAKENING, _SCATTER = 1e-17, 1.3, 2.5
# Profiles: half width [cm-1] and its scatter over a gas's bands, height of an exponential tail
# and its length in widths, scatter of the logarithm of one side's width over the other's.
_WIDTH_CM, _WIDTH_SCATTER = (15.0, 400.0), 0.2
_TAIL_LOG10, _TAIL_LENGTH = (-3.0, -0.3), (0.7, 3.0)
_SKEW = 0.4
# Molecules per cm2 along the chord that touches the deck: decks of 1 Pa to beyond 10 bar.
_COLUMN_LOG10 = (22.5, 29.0)
_DEEPEST = 1e26  # optical depth beyond which nothing changes
_CLEAREST = 1e-8  # below which nothing absorbs


@cache
def opacity_shapes(count: int) -> Array:
    """Spectra less their AIRS mean, (count, 283), always the same ones.

    More of them begin with the same ones as fewer. They take about 0.2 ms each.
    """
    rng = np.random.default_rng(_SEED)
    fgs1 = np.linspace(*FGS1_BANDPASS_UM, 2 * _FGS1_SAMPLES + 1)[1::2]
    wavelength = np.concatenate([fgs1, bin_wavelengths()[AIRS_BINS]])
    seen = np.stack([_seen_radius(rng, wavelength) for _ in range(count)])
    shapes = np.column_stack([seen[:, :_FGS1_SAMPLES].mean(axis=1), seen[:, _FGS1_SAMPLES:]])
    shapes -= shapes[:, AIRS_BINS].mean(axis=1, keepdims=True)
    shapes.flags.writeable = False
    return shapes


def _seen_radius(rng: np.random.Generator, wavelength: Array) -> Array:
    """Depth above that of the deck, (N,)."""
    opacity = rayleigh_cross_section(wavelength)
    opacity += haze_cross_section(wavelength, 10 ** rng.uniform(*HAZE_LOG10), _haze_slope(rng))
    for _ in range(rng.integers(1, _MOST_GASES + 1)):
        opacity += 10 ** rng.uniform(*LOG10_ABUNDANCE) * _gas(rng, 1e4 / wavelength)
    signal = np.exp(rng.uniform(*np.log(SIGNAL)))
    tau = np.minimum(opacity * 10 ** rng.uniform(*_COLUMN_LOG10), _DEEPEST)
    some = np.maximum(tau, _CLEAREST)
    height = np.euler_gamma + np.log(some) + exp1(np.minimum(some, 700.0))
    depth: Array = signal * height
    return depth


def _haze_slope(rng: np.random.Generator) -> float:
    return float(rng.uniform(*HAZE_SLOPE))


def _gas(rng: np.random.Generator, wavenumber: Array) -> Array:
    """Cross-section of one gas [cm2 per molecule], (N,)."""
    centre, strength = _moved_bands(rng) if rng.uniform() < _REAL else _invented_bands(rng)
    width = np.exp(rng.uniform(*np.log(_WIDTH_CM)))
    width = width * np.exp(_WIDTH_SCATTER * rng.standard_normal(len(centre)))
    lobes, tail = rng.uniform(), 10 ** rng.uniform(*_TAIL_LOG10)
    length, skew = rng.uniform(*_TAIL_LENGTH), np.exp(_SKEW * rng.standard_normal())
    d = (wavenumber - centre[:, None]) / width[:, None]
    d = np.where(d > 0, d * skew, d / skew)
    profile = (1 - lobes + lobes * np.abs(d)) * np.exp(-(d**2))
    profile += tail * np.exp(-np.abs(d) / length)
    section: Array = (strength / width) @ profile
    return section


def _moved_bands(rng: np.random.Generator) -> tuple[Array, Array]:
    """Centres [cm-1] and strengths [cm per molecule] of a real gas's bands, changed at random."""
    bands = MOLECULE_BANDS[GASES[rng.integers(len(GASES))]].bands
    centre, strength = np.array([(band.centre, band.strength) for band in bands]).T
    centre = centre * (1 + _MOVED * rng.standard_normal(len(bands)))
    return centre, strength * np.exp(_SCALED * rng.standard_normal(len(bands)))


def _invented_bands(rng: np.random.Generator) -> tuple[Array, Array]:
    """The same of a gas that never was."""
    count = rng.integers(1, _MOST_BANDS + 1)
    low, high = np.log(_PLACE_CM)
    centre = np.exp(rng.uniform(low, high, count))
    weaker = rng.uniform(0, _WEAKENING) * (centre - _PLACE_CM[0]) / 1000
    strength = _STRONGEST_CM * np.exp(_SCATTER * rng.standard_normal(count) - weaker)
    return centre, strength
