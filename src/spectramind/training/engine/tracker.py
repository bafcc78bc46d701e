"""What the engine tells a tracker, and the tracker that keeps nothing."""

from collections.abc import Sequence
from typing import Protocol

Row = dict[str, float]


class Tracker(Protocol):
    """Keeps the course of one training of one phase; a row an epoch, epoch 0 first.

    A row's ``epoch`` is its number; the other entries are what was measured, by name.
    """

    def begin(self, history: Sequence[Row]) -> None:
        """The rows so far, epoch 0 and what a resumed run had seen: they replace all before."""

    def row(self, row: Row) -> None:
        """One more epoch."""

    def end(self) -> None:
        """No more will come, also after an error."""


class Untracked:
    """Keeps nothing."""

    def begin(self, history: Sequence[Row]) -> None:
        """Nothing."""

    def row(self, row: Row) -> None:
        """Nothing."""

    def end(self) -> None:
        """Nothing."""
