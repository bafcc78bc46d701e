"""Threads that suit a machine with other people on it: none of them spins.

The matrices here are small (283 bins): more than one BLAS thread gains nothing, and a BLAS or
OpenMP thread that has nothing to do burns its core while it waits for the next product. Beside one
other busy process an epoch of training took ten times as long for it. One thread also means one
order of summation: the same bytes on every machine of a kind, whatever its number of cores.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

# BLAS libraries read these when they are loaded, OpenMP when its first thread team forms.
_SETTINGS = {
    "OPENBLAS_NUM_THREADS": "1",
    "BLIS_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "OMP_WAIT_POLICY": "PASSIVE",
    "KMP_BLOCKTIME": "0",
}


def calm_threads() -> None:
    """One BLAS thread and passive waiting, here and in every process started from here.

    Call it before NumPy, SciPy or torch is loaded. It overrules the environment on purpose: results
    must not depend on it. Torch's own threads follow ``env.threads`` (``run.devices.prepare_cpu``).
    """
    os.environ.update(_SETTINGS)


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """The same for what runs inside, where NumPy is loaded already (notebooks, Dask workers)."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(limits=1, user_api="blas"):
        yield
