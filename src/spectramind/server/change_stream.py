"""Server-sent events: which commands run, how far they are, and where events were added."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from starlette.responses import StreamingResponse

from spectramind.server.answers import Changes
from spectramind.server.cached import Cache
from spectramind.server.mission_control import MissionControl
from spectramind.server.refusals import RefusalError

LOOK_S = 1.0  # between two looks at the folders
LIVE_S = 2.0  # between two events while something runs
QUIET_S = 15.0  # and while nothing does: also what keeps the connection
MOST = 40  # streams at once


class EventStream(StreamingResponse):
    """A stream of events."""

    media_type = "text/event-stream"


class ChangeStreams:
    """All open streams; they share one look at the folders."""

    def __init__(self, control: MissionControl) -> None:
        self._control = control
        self._seen: Cache[str, Changes] = Cache(1)
        self._open = 0

    def begin(self) -> EventStream:
        """One more.

        Raises:
            RefusalError: there are too many.
        """
        if self._open >= MOST:
            raise RefusalError(f"{MOST} pages are open already: close one, load this again")
        return EventStream(self._events())

    async def _events(self) -> AsyncIterator[str]:
        with self._counted():
            told, when = None, 0.0
            while not self._control.closing.is_set():
                changes = await asyncio.to_thread(self.look)
                now, state = time.monotonic(), _state(changes)
                if state != told or now - when >= (LIVE_S if changes.running else QUIET_S):
                    told, when = state, now
                    yield f"data: {changes.model_dump_json()}\n\n"
                await asyncio.sleep(LOOK_S)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1

    def look(self) -> Changes:
        """How the folders are, looked at once a second however many ask."""
        return self._seen.get("now", int(time.monotonic() / LOOK_S), self._look)

    def _look(self) -> Changes:
        running, events, now = [], {}, datetime.now(UTC)
        for folder in self._control.folders:
            told, _ = folder.commands()
            events[folder.name] = len(told)
            running += [one.row(folder.name, now) for one in folder.running(told)[0]]
        return Changes(running=[row for row in running if row.state == "running"], events=events)


def _state(changes: Changes) -> Any:
    return [(row.folder, row.run_id) for row in changes.running], changes.events
