"""Server-sent events: what runs, how far it is, and where events were added."""

import asyncio
import http.client
import json
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from spectramind.server import change_stream
from spectramind.server.change_stream import ChangeStreams
from spectramind.server.mission_control import MissionControl
from spectramind.server.refusals import RefusalError


class Stream:
    """An open stream of events."""

    def __init__(self, client: Any) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=20)
        self.connection.request("GET", "/api/changes", headers={"Cookie": client.cookie})
        self.answer = self.connection.getresponse()

    def events(self) -> Iterator[Any]:
        while line := self.answer.readline():
            if line.startswith(b"data: "):
                yield json.loads(line[6:])


def in_a_loop_of_its_own(scene: Coroutine[Any, Any, None]) -> None:
    """A browser's test may have left a loop running in this thread."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, scene).result()


@pytest.fixture
def folder(benchmark: ModuleType, tmp_path: Path) -> Path:
    benchmark.write_events(tmp_path / "work", 3)
    return tmp_path / "work"


def test_events_come_at_once_and_when_something_changes(
    serving: Callable[..., Any], benchmark: ModuleType, folder: Path
) -> None:
    stream = Stream(serving([folder]))
    assert stream.answer.getheader("content-type") == "text/event-stream; charset=utf-8"
    events = stream.events()
    assert next(events) == {"running": [], "events": {"work": 3}}
    benchmark.write_events(folder, 1)
    began = time.monotonic()
    assert next(events)["events"] == {"work": 4}
    assert time.monotonic() - began < change_stream.QUIET_S
    stream.connection.close()


def test_a_running_command_is_told_every_two_seconds(
    serving: Callable[..., Any], folder: Path
) -> None:
    import os
    import socket
    from datetime import UTC, datetime

    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    (folder / "progress").mkdir()
    note = {"run_id": "r", "cmd": "train", "pid": os.getpid(), "host": socket.gethostname()}
    stages = [{"name": "epochs", "done": 1, "total": 2, "left_s": 1.0}]
    note |= {"started": now, "updated": now, "args": {}, "stages": stages}
    note |= {"cfg_hash": None, "science_hash": None}  # type: ignore[dict-item]
    (folder / "progress" / "r.json").write_text(json.dumps(note))
    stream = Stream(serving([folder]))
    events = stream.events()
    began = time.monotonic()
    told = [next(events) for _ in range(3)]
    assert 2 < time.monotonic() - began < 14
    assert [one["running"][0]["stages"][0]["done"] for one in told] == [1, 1, 1]
    (folder / "progress" / "r.json").unlink()
    assert next(events)["running"] == []
    stream.connection.close()


def test_too_many_streams_are_refused_and_closed_ones_count_no_more(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setattr(change_stream, "MOST", 1)

    async def scene() -> None:
        streams = ChangeStreams(MissionControl([folder]))
        first = streams.begin().body_iterator
        assert "events" in str(await anext(first))  # type: ignore[arg-type]
        with pytest.raises(RefusalError, match="close one"):
            streams.begin()
        await first.aclose()  # type: ignore[union-attr]
        streams.begin()

    in_a_loop_of_its_own(scene())


def test_streams_end_with_the_server(folder: Path) -> None:
    async def scene() -> None:
        control = MissionControl([folder])
        events = ChangeStreams(control).begin().body_iterator
        await anext(events)  # type: ignore[arg-type]
        control.closing.set()
        assert [one async for one in events] == []

    in_a_loop_of_its_own(scene())


def test_heads_and_closed_pages_leave_no_stream_open(
    serving: Callable[..., Any], folder: Path
) -> None:
    client = serving([folder])
    for _ in range(change_stream.MOST + 2):
        assert client.ask("/api/changes", "HEAD").status == 200
    deadline = time.monotonic() + 30
    while True:  # a page that was closed counts until its stream next wakes up
        stream = Stream(client)
        if stream.answer.status == 200:
            break
        assert time.monotonic() < deadline
        time.sleep(0.5)
    stream.connection.close()
