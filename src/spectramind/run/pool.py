"""Run one function over many visits on a pool of processes."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TypeVar

from spectramind.run.progress import track

Item = TypeVar("Item")
Result = TypeVar("Result")

_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)


def worker_count(workers: int) -> int:
    """Resolve ``workers`` (0 means one for each core this process may use)."""
    return workers or len(os.sched_getaffinity(0))


def _ignore_interrupts() -> None:
    """Ctrl-C reaches every process of the terminal; the parent alone answers it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def run_all(
    function: Callable[[Item], Result], items: Sequence[Item], workers: int, description: str
) -> Iterator[Result]:
    """Yield ``function(item)`` for each item as they finish, showing progress.

    With one worker everything runs in this process. The first exception, an interrupt too, cancels
    what has not started, waits for what has, and is raised; what is done stays done.
    """
    count = min(worker_count(workers), len(items))
    if count <= 1:
        yield from track(map(function, items), description, len(items))
        return
    # One thread a process: the pool is the parallelism. Spawned children read these at import.
    saved = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, "1"))
    context = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(count, context, initializer=_ignore_interrupts) as pool:
            futures = [pool.submit(function, item) for item in items]
            try:
                finished = (future.result() for future in as_completed(futures))
                yield from track(finished, description, len(items))
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise
    finally:
        for name, value in saved.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
