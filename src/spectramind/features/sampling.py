"""Averages in time: no fit needs every exposure."""

import numpy as np
from numpy.typing import NDArray

from spectramind.contracts.series import usual_step

Array = NDArray[np.float64]


def bin_in_time(time_h: Array, values: Array, samples: int) -> tuple[Array, Array]:
    """Average neighbours so that at most about ``samples`` are left.

    Cells are as long as so many exposures and never reach across a gap; one that is less than half
    full is dropped.

    Args:
        time_h: (T,) ascending [h]; values: (T, ...).
    """
    group = -(-len(time_h) // samples)
    if group == 1:
        return time_h, values
    step = usual_step(time_h)
    cell = np.floor((time_h - time_h[0] + step / 2) / (group * step)).astype(int)
    first = np.flatnonzero(np.diff(cell, prepend=-1))
    count = np.diff(np.append(first, len(cell)))
    full = 2 * count >= group
    middle = np.add.reduceat(time_h, first) / count
    total = np.add.reduceat(values, first, axis=0)
    return middle[full], (total / count.reshape(-1, *[1] * (values.ndim - 1)))[full]
