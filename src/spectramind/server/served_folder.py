"""The work folders that are served, each under the name that addresses call it by."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from spectramind.contracts.work_folder import RecordFolder
from spectramind.server.event_journal import EventJournal, ToldCommand
from spectramind.server.refusals import NotThereError
from spectramind.server.running_commands import UnendedCommand, unended_in


@dataclass(frozen=True)
class ServedFolder:
    """One of them.

    Attributes:
        name: in addresses. path: absolute. journal: its events.
    """

    name: str
    path: Path
    journal: EventJournal

    @property
    def record(self) -> RecordFolder:
        return RecordFolder(self.path)

    @property
    def problem(self) -> str | None:
        """Why nothing of it can be read, None if something can."""
        if not self.path.is_dir():
            return f"{self.path} is not there: a command with paths.work={self.path} makes it"
        return None

    def commands(self) -> tuple[list[ToldCommand], list[str]]:
        """Commands that have ended, oldest first, and what could not be read."""
        problem = self.problem
        told, problems = self.journal.read()
        return told, [*([problem] if problem else []), *problems]

    def running(self, ended: Sequence[ToldCommand]) -> tuple[list[UnendedCommand], list[str]]:
        """Commands that have not, and what could not be read."""
        found, problems = unended_in(self.record)
        ids = {told.run_id for told in ended} if found else set()
        return [one for one in found if one.note.run_id not in ids], problems


class ServedFolders:
    """All of them, by name."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._by_name: dict[str, ServedFolder] = {}
        for path in dict.fromkeys(path.expanduser().absolute() for path in paths):
            name = self._free(re.sub(r"[^A-Za-z0-9._-]+", "-", path.name).strip(".-") or "work")
            journal = EventJournal(RecordFolder(path).events)
            self._by_name[name] = ServedFolder(name, path, journal)

    def _free(self, name: str) -> str:
        names = (name, *(f"{name}-{number}" for number in range(2, len(self._by_name) + 3)))
        return next(one for one in names if one not in self._by_name)

    def __iter__(self) -> Iterator[ServedFolder]:
        return iter(self._by_name.values())

    def __len__(self) -> int:
        return len(self._by_name)

    def named(self, name: str) -> ServedFolder:
        """The folder of an address.

        Raises:
            NotThereError: no such folder is served.
        """
        try:
            return self._by_name[name]
        except KeyError:
            raise NotThereError(
                f"no work folder {name!r} is served: there are {', '.join(self._by_name)}"
            ) from None
