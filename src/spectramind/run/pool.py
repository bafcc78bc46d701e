"""Run one function over many visits: on processes of this machine, or on a Dask cluster."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, TypeVar

from spectramind.run.cluster import run_on_cluster
from spectramind.run.cores import core_count
from spectramind.run.local_pool import run_in_processes
from spectramind.run.progress import track
from spectramind.run.threads import on_one_thread, on_one_thread_for_good

Item = TypeVar("Item")
Result = TypeVar("Result")


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
    return workers or core_count()


def run_all(
    function: Callable[[Item], Result], items: Sequence[Item], workers: Workers, description: str
) -> Iterator[Result]:
    """Yield ``function(item)`` for each item as they finish, showing progress.

    With one worker everything runs in this process, and on one thread, as in a worker: where a
    visit is computed does not show in its numbers. The first exception, an interrupt too, cancels
    what has not started, waits for what has, and is raised; what is done stays done.

    Raises:
        ConfigError: no cluster where ``workers`` says, or Dask is not installed.
        RuntimeRiskError: the cluster was lost, a worker was killed or could not be started.
    """
    if not items:
        return
    if workers.scheduler is not None and workers.executor == "dask":
        results = run_on_cluster(
            partial(on_one_thread_for_good, function), items, workers.scheduler
        )
    elif (count := min(worker_count(workers.count), len(items))) == 1:
        results = (on_one_thread(function, item) for item in items)
    else:
        results = run_in_processes(function, items, count, description)
    yield from track(results, description, len(items))
