"""Worker processes of this machine: spawned, one thread each, ended with their parent."""

import errno
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.process import BaseProcess
from typing import TypeVar

from spectramind.errors import RuntimeRiskError
from spectramind.run.stopping import live_as_worker
from spectramind.run.threads import one_thread_for_children

Item = TypeVar("Item")
Result = TypeVar("Result")

# How long an interrupted visit may still take to end whole; a scheduler waits ten seconds or more.
_GRACE_S = 5.0
# A signal sent to a whole group of processes ends workers before the parent has answered it.
_SIGNAL_S = 0.5
# What starting a process or its semaphores can lack: memory, processes, room in /dev/shm.
_CANNOT_START = {errno.ENOMEM, errno.EAGAIN, errno.ENOSPC, errno.EMFILE, errno.ENFILE, errno.ENOSYS}
_AGAIN = "the same command goes on where this one stopped"


def run_in_processes(
    function: Callable[[Item], Result], items: Sequence[Item], count: int, description: str
) -> Iterator[Result]:
    """Yield ``function(item)`` for each item as they finish, on ``count`` processes.

    The first exception cancels what has not started, waits for what has, and is raised. An
    interrupt waits some seconds, then ends the workers: their half-written files have other names.

    Raises:
        RuntimeRiskError: a worker was killed or ran out of memory, or none could be started.
    """
    lower = f"lower --workers, now {count} (env.workers)"
    before = set(multiprocessing.active_children())
    pool, futures = _start(function, items, count, description)
    workers = [child for child in multiprocessing.active_children() if child not in before]
    try:
        for future in as_completed(futures):
            yield future.result()
    except BrokenProcessPool as error:
        time.sleep(_SIGNAL_S)
        raise RuntimeRiskError(
            f"{description}: a worker process {_end_of(workers)}: {lower}; {_AGAIN}"
        ) from error
    except MemoryError as error:
        raise RuntimeRiskError(
            f"{description}: a worker process ran out of memory ({error}): {lower}; {_AGAIN}"
        ) from error
    except KeyboardInterrupt:
        pool.shutdown(wait=False, cancel_futures=True)
        end_workers(workers)
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _start(
    function: Callable[[Item], Result], items: Sequence[Item], count: int, description: str
) -> tuple[ProcessPoolExecutor, list[Future[Result]]]:
    """The pool and a future an item; all processes start with the first one."""
    context = multiprocessing.get_context("spawn")
    pool = None
    try:
        pool = ProcessPoolExecutor(count, context, live_as_worker, (os.getpid(),))
        with one_thread_for_children():
            return pool, [pool.submit(function, item) for item in items]
    except (OSError, ImportError) as error:  # ImportError: a system without semaphores
        if isinstance(error, OSError) and error.errno not in _CANNOT_START:
            raise
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)
        raise RuntimeRiskError(
            f"{description}: {count} worker processes could not be started ({error}): lower "
            "--workers (env.workers); 1 starts none and needs no /dev/shm"
        ) from error


def _end_of(workers: Sequence[BaseProcess]) -> str:
    """How the worker that broke the pool ended; the others were then ended by the pool itself."""
    codes = [worker.exitcode for worker in workers if worker.exitcode is not None]
    if -signal.SIGKILL in codes:
        return "was killed, most likely for memory"
    died = [code for code in codes if code not in (0, -signal.SIGTERM)]
    if not died:
        return "was ended from outside"
    how = f"by {signal.Signals(-died[0]).name}" if died[0] < 0 else f"with code {died[0]}"
    return f"ended {how}, perhaps for memory"


def end_workers(workers: Sequence[BaseProcess] | None = None) -> None:
    """Let workers (None: all there are) finish what they do for some seconds, then end them."""
    until = time.monotonic() + _GRACE_S
    chosen = multiprocessing.active_children() if workers is None else workers
    for worker in chosen:
        worker.join(max(0.0, until - time.monotonic()))
    for worker in chosen:
        if worker.is_alive():
            worker.kill()
