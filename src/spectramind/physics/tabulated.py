"""Opacity files on the spectral channels: a k-distribution for each, 16 values of g for all gases.

All values that a file has inside a channel, each with its share of the channel's wavenumbers, are
sorted into one distribution (correlated k). 16 shares of g stand for it, by their mean logarithms:
the weights of eight Gauss-Legendre nodes below 0.9 and of eight above, where line cores are (means
came out twice as good as values at the nodes, bins of three lines and of hundreds alike). Between a
file's pressures and temperatures the logarithm is linear in theirs. Below and above its pressures
the end holds; an atmosphere beyond its temperatures has no spectrum.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectramind.errors import ConfigError
from spectramind.physics.bands import GASES
from spectramind.physics.channels import Channels
from spectramind.physics.opacity_files.gas_table import GasTable

Array = NDArray[np.float64]

_SPLIT = 0.9
_HALF = 8
_FLOOR_CM2 = 1e-40
_SHARE = np.polynomial.legendre.leggauss(_HALF)[1] / 2
WEIGHT_G = np.concatenate([_SPLIT * _SHARE, (1 - _SPLIT) * _SHARE])
EDGE_G = np.concatenate([[0.0], np.cumsum(WEIGHT_G)])
_HELD = 1e-3  # share of a channel that a file may leave out at its ends


@dataclass(frozen=True)
class ChannelTable:
    """One gas on the channels.

    Attributes:
        log_pressure: (P,) ln Pa. log_temperature: (T,) ln K.
        log_section: (P, T, 16, N) ln cm2 per molecule, ascending with g, single precision.
    """

    log_pressure: Array
    log_temperature: Array
    log_section: NDArray[np.float32]


@dataclass(frozen=True)
class TabulatedOpacity:
    """What gases absorb by files, on given channels.

    Attributes:
        gases: by name; a gas that has no file is missing.
        temperature_K: the range that all of them cover.
        read: for people, which file was read for which gas. passed_over: what was not, and why.
    """

    channels: Channels
    gases: Mapping[str, ChannelTable]
    temperature_K: tuple[float, float]  # noqa: N815 - kelvin is K
    read: str = ""
    passed_over: tuple[str, ...] = ()


def tabulated(tables: Mapping[str, GasTable], channels: Channels) -> TabulatedOpacity:
    """Tables of files on the channels.

    Raises:
        ConfigError: a file that does not cover the channels, or no temperature that all cover.
    """
    gases = {gas: _on_channels(tables[gas], channels) for gas in GASES if gas in tables}
    low = max(float(table.temperature_K[0]) for table in tables.values())
    high = min(float(table.temperature_K[-1]) for table in tables.values())
    if low > high:
        raise ConfigError(
            f"physics.opacity.path: one gas's temperatures begin at {low:g} K, another's end at "
            f"{high:g} K: take tables that overlap"
        )
    return TabulatedOpacity(channels, gases, (low, high))


def _on_channels(table: GasTable, channels: Channels) -> ChannelTable:
    low, high = 1e4 / channels.edges_um[:, 1], 1e4 / channels.edges_um[:, 0]
    edges = table.edges_cm
    needed, given = (low.min(), high.max()), (edges[0], edges[-1])
    slack = _HELD * (high - low)
    if np.any(low < edges[0] - slack) or np.any(high > edges[-1] + slack):
        raise ConfigError(
            f"physics.opacity.path: the table of {table.gas.upper()} covers "
            f"{1e4 / given[1]:.4g}..{1e4 / given[0]:.4g} um, the bins need "
            f"{1e4 / needed[1]:.4g}..{1e4 / needed[0]:.4g}: take one that reaches as far"
        )
    pressures, temperatures = table.section_cm2.shape[:2]
    out = np.empty((pressures, temperatures, WEIGHT_G.size, low.size), dtype=np.float32)
    for n, ends in enumerate(zip(low, high, strict=True)):
        out[..., n] = _distribution(table, *ends)
    return ChannelTable(np.log(table.pressure_pa), np.log(table.temperature_K), out)


def _distribution(table: GasTable, low: float, high: float) -> Array:
    """ln section by shares of g over wavenumbers from ``low`` to ``high``, (P, T, 16)."""
    edges = table.edges_cm
    first = int(np.clip(np.searchsorted(edges, low, side="right") - 1, 0, edges.size - 2))
    last = min(max(int(np.searchsorted(edges, high)), first + 1), edges.size - 1)
    inside = np.minimum(edges[first + 1 : last + 1], high) - np.maximum(edges[first:last], low)
    share = inside / inside.sum() if high > low else np.ones(1)
    values = table.section_cm2[:, :, first : first + share.size]
    weight = np.outer(share, table.weight).ravel()
    flat = np.log(np.maximum(values.reshape(-1, weight.size), _FLOOR_CM2))
    order = np.argsort(flat, axis=1, kind="stable")
    ordered = np.take_along_axis(flat, order, axis=1)
    part = weight[order]
    nothing = np.zeros((len(part), 1))
    place = np.concatenate([nothing, np.cumsum(part, axis=1)], axis=1)
    summed = np.concatenate([nothing, np.cumsum(part * ordered, axis=1)], axis=1)
    at_edge = [np.interp(EDGE_G, g, s) for g, s in zip(place, summed, strict=True)]
    return np.asarray(np.diff(at_edge, axis=1) / WEIGHT_G).reshape(*values.shape[:2], WEIGHT_G.size)
