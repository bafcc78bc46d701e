"""What is kept of files: until they change, never more than there is room for."""

import os
import threading
import time
from pathlib import Path

import pytest

from spectramind.server.cached import Cache, stamp, stamps


def test_a_value_is_made_once_a_state() -> None:
    cache: Cache[str, int] = Cache(2)
    made: list[int] = []

    def make() -> int:
        made.append(1)
        return len(made)

    assert [cache.get("a", state, make) for state in (1, 1, 2, 2, 1)] == [1, 1, 2, 2, 3]


def test_there_is_room_for_so_many() -> None:
    cache: Cache[int, int] = Cache(3)
    for key in range(100):
        assert cache.get(key, None, lambda key=key: key) == key  # type: ignore[misc]
    assert len(cache) == 3
    assert len(cache._making) == 3


def test_several_who_ask_at_once_wait_for_one() -> None:
    cache: Cache[str, int] = Cache(1)
    made: list[int] = []

    def make() -> int:
        time.sleep(0.05)
        made.append(1)
        return 1

    threads = [threading.Thread(target=cache.get, args=("a", 0, make)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_a_failure_is_not_kept() -> None:
    cache: Cache[str, int] = Cache(1)
    with pytest.raises(ZeroDivisionError):
        cache.get("a", 0, lambda: 1 // 0)
    assert not cache._making
    assert cache.get("a", 0, lambda: 5) == 5


def test_a_stamp_changes_when_a_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert stamp(path) is None
    path.write_text("one")
    before, folder = stamps(path, tmp_path)
    other = tmp_path / "other"
    other.write_text("two")
    os.utime(other, ns=(before[0], before[0]))  # type: ignore[index]
    other.replace(path)
    assert stamp(path) != before
    assert stamp(tmp_path) != folder
    assert stamp(Path("a\0b")) is None
