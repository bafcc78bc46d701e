"""Is what a fit leaves of a light curve white noise? Periodogram, memory and binned scatter.

ResidualCurve stand on a regular grid, zero where a sample is missing. Powers of white noise are
independent and exponential; a frequency is judged beside the mean of its neighbours, so that the
chance of a ratio is that of an F distribution and needs no noise level from elsewhere.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.fft import rfft, rfftfreq

from spectramind.contracts.series import usual_step

Array = NDArray[np.float64]
SECONDS = 3600.0
_ROUNDS, _CONVERGED = 25, 1e-4
_NEAREST = 1  # frequencies on either side of a peak that it may leak into


@dataclass(frozen=True)
class ResidualCurve:
    """What a fit leaves of one light curve.

    Attributes:
        ppm: (N,) on a regular grid [ppm], 0 where there is no sample.
        there: (N,) bool, where there is one.
        step_s: of the grid [s].
        white: standard deviation of a sample that the scatter tells [ppm].
        removed: parameters that the fit took out of slow changes.
    """

    ppm: Array
    there: NDArray[np.bool_]
    step_s: float
    white: float
    removed: int


def on_grid(time_h: Array, ppm: Array, parameters: int, removed: int) -> ResidualCurve:
    """ResidualCurve at ascending times [h] on their regular grid.

    Args:
        parameters: how many the fit had, all told; removed: how many of them are slow in time.
    """
    step_h = usual_step(time_h)
    place = np.round((time_h - time_h[0]) / step_h).astype(int)
    whole, there = np.zeros(place[-1] + 1), np.zeros(place[-1] + 1, dtype=bool)
    whole[place], there[place] = ppm, True
    freedom = max(int(there.sum()) - parameters, 1)
    white = float(np.sqrt((whole**2).sum() / freedom))
    return ResidualCurve(whole, there, step_h * SECONDS, max(white, 1e-9), removed)


def periodogram(found: ResidualCurve) -> tuple[Array, Array]:
    """Frequencies [mHz] and one-sided power density [ppm^2/mHz].

    White noise of variance s^2 a sample has 2 s^2 step. Frequency 0 and the last are left out.
    """
    n = len(found.ppm)
    inner = slice(1, (n + 1) // 2)
    power = np.abs(rfft(found.ppm)[inner]) ** 2
    frequency = np.asarray(rfftfreq(n, found.step_s / 1e3)[inner], dtype=np.float64)
    return frequency, power * 2 * found.step_s / 1e3 / found.there.sum()


def white_level(found: ResidualCurve) -> float:
    """The density that white noise of the same scatter has [ppm^2/mHz]."""
    return float(2 * found.white**2 * found.step_s / 1e3)


def whitened(frequency: Array, power: Array) -> Array:
    """Powers over the power law a f^b that fits them best, (F,).

    By the likelihood of exponential powers (Whittle 1953), found by scoring.
    """
    x = np.column_stack([np.ones(len(frequency)), np.log(frequency / frequency[-1])])
    power = np.maximum(power, 1e-300)
    solve = np.linalg.pinv(x)
    law = solve @ (np.log(power) + np.euler_gamma)
    for _ in range(_ROUNDS):
        step = solve @ (power * np.exp(-x @ law) - 1)
        law = law + step
        if np.abs(step).max() < _CONVERGED:
            break
    return np.asarray(power * np.exp(-x @ law))


def peak_chances(power: Array, neighbours: int, spectra: int = 1) -> tuple[Array, Array]:
    """How high each frequency stands above its neighbours, and the chance of that, (F,) each.

    Args:
        power: (F,) mean power of ``spectra`` independent spectra.
        neighbours: how many on either side, beyond the nearest, make the level.
    """
    total = np.append(0.0, np.cumsum(power))
    at = np.arange(len(power))

    def among(reach: int) -> tuple[Array, Array]:
        low, high = np.maximum(at - reach, 0), np.minimum(at + reach + 1, len(power))
        return total[high] - total[low], (high - low).astype(float)

    (wide, many), (near, few) = among(neighbours + _NEAREST), among(_NEAREST)
    count = many - few
    level = np.maximum(wide - near, 1e-300) / np.maximum(count, 1)
    ratio = power / level
    chance = stats.f.sf(ratio, 2 * spectra, 2 * spectra * np.maximum(count, 1))
    return ratio, np.where(count > 0, chance, 1.0)


def bump_chances(power: Array, neighbours: int) -> tuple[Array, Array]:
    """The same beside the scatter of the neighbours, whatever that comes from (Student's t).

    For mean powers of spectra that share a shape: what all of them do alike is no chance.
    """
    logs = np.log(np.maximum(power, 1e-300))
    ratio, chance = np.ones(len(logs)), np.ones(len(logs))
    for i in range(len(logs)):
        reach = np.arange(i - neighbours - _NEAREST, i + neighbours + _NEAREST + 1)
        beside = logs[reach[(reach >= 0) & (reach < len(logs)) & (np.abs(reach - i) > _NEAREST)]]
        if len(beside) > 2:
            spread = beside.std(ddof=1) * np.sqrt(1 + 1 / len(beside))
            above = logs[i] - beside.mean()
            ratio[i] = np.exp(above)
            chance[i] = stats.t.sf(above / max(spread, 1e-12), len(beside) - 1)
    return ratio, chance


def autocorrelation(found: ResidualCurve, lags: int) -> Array:
    """Correlation of samples 1..lags steps apart, (lags,); NaN where there are no such pairs."""
    there = found.there.astype(float)
    variance = (found.ppm**2).sum() / there.sum()
    result = np.full(lags, np.nan)
    for lag in range(1, min(lags, len(there) - 1) + 1):
        pairs = there[lag:] @ there[:-lag]
        if pairs:
            result[lag - 1] = found.ppm[lag:] @ found.ppm[:-lag] / pairs / variance
    return result


def binned_excess(found: ResidualCurve, samples: int) -> tuple[float, float]:
    """Scatter of means over so many samples against that of white noise, and the chance of more.

    Returns:
        Ratio of the rms of the means to what white noise of the same scatter has, and the chance
        (chi^2) that it is as large; NaN and 1 where too few means are left. The parameters that
        the fit took out of slow changes are not counted as freedom.
    """
    cells = len(found.ppm) // samples
    freedom = cells - found.removed
    if samples < 1 or freedom < 2:
        return np.nan, 1.0
    cut = slice(0, cells * samples)
    count = found.there[cut].reshape(cells, samples).sum(axis=1)
    total = found.ppm[cut].reshape(cells, samples).sum(axis=1)
    full = 2 * count >= samples
    freedom -= int((~full).sum())
    if freedom < 2:
        return np.nan, 1.0
    chi2 = float((total[full] ** 2 / count[full]).sum() / found.white**2)
    return float(np.sqrt(chi2 / freedom)), float(stats.chi2.sf(chi2, freedom))
