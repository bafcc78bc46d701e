"""Weighted sums over pixels, in one order whatever the threads and the load.

A BLAS product cuts its sums where its thread count and its processor's kernels say: the same visit
then differs in the last digits of single precision from one run to the next. Here every sum adds
its pixels in their own order in double precision, exposure beside exposure: neither threads nor
the block that a column is read in can change a bit. Nothing of the kill chain goes through BLAS
where it is long enough for BLAS to share out; what is left there is of a few numbers each way.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

_CHUNK = 512  # exposures whose sums stay in the nearest cache while the pixels go by


@njit(cache=True, nogil=True, fastmath={"contract"})
def _add_rows(weights, frames, sums):  # type: ignore[no-untyped-def]
    """Add all rows of one column: weights (F, R), frames (R, T), sums (F, T). Four at a time."""
    n_rows, n = frames.shape
    for start in range(0, n, _CHUNK):
        stop = min(start + _CHUNK, n)
        row = 0
        while row + 4 <= n_rows:
            a, b = frames[row, start:stop], frames[row + 1, start:stop]
            c, d = frames[row + 2, start:stop], frames[row + 3, start:stop]
            for form in range(weights.shape[0]):
                wa, wb = weights[form, row], weights[form, row + 1]
                wc, wd = weights[form, row + 2], weights[form, row + 3]
                out = sums[form, start:stop]
                for t in range(len(out)):
                    out[t] += (wa * a[t] + wb * b[t]) + (wc * c[t] + wd * d[t])
            row += 4
        for last in range(row, n_rows):
            a = frames[last, start:stop]
            for form in range(weights.shape[0]):
                wa, out = weights[form, last], sums[form, start:stop]
                for t in range(len(out)):
                    out[t] += wa * a[t]


@njit(cache=True, nogil=True)
def _add_columns(weights, frames, sums):  # type: ignore[no-untyped-def]
    for column in range(weights.shape[0]):
        _add_rows(weights[column], frames[:, column], sums[:, column])


def weighted_sums(weights: NDArray[np.float64], frames: NDArray[np.float32]) -> NDArray[np.float64]:
    """What linear forms read in every exposure of some detector columns.

    Args:
        weights: (F, rows, columns).
        frames: (rows, columns, T) exposures [e].

    Returns:
        (F, columns, T), the sum over the rows.
    """
    forms, _, columns = weights.shape
    sums = np.zeros((forms, columns, frames.shape[2]))
    _add_columns(np.ascontiguousarray(weights.transpose(2, 0, 1)), frames, sums)
    return sums
