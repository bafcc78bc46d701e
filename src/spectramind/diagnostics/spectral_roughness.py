"""How rough spectra and their errors are over wavelength: second differences, periods, memory."""

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft, rfftfreq
from scipy.signal import savgol_filter

Array = NDArray[np.float64]
_ORDER = 3  # of the polynomial that a smooth spectrum is within the window


def second_differences(mu: Array, sigma: Array) -> Array:
    """Each bin against the straight line between its neighbours, in its own errors.

    Args:
        mu, sigma: (n, B) of neighbouring bins.

    Returns:
        (n, B - 2): over the error that the three have if they are independent.
    """
    bend = mu[:, :-2] - 2 * mu[:, 1:-1] + mu[:, 2:]
    variance = sigma[:, :-2] ** 2 + 4 * sigma[:, 1:-1] ** 2 + sigma[:, 2:] ** 2
    return bend / np.sqrt(variance)


def coarse(values: Array, bins: int) -> Array:
    """Largest size in each run of so many columns, (n, ceil(B / bins))."""
    return np.maximum.reduceat(np.abs(values), np.arange(0, values.shape[1], bins), axis=1)


def without_smooth(values: Array, window: int) -> Array:
    """Rows less what a cubic follows within ``window`` bins (Savitzky & Golay 1964)."""
    return values - savgol_filter(values, window, _ORDER, axis=1)


def mean_spectrum(values: Array) -> tuple[Array, Array]:
    """Frequencies [1/bin] and mean power over the rows, each row of mean 0 and power 1 a bin.

    White rows have a power of 1 everywhere. Rows without any scatter are left out.
    """
    moved = values - values.mean(axis=1, keepdims=True)
    scatter = moved.std(axis=1)
    rows = moved[scatter > 0] / scatter[scatter > 0, None]
    bins = values.shape[1]
    inner = slice(1, (bins + 1) // 2)
    frequency = np.asarray(rfftfreq(bins)[inner], dtype=np.float64)
    if not len(rows):
        return frequency, np.full(len(frequency), np.nan)
    power = np.abs(rfft(rows, axis=1)[:, inner]) ** 2 / bins
    return frequency, np.asarray(power.mean(axis=0))


def mean_autocorrelation(values: Array, lags: int) -> Array:
    """Correlation of bins 1..lags apart, mean over the rows, (lags,)."""
    moved = values - values.mean(axis=1, keepdims=True)
    power = (moved**2).mean(axis=1)
    rows, power = moved[power > 0], power[power > 0]
    if not len(rows):
        return np.full(lags, np.nan)
    return np.array(
        [((rows[:, k:] * rows[:, :-k]).mean(axis=1) / power).mean() for k in range(1, lags + 1)]
    )
