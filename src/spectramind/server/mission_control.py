"""What the routes share: the served folders, and what was made of them so far."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event as Signal
from threading import Lock, Thread
from typing import TYPE_CHECKING

from fastapi import Request

from spectramind.server.cached import Cache
from spectramind.server.served_folder import ServedFolders

if TYPE_CHECKING:
    from spectramind.server.folder_report import FolderReports
    from spectramind.server.folder_settings import SettingsBook
    from spectramind.server.planet_books import PlanetBooks

_IDLE_S = 1.5  # after the start, before libraries are read that the first page does not need


@dataclass(frozen=True)
class ModelNumbers:
    """Of the prediction that stands in a folder: how many planets, and what ``score`` said."""

    planets: int = 0
    score: float | None = None
    low: float | None = None
    high: float | None = None
    coverage: float | None = None


@dataclass(frozen=True)
class _Books:
    settings: "SettingsBook"
    reports: "FolderReports"
    planets: "PlanetBooks"


class MissionControl:
    """The server's state.

    What the table of runs does not need is imported where it is first asked for, or a moment after
    the start: torch and the panels take seconds.

    Attributes:
        folders: that are served.
        numbers: of predictions.
        closing: set when the server ends; streams end, too.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = ServedFolders(folders)
        self.numbers: Cache[str, ModelNumbers] = Cache(256)
        self.closing = Signal()
        self._held: _Books | None = None
        self._lock = Lock()

    @property
    def settings(self) -> "SettingsBook":
        return self._books.settings

    @property
    def reports(self) -> "FolderReports":
        return self._books.reports

    @property
    def planets(self) -> "PlanetBooks":
        return self._books.planets

    @property
    def _books(self) -> "_Books":
        with self._lock:
            if self._held is None:
                from spectramind.server.folder_report import FolderReports
                from spectramind.server.folder_settings import SettingsBook
                from spectramind.server.planet_books import PlanetBooks

                self._held = _Books(SettingsBook(), FolderReports(), PlanetBooks())
            return self._held

    @contextmanager
    def working(self) -> Iterator[None]:
        """While the server is up."""
        Thread(target=self._warm, daemon=True).start()
        try:
            yield
        finally:
            self.closing.set()

    def _warm(self) -> None:
        if self.closing.wait(_IDLE_S):
            return

        _ = self._books


def control_of(request: Request) -> MissionControl:
    """The state behind a request."""
    control: MissionControl = request.app.state.control
    return control
