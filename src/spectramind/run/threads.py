"""Threads that suit a machine with other people on it: none of them spins, one sums.

The matrices here are small (283 bins): more than one BLAS thread gains nothing, and a BLAS or
OpenMP thread that has nothing to do burns its core while it waits for the next product. Beside one
other busy process an epoch of training took ten times as long for it. One thread also means one
order of summation: the same bytes on every machine of a kind, whatever its number of cores. So a
visit done alone computes under the limits of a pool's worker.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

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


_BLAS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
# Not for this process: numba refuses another number once its threads have started.
_CHILDREN_ONLY = ("NUMBA_NUM_THREADS",)


@contextmanager
def one_thread_for_children() -> Iterator[None]:
    """Set what libraries read when they are loaded, for processes started meanwhile."""
    with _set_to_one(*_BLAS, *_CHILDREN_ONLY):
        yield


@contextmanager
def one_thread_here() -> Iterator[None]:
    """Hold this process to one thread: BLAS, also when it is loaded meanwhile, and a loaded numba.

    Numba that is loaded meanwhile keeps its threads, for it cannot be given them back later; no
    kernel of ours asks for them (none is compiled with ``parallel=True``).
    """
    from threadpoolctl import threadpool_limits

    numba = sys.modules.get("numba")
    before = None if numba is None else numba.get_num_threads()
    with _set_to_one(*_BLAS), threadpool_limits(1):
        if numba is not None:
            numba.set_num_threads(1)
        try:
            yield
        finally:
            if numba is not None:
                numba.set_num_threads(before)


def on_one_thread(function: Callable[[Item], Result], item: Item) -> Result:
    """``function(item)`` under the limits of a pool's worker."""
    with one_thread_here():
        return function(item)


def on_one_thread_for_good(function: Callable[[Item], Result], item: Item) -> Result:
    """The same in a cluster's worker, whose other threads compute meanwhile: no limit is lifted."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)
    return function(item)


@contextmanager
def _set_to_one(*names: str) -> Iterator[None]:
    saved = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name, value in saved.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
