"""What raw telemetry looks like, from any tree in the competition's layout, real or simulated.

Everything is given for one reset cycle, so that trees that sum cycles compare with those that do
not. Both are cut to the same few exposures, as many as short excerpts of real visits hold.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectramind.dataset.frames import read_references, read_signal
from spectramind.dataset.tables import read_adc_info, read_timing
from spectramind.dataset.tree import KaggleTree, Visit
from spectramind.errors import SchemaError
from spectramind.instrument.detectors import Detector

Array = NDArray[np.float64]

EXPOSURES = 25
COUNT_EDGES = np.arange(0, 65536 + 1, 512)
_CENTROID_REACH_PX = 8
_FIRST_READ_S = 0.1  # of one reset cycle, on either detector


@dataclass(frozen=True)
class View:
    """One visit on one detector, electrons of one reset cycle, non-linearity undone.

    Attributes:
        cadence: reset cycles that the tree sums into an exposure.
        counts: (128,) share of the raw reads in each of ``COUNT_EDGES``.
        start: (H, W) mean start read [e].
        image: (H, W) mean end minus start read [e].
        variance: (H, W) of end minus start read, from successive differences [e^2].
        rounding: variance that the ADC's step adds to one read [e^2].
        jitter_px: scatter of the image's row and of its column [px].
        read, dark, flat, dead: (H, W) reference frames [e], [e/s], 1, flag.
        linearity: (6, H, W) coefficient k of x^k.
    """

    cadence: int
    counts: Array
    start: Array
    image: Array
    variance: Array
    rounding: float
    jitter_px: tuple[float, float]
    read: Array
    dark: Array
    flat: Array
    dead: NDArray[np.bool_]
    linearity: Array

    @property
    def good(self) -> NDArray[np.bool_]:
        """(H, W) pixels that are not dead."""
        return ~self.dead


def view(tree: KaggleTree, visit: Visit, detector: Detector) -> View:
    """Measure the first exposures of a visit.

    Raises:
        SchemaError: files missing or wrong, fewer than three exposures.
    """
    raw = read_signal(visit, detector)[: 2 * EXPOSURES]
    if len(raw) < 6:
        raise SchemaError(
            f"{visit.name} {detector.kaggle}: {len(raw)} reads are too few to measure"
        )
    timing = read_timing(tree, detector, len(raw))
    cadence = max(1, round(timing.read_time_s[0] / _FIRST_READ_S))
    adc = read_adc_info(tree, detector, visit.planet_id)
    frames = read_references(visit, detector)
    linear = _linear(raw / adc.gain + adc.offset, frames.linear_corr) / cadence
    exposures = linear[1::2] - linear[0::2]
    image = exposures.mean(0)
    dead = np.asarray(frames.dead, dtype=bool)
    return View(
        cadence=cadence,
        counts=np.histogram(raw, COUNT_EDGES)[0] / raw.size,
        start=linear[0::2].mean(0),
        image=image,
        variance=cadence * _successive_variance(exposures),
        rounding=1 / (12 * adc.gain**2 * cadence),
        jitter_px=_jitter(exposures, dead, cadence),
        read=np.asarray(frames.read, dtype=np.float64) / np.sqrt(cadence),
        dark=np.asarray(frames.dark, dtype=np.float64),
        flat=np.asarray(frames.flat, dtype=np.float64),
        dead=dead,
        linearity=frames.linear_corr * float(cadence) ** (np.arange(6) - 1)[:, None, None],
    )


def _linear(measured: Array, coefficients: NDArray[np.floating]) -> Array:
    """The published polynomial applied to each pixel, (reads, H, W)."""
    e = measured.reshape(len(measured), *coefficients.shape[1:])
    out = np.zeros_like(e)
    for coefficient in coefficients[::-1]:
        out = out * e + coefficient
    return out


def _successive_variance(series: Array) -> Array:
    """Variance along the first axis that slow changes, a transit's too, do not enter."""
    return np.asarray((np.diff(series, axis=0) ** 2).mean(0) / 2)


def _jitter(exposures: Array, dead: NDArray[np.bool_], cadence: int) -> tuple[float, float]:
    """Scatter of the centroid along either axis, of one cycle, from successive differences."""
    light = np.where(dead, 0.0, exposures)
    scatter = []
    for other in (2, 1):
        profile = light.sum(other)
        place = np.arange(profile.shape[1])
        near = np.abs(place - profile.mean(0).argmax()) <= _CENTROID_REACH_PX
        centroid = profile[:, near] @ place[near] / profile[:, near].sum(1)
        scatter.append(float(np.sqrt(cadence * _successive_variance(centroid))))
    return scatter[0], scatter[1]
