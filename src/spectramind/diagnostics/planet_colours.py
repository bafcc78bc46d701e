"""What the points of a map can be coloured by, a number a planet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spectramind.diagnostics.report_data import ReportData
from spectramind.instrument.grid import AIRS_BINS
from spectramind.plotting.plot import listed

Array = NDArray[np.float64]
PPM = 1e6
_SEVERITIES = ("ok", "warn", "fail")
SCALE = "Viridis"  # even to colour-blind eyes


@dataclass(frozen=True)
class PlanetColour:
    """One colouring.

    Attributes:
        title: with its unit, as the colour bar has it.
        values: a number a planet, NaN where it is not known.
        classes: names of 0, 1, ... where the numbers count classes.
    """

    title: str
    values: Array
    classes: tuple[str, ...] = ()

    def restyle(self) -> dict[str, Any]:
        """What a Plotly trace of points takes over, ``Plotly.restyle``'s first argument."""
        known = self.values[np.isfinite(self.values)]
        low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
        if self.classes:
            low, high = 0.0, max(len(self.classes) - 1.0, 1.0)
        if high <= low:
            low, high = low - 0.5, high + 0.5
        ticks = list(range(len(self.classes))) if self.classes else None
        return {
            "marker.color": [listed(self.values, 4)],
            "marker.cmin": low,
            "marker.cmax": high,
            "marker.colorbar.title.text": self.title,
            "marker.colorbar.tickvals": [ticks],
            "marker.colorbar.ticktext": [list(self.classes) if self.classes else None],
        }


def spectral_entropy(mu: Array) -> Array:
    """Entropy of the power spectrum of AIRS's depths over its largest possible value, (n,).

    0: all structure has one period; 1: all periods alike, as noise; NaN of a flat spectrum
    (Shannon 1948, of the shares of the periodogram).

    Args:
        mu: (n, 283) depths.
    """
    shape = mu[:, AIRS_BINS] - mu[:, AIRS_BINS].mean(axis=1, keepdims=True)
    power = np.abs(np.fft.rfft(shape, axis=1))[:, 1:] ** 2
    total = power.sum(axis=1, keepdims=True)
    share = np.divide(power, total, out=np.full_like(power, np.nan), where=total > 0)
    logs = np.log(share, out=np.zeros_like(share), where=share > 0)
    entropy: Array = -(share * logs).sum(axis=1) / np.log(power.shape[1])
    return entropy


def planet_colours(
    data: ReportData,
    ids: Sequence[str],
    scores: Mapping[str, float],
    severity: Mapping[str, str],
) -> list[PlanetColour]:
    """Colourings that any planet is known by, scores first.

    Args:
        data: the report; ids: its planets that are on the map.
        scores: official scores. severity: what the audit said.
    """
    row = {planet: i for i, planet in enumerate(data.planet_ids)}
    rows = [row[planet] for planet in ids]
    sigma = np.median(data.sigma, axis=1).astype(np.float64)[rows] * PPM
    entropy = spectral_entropy(np.asarray(data.mu, dtype=np.float64)[rows])
    star = np.full(len(ids), np.nan)
    if data.traits is not None:
        star = np.asarray(data.traits.star_k, dtype=np.float64)[rows]
    found = [
        PlanetColour("official score", np.array([scores.get(one, np.nan) for one in ids])),
        PlanetColour("σ, median bin [ppm]", sigma),
        _classes("audit", [severity.get(one) for one in ids], _SEVERITIES),
        PlanetColour("spectral entropy", entropy),
        _residuals(data, ids),
        PlanetColour("star [K]", star),
    ]
    return [one for one in found if np.isfinite(one.values).any()]


def _residuals(data: ReportData, ids: Sequence[str]) -> PlanetColour:
    """The class of the residuals' spectrum, where ``diagnose fft`` told one."""
    told = data.stored.get("fft", {}).get("planets", {})
    # "white", "red" or "peak at 3.1 mHz"
    words = [str(told.get(planet, {}).get("class", "")).split() for planet in ids]
    names = [word[0] if word else None for word in words]
    return _classes("residuals", names, tuple(sorted({name for name in names if name})))


def _classes(title: str, names: Sequence[str | None], order: tuple[str, ...]) -> PlanetColour:
    place = {name: float(i) for i, name in enumerate(order)}
    return PlanetColour(title, np.array([place.get(n or "", np.nan) for n in names]), order)
