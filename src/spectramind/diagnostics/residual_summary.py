"""What the residuals of all planets say together: plain values for the report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spectramind.diagnostics.panel import plain
from spectramind.diagnostics.residual_noise import (
    ResidualCurve,
    autocorrelation,
    binned_excess,
    peak_chances,
    periodogram,
    white_level,
    whitened,
)

Array = NDArray[np.float64]
LAGS = 30
_MOST_MEANS = 8  # a light curve is averaged down to no fewer means than what was fitted and these
_BIN_STEPS = 24
_SIXTEEN = (16.0, 50.0, 84.0)
SIDE_H = 0.25  # ingress that is taken where a transit has none


@dataclass(frozen=True)
class Watched:
    """One planet's light curve of a detector.

    Attributes:
        found: its residuals; ingress_h: how long its ingress lasts, NaN: not known.
    """

    found: ResidualCurve
    ingress_h: float


def _common(curves: Sequence[Watched]) -> Array:
    """Frequencies [mHz] of the most usual light curve."""
    forms = [(len(one.found.ppm), round(one.found.step_s, 3)) for one in curves]
    usual = max(set(forms), key=forms.count)
    frequency, _ = periodogram(curves[forms.index(usual)].found)
    return frequency


def nearest(frequency: Array, power: Array, wanted: Array) -> Array:
    """Power at the frequency nearest to each one wanted; NaN beyond the last."""
    middle = (frequency[1:] + frequency[:-1]) / 2
    reached = wanted <= frequency[-1] * (1 + 1e-9)
    return np.where(reached, power[np.searchsorted(middle, wanted)], np.nan)


def stacked(
    frequency: Array, power: Array, neighbours: int, trials: int, false_alarm: float
) -> list[dict[str, float]]:
    """Peaks that spectra (n, F) share, each spectrum of a mean near 1."""
    ratio, chance = peak_chances(power.mean(axis=0), neighbours, len(power))
    return peaks_of(frequency, ratio, chance, trials, false_alarm)


def peaks_of(
    frequency: Array, ratio: Array, chance: Array, trials: int, false_alarm: float
) -> list[dict[str, float]]:
    """Frequencies that so many trials do not bring by chance, the surest first."""
    alarm = np.minimum(chance * trials, 1.0)
    return [
        {"mhz": float(frequency[i]), "times": float(ratio[i]), "alarm": float(alarm[i])}
        for i in np.argsort(alarm, kind="stable")
        if alarm[i] < false_alarm
    ]


def light_of(
    curves: Mapping[str, Watched], neighbours: int, false_alarm: float, tests: int
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """One detector's residuals: what all planets say together, and what each says.

    Args:
        curves: by planet. tests: light curves of all detectors that are tested.
        neighbours, false_alarm: see ``ResidualsConfig``.
    """
    watched = list(curves.values())
    frequency = _common(watched)
    powers, each = [], {}
    for planet, one in curves.items():
        own, density = periodogram(one.found)
        fast = one.found.removed  # what is slower is bent by what the fit took out
        ratio, chance = peak_chances(whitened(own[fast:], density[fast:]), neighbours)
        best = int(chance.argmin())
        ingress_h = one.ingress_h if np.isfinite(one.ingress_h) else SIDE_H
        longest = len(one.found.ppm) // (one.found.removed + _MOST_MEANS)
        samples = max(min(round(ingress_h * 3600 / one.found.step_s), longest), 2)
        excess, excess_chance = binned_excess(one.found, samples)
        each[planet] = {
            "noise_ppm": one.found.white,
            "white_ppm2_mhz": white_level(one.found),
            "peak_mhz": float(own[fast + best]),
            "peak_times": float(ratio[best]),
            "peak_alarm": float(min(chance[best] * len(chance) * tests, 1.0)),
            "bin_min": samples * one.found.step_s / 60,
            "excess": plain([excess])[0],
            "excess_chance": excess_chance,
            "excess_alarm": float(min(excess_chance * tests, 1.0)),
        }
        powers.append(nearest(own, density / white_level(one.found), frequency))
    power = np.array(powers)
    fast = max(one.found.removed for one in watched)
    flat = np.array([whitened(frequency[fast:], row[fast:]) for row in whole(power)])
    peaks = stacked(frequency[fast:], flat, neighbours, 2 * len(frequency), false_alarm)
    low, middle, high = np.nanpercentile(power, _SIXTEEN, axis=0)
    together = {
        "planets": len(watched),
        "frequency_mhz": _digits(frequency),
        "mean": _digits(np.nanmean(power, axis=0)),
        "low": _digits(low),
        "median": _digits(middle),
        "high": _digits(high),
        "white_ppm2_mhz": float(np.median([one["white_ppm2_mhz"] for one in each.values()])),
        "peaks": peaks,
        **_memory(watched),
        **_averaged(watched),
    }
    return together, each


def whole(power: Array) -> Array:
    """Rows without gaps: where one light curve does not reach, its own median stands."""
    return np.where(np.isfinite(power), power, np.nanmedian(power, axis=-1, keepdims=True))


def _memory(watched: Sequence[Watched]) -> dict[str, Any]:
    """Autocorrelation: mean over the planets, and where chance puts it if noise is white."""
    steps = np.array([one.found.step_s for one in watched])
    step = float(np.median(steps))
    alike = [one.found for one in watched if abs(one.found.step_s / step - 1) < 0.01]
    found = np.array([autocorrelation(one, LAGS) for one in alike])
    samples = float(np.mean([one.there.sum() for one in alike]))
    return {
        "lag_min": _digits(np.linspace(step, LAGS * step, LAGS) / 60),
        "correlation": _digits(np.nanmean(found, axis=0)),
        "correlation_band": 1.96 / np.sqrt(samples * len(alike)),
        "correlation_planet_band": 1.96 / np.sqrt(samples),
    }


def _averaged(watched: Sequence[Watched]) -> dict[str, Any]:
    """Scatter of means against white noise by how long a mean is: percentiles over planets."""
    longest = min(
        len(one.found.ppm) * one.found.step_s / (one.found.removed + _MOST_MEANS) for one in watched
    )
    shortest = max(one.found.step_s for one in watched)
    seconds: Array = np.array(np.geomspace(shortest, max(longest, 2 * shortest), _BIN_STEPS))
    table = np.array(
        [
            [binned_excess(one.found, max(round(s / one.found.step_s), 1))[0] for s in seconds]
            for one in watched
        ]
    )
    good = np.isfinite(table).any(axis=0)
    low, middle, high = np.nanpercentile(table[:, good], _SIXTEEN, axis=0)
    return {
        "mean_min": _digits(seconds[good] / 60),
        "scatter_low": _digits(low),
        "scatter": _digits(middle),
        "scatter_high": _digits(high),
    }


def verdict_of(planet: Mapping[str, Mapping[str, Any]], false_alarm: float) -> str:
    """A planet's class by its detectors: "white", "red" or "peak at x mHz"."""
    peaks = [one for one in planet.values() if one["peak_alarm"] < false_alarm]
    if peaks:
        worst = min(peaks, key=lambda one: float(one["peak_alarm"]))
        return f"peak at {worst['peak_mhz']:.2g} mHz"
    return "red" if any(one["excess_alarm"] < false_alarm for one in planet.values()) else "white"


def _digits(values: ArrayLike) -> list[float | None]:
    """Four digits are enough to draw."""
    return [None if v is None else float(f"{v:.4g}") for v in plain(values)]
