"""What was made of files, kept until they change, and never more of it than a fixed number."""

import os
from collections import OrderedDict
from collections.abc import Callable, Hashable
from pathlib import Path
from threading import Lock, RLock
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
# Of a file or folder: modification time [ns], size, inode; None where it is not there.
Stamp = tuple[int, int, int] | None


def stamp(path: Path) -> Stamp:
    """What changes when a file is written or replaced; of a folder, when a file in it is."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def stamps(*paths: Path) -> tuple[Stamp, ...]:
    """The stamps of several."""
    return tuple(stamp(path) for path in paths)


class Cache(Generic[K, V]):
    """At most ``room`` values, each with the state of the world that it was made in.

    Of several requests for one key one makes the value and the others wait for it; a value that
    could not be made is not kept.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._held: OrderedDict[K, tuple[Hashable, V]] = OrderedDict()
        self._making: dict[K, RLock] = {}
        self._lock = Lock()

    def get(self, key: K, state: Hashable, make: Callable[[], V]) -> V:
        """The value of ``key`` in this ``state``, made if there is none."""
        with self._lock:
            making = self._making.setdefault(key, RLock())
        with making:
            with self._lock:
                found = self._held.get(key)
                if found is not None and found[0] == state:
                    self._held.move_to_end(key)
                    return found[1]
            try:
                value = make()
            except BaseException:
                with self._lock:
                    if key not in self._held:
                        self._making.pop(key, None)
                raise
            with self._lock:
                self._held[key] = (state, value)
                self._held.move_to_end(key)
                while len(self._held) > self._room:
                    old, _ = self._held.popitem(last=False)
                    self._making.pop(old, None)
            return value

    def __len__(self) -> int:
        return len(self._held)
