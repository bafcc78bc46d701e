"""What each step did, told from a few exposures run through the steps one by one.

The kernel fuses the steps, so their single effects and times exist only here: ``t_ms`` of a step is
its time on the audited exposures; the records ``decode`` and ``fused`` hold the whole visit's.
"""

from collections.abc import Mapping
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spectramind.calibration.kernel.pixels import Pixels
from spectramind.calibration.steps import adc_reversal, cds, dark_current, flat_field, non_linearity
from spectramind.calibration.steps.bad_pixels import MASKING
from spectramind.calibration.steps.cross_hatch import cross_hatch
from spectramind.config.calib import KillChainConfig
from spectramind.dataset.tables import AdcInfo, Timing

AUDITED_EXPOSURES = 8
_BRIGHT = 0.9  # quantile above which a pixel counts for the median linearity correction

Record = dict[str, Any]


def step_record(
    step: str, t_ms: float, params: Mapping[str, Any], delta_stats: Mapping[str, Any]
) -> Record:
    """One record of the log."""
    return {
        "step": step,
        "t_ms": round(t_ms, 3),
        "params": dict(params),
        "delta_stats": dict(delta_stats),
    }


def _mean_std(values: NDArray[Any]) -> dict[str, float]:
    return {"mean": float(np.mean(values)), "std": float(np.std(values))}


class _Log:
    """Records with the time since the last one."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self._last = perf_counter()

    def add(self, step: str, params: Mapping[str, Any], stats: Mapping[str, Any]) -> None:
        t_ms = 1e3 * (perf_counter() - self._last)
        self.records.append(step_record(step, t_ms, params, stats))
        self._last = perf_counter()


def _linearity_stats(
    electrons: NDArray[np.float64], linear: NDArray[np.float64], good: NDArray[np.bool_]
) -> dict[str, float]:
    """Median correction of the brightest tenth of the good end reads."""
    before, after = electrons[1::2, good], linear[1::2, good]
    if not before.size:
        return {"median_correction_ppm": 0.0}
    bright = (before >= np.quantile(before, _BRIGHT)) & (before > 0)
    ppm = 1e6 * (after[bright] / before[bright] - 1.0)
    return {"median_correction_ppm": float(np.median(ppm)) if ppm.size else 0.0}


def _dark_stats(current: NDArray[np.float64]) -> dict[str, float]:
    return {
        "median_e_per_s": float(np.median(current)),
        "largest_e_per_s": float(np.max(current)),
        **_mean_std(current),
    }


def _exposure_stats(
    start: NDArray[np.float64], exposures: NDArray[np.float64], terms: cds.VarianceTerms
) -> dict[str, Any]:
    names = ("photon", "read", "reference")
    return {
        "start": _mean_std(start),
        "exposure": _mean_std(exposures),
        "median_variance": {name: float(np.median(getattr(terms, name))) for name in names},
    }


def _flat_stats(
    flattened: NDArray[np.float64],
    response: NDArray[np.float64],
    good: NDArray[np.bool_],
    flat_error: float,
) -> dict[str, Any]:
    return {
        "flat": _mean_std(response[good]) if good.any() else {},
        "after": _mean_std(flattened),
        "median_variance": {
            "flat": float(np.median(flat_field.error_variance(flattened, flat_error)))
        },
        "cross_hatch": cross_hatch(response, good)._asdict(),
    }


def audit(
    raw: NDArray[np.uint16],
    pixels: Pixels,
    adc: AdcInfo,
    timing: Timing,
    config: KillChainConfig,
    shape: tuple[int, int],
) -> list[Record]:
    """Run the per-pixel steps on a few exposures and record what each changed.

    Args:
        raw: (2 n, pixels) counts, start and end reads alternating.
        pixels: references of all pixels.
        shape: (H, W) of the detector.
    """
    log = _Log()
    good = pixels.flags & MASKING == 0
    electrons = adc_reversal.reverse(raw, adc)
    log.add(
        "adc",
        {"gain": adc.gain, "offset": adc.offset},
        {"before": _mean_std(raw), "after": _mean_std(electrons)},
    )
    linear, slope = non_linearity.linearise(electrons, pixels.coefficients.T)
    log.add(
        "linearity",
        {"terms": pixels.coefficients.shape[1]},
        _linearity_stats(electrons, linear, good),
    )
    start_s, end_s = (float(time) for time in timing.read_time_s)
    start = dark_current.subtract(linear[0::2], pixels.dark, start_s)
    end = dark_current.subtract(linear[1::2], pixels.dark, end_s)
    log.add("dark", {"start_s": start_s, "end_s": end_s}, _dark_stats(pixels.dark))
    exposures = cds.difference(start, end)
    terms = cds.variance_terms(
        linear[1::2] - linear[0::2],
        slope[0::2],
        slope[1::2],
        pixels.read_noise,
        adc_reversal.quantisation_variance(adc),
    )
    log.add(
        "cds", {"integration_s": timing.integration_s}, _exposure_stats(start, exposures, terms)
    )
    flattened, _ = flat_field.divide(exposures, terms.total, pixels.flat)
    log.add(
        "flat",
        {"audited_exposures": len(raw) // 2, "flat_error": config.flat_error},
        _flat_stats(flattened, pixels.flat.reshape(shape), good.reshape(shape), config.flat_error),
    )
    return log.records
