"""Run one function over many visits: on processes of this machine, or on a Dask cluster."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, TypeVar

from spectramind.run.cluster import run_on_cluster
from spectramind.run.progress import track

Item = TypeVar("Item")
Result = TypeVar("Result")

_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)


@dataclass(frozen=True)
class Workers:
    """Where work runs.

    Attributes:
        count: processes of this machine, 0 for one a core; a cluster has its own number.
        executor: processes of this machine, or an existing Dask cluster.
        scheduler: the cluster's address or scheduler file.
    """

    count: int
    executor: Literal["local", "dask"] = "local"
    scheduler: str | None = None

    def threads(self, items: int) -> int:
        """Threads for each of so many items: the cores that its process has to itself."""
        if self.executor == "dask":
            return 1
        return max(1, worker_count(0) // max(1, min(worker_count(self.count), items)))


def worker_count(workers: int) -> int:
    """Resolve ``workers`` (0 means one for each core this process may use)."""
    return workers or len(os.sched_getaffinity(0))


def run_all(
    function: Callable[[Item], Result], items: Sequence[Item], workers: Workers, description: str
) -> Iterator[Result]:
    """Yield ``function(item)`` for each item as they finish, showing progress.

    With one worker everything runs in this process. The first exception, an interrupt too, cancels
    what has not started, waits for what has, and is raised; what is done stays done.

    Raises:
        ConfigError: no cluster where ``workers`` says, or Dask is not installed.
        RuntimeRiskError: the cluster was lost.
    """
    if not items:
        return
    if workers.scheduler is not None and workers.executor == "dask":
        results = run_on_cluster(function, items, workers.scheduler)
    elif (count := min(worker_count(workers.count), len(items))) == 1:
        results = map(function, items)
    else:
        results = _run_here(function, items, count)
    yield from track(results, description, len(items))


def _run_here(
    function: Callable[[Item], Result], items: Sequence[Item], count: int
) -> Iterator[Result]:
    context = multiprocessing.get_context("spawn")
    with (
        _one_thread_each(),
        ProcessPoolExecutor(count, context, initializer=_ignore_interrupts) as pool,
    ):
        futures = [pool.submit(function, item) for item in items]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """One thread a process: the pool is the parallelism. Spawned children read it at import."""
    saved = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in saved.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _ignore_interrupts() -> None:
    """Ctrl-C reaches every process of the terminal; the parent alone answers it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
