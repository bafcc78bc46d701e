"""Are the time labels of the reads hours, in the order of the reads, on one clock?

An axis in seconds or days looks like any other: only what it says beside what else is known tells.
AIRS's exposures follow one another after the time that they integrate, and both detectors look at
one visit.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spectramind.errors import SchemaError

# From one exposure to the next, by the time that its two reads take: 1.04 on the real instrument.
CYCLE_RATIO = (0.9, 20.0)
# Hours covered by either detector's axis, by the other's: a day has 24.
SPAN_RATIO = 16.0
_SECONDS_AN_HOUR = 3600.0

Array = NDArray[np.float64]


def require_ascending(path: Path, column: str, labels_h: Array) -> None:
    """See that labels, one a read, ascend.

    Raises:
        SchemaError: they do not; it says where.
    """
    steps = np.diff(labels_h)
    wrong = np.flatnonzero(~(steps > 0))
    if not len(wrong):
        return
    at = int(wrong[0])
    what = "runs backwards" if (steps < 0).all() else f"does not ascend ({len(wrong)} times)"
    raise SchemaError(
        f"{path} column {column!r} {what}: row {at + 2} has {labels_h[at + 1]:.6g} after "
        f"{labels_h[at]:.6g}: labels ascend [h] as the reads follow each other, fetch or write the "
        "axis again"
    )


def require_cycle(path: Path, column: str, labels_h: Array, exposure_s: float) -> None:
    """See that exposures follow one another as fast as they are read; gaps do not matter.

    Args:
        labels_h: (2 T,) two a pair, ascending; a single pair says nothing.
        exposure_s: what start and end read take, from reset to end [s].

    Raises:
        SchemaError: they do not: the labels are no hours, or the integration times no seconds.
    """
    if len(labels_h) < 4 or exposure_s <= 0:
        return
    cycle_s = float(np.median(np.diff(labels_h[::2]))) * _SECONDS_AN_HOUR
    low, high = CYCLE_RATIO
    if not low <= cycle_s / exposure_s <= high:
        raise SchemaError(
            f"{path} column {column!r}: an exposure every {cycle_s:.4g} s if its labels are hours, "
            f"but reads that take {exposure_s:.4g} s by the integration times (allowed: {low:g} to "
            f"{high:g} times as long): write the labels in hours, not in seconds, minutes or days"
        )


def require_one_visit(path: Path, columns: tuple[str, str], labels_h: tuple[Array, Array]) -> None:
    """See that the axes of both detectors cover the same hours, more or less.

    Args:
        columns, labels_h: of both detectors, ascending; fewer than two pairs say nothing.

    Raises:
        SchemaError: one is in another unit, or they do not overlap.
    """
    if min(map(len, labels_h)) < 4:
        return
    first, second = labels_h
    spans = [float(labels[-1] - labels[0]) for labels in labels_h]
    told = ", ".join(
        f"{column!r} from {labels[0]:.4g} to {labels[-1]:.4g} h"
        for column, labels in zip(columns, labels_h, strict=True)
    )
    if max(spans) > SPAN_RATIO * min(spans):
        raise SchemaError(
            f"{path} covers {told}: at most {SPAN_RATIO:g} times as long as the other is allowed, "
            "write both in hours"
        )
    if first[-1] < second[0] or second[-1] < first[0]:
        raise SchemaError(
            f"{path} covers {told}: they do not overlap, write both on the clock of one visit"
        )
