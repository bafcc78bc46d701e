"""Lost exposures: moments at which the whole detector says nothing, told before any other step.

Telemetry that is lost comes as zeros or as full scale in (nearly) all pixels at once; a readout
that hangs repeats what it read before. Either spoils an exposure, not the pixels: taken for clipped
samples, five of them in 1,687 would mask every pixel for good. They are dropped as exposures: no
statistic of any pixel, no mean image, no light curve holds them.

Some pixels spread over the detector tell. Each of them is clipped for itself now and then (a full
well, a cosmic ray), so an exposure counts as lost when many more of them are clipped than in the
visit's best exposure. Two exposures of a light with photon noise are never alike in nearly all
pixels: one that equals the one before it, or whose end reads equal its start reads, was not read.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectramind.calibration.steps.full_well import adc_clipped, saturated

WITNESSES = 48  # pixels that tell
BLANK_SHARE = 0.25  # of them clipped, beyond what is clipped in the best exposure
STUCK_SHARE = 0.9  # of them alike
MOST_LOST = 0.5  # share of a visit's exposures beyond which it is not calibrated
_GOLDEN = 0.6180339887498949

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class LostExposures:
    """Exposures of a detector that were not read.

    Attributes:
        blank: (T,) all but all pixels clipped, low or high.
        stuck: (T,) a repetition of what was read before.
    """

    blank: Mask
    stuck: Mask

    @property
    def lost(self) -> Mask:
        """Either, (T,)."""
        return self.blank | self.stuck

    def describe(self) -> dict[str, dict[str, int]]:
        """Count, first and last index of each kind that occurs."""
        found = {}
        for kind, where in (("blank", self.blank), ("stuck", self.stuck)):
            at = np.flatnonzero(where)
            if len(at):
                found[kind] = {"count": len(at), "first": int(at[0]), "last": int(at[-1])}
        return found

    def told(self) -> str:
        """In words; empty when none is lost."""
        words = {"blank": "blank (all pixels clipped)", "stuck": "stuck (repeated)"}
        return ", ".join(
            f"{one['count']} of {len(self.blank)} exposures {words[kind]} between number "
            f"{one['first'] + 1} and {one['last'] + 1}"
            for kind, one in self.describe().items()
        )

    @property
    def too_many(self) -> bool:
        """Whether more is lost than a visit can do without."""
        return int(self.lost.sum()) > MOST_LOST * len(self.lost)


def witnesses(usable: Mask) -> NDArray[np.int64]:
    """Which pixels tell, in ascending order: a few of the usable ones (P,), all over the detector.

    By the golden section, so that they share neither rows nor columns.
    """
    pixels = np.flatnonzero(usable)
    places = np.modf(_GOLDEN * np.arange(1, WITNESSES + 1))[0] * len(pixels)
    return pixels[np.unique(places.astype(np.int64))] if len(pixels) else pixels


def find_lost(raw: NDArray[np.uint16], saturation_counts: int) -> LostExposures:
    """Lost exposures by what the witnesses read.

    Where all exposures clip, or have no light at all, none is lost: the pixels themselves are
    broken, which later steps say.

    Args:
        raw: (W, 2 T) counts, start and end reads in turn; W may be 0: nothing is known.
        saturation_counts: raw counts from which a read is saturated.
    """
    count = raw.shape[1] // 2
    none = np.zeros(count, dtype=bool)
    if not raw.size:
        return LostExposures(none, none)
    reads = raw[:, : 2 * count].T
    share = (saturated(reads, saturation_counts) | adc_clipped(reads)).mean(axis=1)
    blank = share > share.min() + BLANK_SHARE
    start, end = reads[0::2], reads[1::2]
    alike = (start == end).mean(axis=1)
    again = (start[1:] == start[:-1]) & (end[1:] == end[:-1])
    alike[1:] = np.maximum(alike[1:], again.mean(axis=1))
    stuck = (alike >= STUCK_SHARE) & (alike > alike.min() + BLANK_SHARE)
    return LostExposures(blank, stuck & ~blank)
