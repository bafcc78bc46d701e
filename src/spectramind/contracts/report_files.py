"""Where ``diagnose`` leaves its pages, and what lies beside them."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True)
class ReportFiles:
    """The report page, and what lies beside it."""

    page: Path

    @classmethod
    def numbered(cls, pattern: Path) -> tuple[Self, int | None]:
        """The next of several versions, and its number: ``{N}`` of the name replaced by the
        number after the highest that is there; without ``{N}`` the file itself, without a number.
        """
        if "{N}" not in pattern.name:
            return cls(pattern), None
        number = _highest(pattern) + 1
        return cls(_version(pattern, number)), number

    @classmethod
    def latest(cls, pattern: Path) -> Self | None:
        """The newest version that is there."""
        page = _version(pattern, _highest(pattern)) if "{N}" in pattern.name else pattern
        return cls(page) if page.is_file() else None

    def table(self, name: str) -> Path:
        """A panel's rows as CSV; what a topic's own page names after itself is not named twice."""
        stem = self.page.stem
        return self.page.with_name(f"{stem}_{name.removeprefix(f'{stem}_')}.csv")

    @property
    def values(self) -> Path:
        """All that its panels drew, as JSON."""
        return self.page.with_suffix(".json")


@dataclass(frozen=True)
class DiagnosticsFolder:
    """What ``diagnose`` leaves."""

    root: Path

    def stored(self, topic: str) -> Path:
        """What a topic's computation found."""
        return self.root / "topics" / f"{topic}.json"

    def page(self, topic: str) -> Path:
        """A topic's own page; its values and tables lie beside it."""
        return self.root / f"{topic}.html"

    @property
    def versions(self) -> Path:
        """One line a report that was written."""
        return self.root / "versions.jsonl"


def _version(pattern: Path, number: int) -> Path:
    return pattern.with_name(pattern.name.replace("{N}", str(number)))


def _highest(pattern: Path) -> int:
    """The highest number of the versions there, 0 without any."""
    name = re.compile(re.escape(pattern.name).replace(re.escape("{N}"), "([0-9]{1,9})", 1))
    there = pattern.parent.iterdir() if pattern.parent.is_dir() else ()
    found = [match for path in there if (match := name.fullmatch(path.name))]
    return max((int(match[1]) for match in found), default=0)
