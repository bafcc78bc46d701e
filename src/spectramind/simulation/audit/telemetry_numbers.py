"""Numbers that sum up telemetry, spectra and star table, by the names ``expectations`` ranges."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spectramind.contracts.depths import MEAN_DEPTH
from spectramind.instrument.detectors import AIRS_SCIENCE
from spectramind.physics.orbit import transit_duration_h
from spectramind.simulation.audit.telemetry import Array, View

_PPM = 1e6
_PUBLISHED_WINGS_PX = (4, 8, 13)
_TYPICAL_RATIO = MEAN_DEPTH**0.5
_HOT_SIGMA = 5.0
# Of 24 successive differences of white noise: median of their mean square over its expectation.
_MEDIAN_CHI2 = 0.96


def detector_numbers(seen: View, prefix: str) -> dict[str, float]:
    """Reference frames and reads of one detector; ``prefix`` starts each name."""
    good = seen.good
    dark = seen.dark[good]
    faint = good & (np.abs(seen.image) < 30)
    noise = np.median(seen.variance[faint]) / 2 / _MEDIAN_CHI2 - seen.rounding
    numbers = {
        "start_e": float(np.median(seen.start[faint])),
        "read_e": float(np.median(seen.read)),
        "read_measured_e": float(np.sqrt(max(noise, 0.0))),
        "read_above_20": float((seen.read > 20).mean()),
        "dark_e_s": float(np.median(dark)),
        "hot": _hot_share(dark),
        "hottest_e_s": float(dark.max()),
        "dead": float(seen.dead.mean()),
        "flat": float(1.4826 * np.median(np.abs(seen.flat[good] - np.median(seen.flat[good])))),
    }
    for level in (1e4, 3e4, 6e4):
        corrected = sum(c * level**k for k, c in enumerate(seen.linearity[:, good]))
        numbers[f"linearity_{level:.0e}"] = float(np.median(corrected) / level - 1)
    return {f"{prefix}_{name}": value for name, value in numbers.items()}


def _hot_share(dark: Array) -> float:
    """Pixels beyond 5 sigma of a clipped distribution, as the competition's own notebook counts."""
    kept = dark
    for _ in range(10):
        kept = kept[np.abs(kept - np.median(kept)) <= _HOT_SIGMA * kept.std()]
    return 1 - kept.size / dark.size


def airs_numbers(seen: View) -> dict[str, float]:
    """Levels, profile, photon transfer and jitter of AIRS."""
    image = np.where(seen.good, seen.image, np.nan)
    columns = np.nansum(image[:, AIRS_SCIENCE], axis=0)
    # A dead pixel takes its column out of the profile.
    whole = seen.good[13:19, AIRS_SCIENCE].all(0)
    profile = image[:, AIRS_SCIENCE][:, whole] / columns[whole]
    two = np.sort(np.nan_to_num(profile), axis=0)[-2:].sum(0)
    faint = seen.good & (seen.image > 200) & (seen.image < 1000)
    photon = seen.variance[faint] / _MEDIAN_CHI2 - 2 * (seen.read[faint] ** 2 + seen.rounding)
    return {
        "airs_sum_e": float(columns.sum()),
        "airs_column_low_e": float(columns.min()),
        "airs_column_median_e": float(np.median(columns)),
        "airs_column_high_e": float(columns.max()),
        "airs_brightest_e": float(np.nanmax(image)),
        "airs_peak_row": float(np.median(np.nanargmax(profile, axis=0))),
        "airs_two_rows_low": float(np.quantile(two, 0.05)),
        "airs_two_rows_high": float(np.quantile(two, 0.95)),
        "airs_transfer": float(np.median(photon / seen.image[faint])),
        "airs_jitter_px": seen.jitter_px[0],
    }


def fgs1_numbers(seen: View) -> dict[str, float]:
    """Level, core, wings and jitter of FGS1."""
    image = np.where(seen.good, seen.image, 0.0)
    rows, columns = np.indices(image.shape)
    core = (np.hypot(rows - 15.4, columns - 15.4) < 5) * image
    centre = [float((axis * core).sum() / core.sum()) for axis in (rows, columns)]
    radius = np.hypot(rows - centre[0], columns - centre[1])
    wings = {
        f"fgs1_wing_{r}_e": float(seen.image[seen.good & (np.abs(radius - r) < 0.7)].mean())
        for r in _PUBLISHED_WINGS_PX
    }
    return {
        "fgs1_sum_e": float(image.sum()),
        "fgs1_core_row": centre[0],
        "fgs1_core_column": centre[1],
        **wings,
        "fgs1_jitter_row_px": seen.jitter_px[0],
        "fgs1_jitter_column_px": seen.jitter_px[1],
    }


def spectra_numbers(spectra: NDArray[np.float64]) -> dict[str, float]:
    """Depths (planets, 283): level, AIRS scatter within a planet, step from FGS1 to AIRS."""
    scatter = _PPM * spectra[:, 1:].std(1)
    step = _PPM * (spectra[:, 0] - spectra[:, 1:].mean(1))
    return {
        "depth_mean": float(spectra.mean()),
        "depth_scatter": float(spectra.mean(1).std()),
        "depth_least": float(spectra.min()),
        "depth_most": float(spectra.max()),
        "airs_scatter_10_ppm": float(np.quantile(scatter, 0.1)),
        "airs_scatter_90_ppm": float(np.quantile(scatter, 0.9)),
        "fgs1_step_rms_ppm": float(np.sqrt(np.mean(step**2))),
    }


def star_numbers(table: pd.DataFrame) -> dict[str, float]:
    """The star table's medians, its orbits' mismatch, and the transits its orbits would have."""
    kepler = 4.2083 * table["P"] ** (2 / 3) * table["Ms"] ** (1 / 3) / table["Rs"]
    hours = [
        transit_duration_h(row["P"], row["sma"], row["i"], _TYPICAL_RATIO)
        for _, row in table.iterrows()
    ]
    return {
        **{f"median_{name}": float(table[name].median()) for name in ("Rs", "Ms", "Ts", "Mp")},
        "orbit_mismatch": float(np.log(table["sma"] / kepler).std()),
        "duration_median_h": float(np.median(hours)),
        "mass_temperature": float(table["Ms"].corr(table["Ts"], method="spearman")),
        "mass_radius": float(table["Ms"].corr(table["Rs"], method="spearman")),
    }
