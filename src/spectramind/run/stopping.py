"""Being told to stop: SIGTERM and SIGHUP end a command as Ctrl-C does, and no worker outlives it.

The command's record gets its event line, its workers end, what is done stays done.
"""

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# prctl code (linux/prctl.h).
_PR_SET_PDEATHSIG = 1
_LOOK_EVERY_S = 0.5
_SHELL_BASE = 128


class Stopped(KeyboardInterrupt):
    """A signal other than Ctrl-C's asked the command to stop."""

    def __init__(self, number: int) -> None:
        super().__init__(f"interrupted by {signal.Signals(number).name}")
        self.exit_code = _SHELL_BASE + number


def interruption(error: BaseException) -> str | None:
    """What to say of an interrupt; None for any other error."""
    if not isinstance(error, KeyboardInterrupt):
        return None
    return str(error) or "interrupted"


def stop_on_signals() -> None:
    """Let SIGTERM and SIGHUP raise ``Stopped`` in the main thread, unless ignored (nohup)."""
    for name in ("SIGTERM", "SIGHUP"):  # Windows has no SIGHUP
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _stop)


def _stop(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # once is enough: the end must not be interrupted
    raise Stopped(number)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let what is begun be finished: a signal to stop that comes meanwhile stops after it.

    Signals reach any thread of a process, so they are held back here and not by the thread's mask.
    """
    caught: list[int] = []
    numbers = [getattr(signal, n) for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n)]
    main = threading.current_thread() is threading.main_thread()
    before = {n: signal.getsignal(n) for n in numbers if main}
    ours = {n: handler for n, handler in before.items() if callable(handler)}
    for number in ours:
        signal.signal(number, lambda number, frame: caught.append(number))
    try:
        yield
    finally:
        for number, handler in ours.items():
            signal.signal(number, handler)
        if caught:
            signal.raise_signal(caught[0])


def live_as_worker(parent: int) -> None:
    """Begin a pool's worker: leave Ctrl-C to the parent, and end when the parent does.

    A thread looks whether the parent (its process id) is still there; on Linux the kernel ends the
    worker too, even in the middle of a computation that holds the interpreter.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it reaches every process of the terminal
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _end_with_parent_by_kernel()
    threading.Thread(target=_watch, args=(parent,), daemon=True, name="parent watch").start()


def _end_with_parent_by_kernel() -> None:
    if not sys.platform.startswith("linux"):
        return
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    except (OSError, AttributeError):
        return  # a C library without it: the thread watches


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_EVERY_S)
    os._exit(1)
