"""Lines of JSON: one an epoch, epoch 0 first."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

from spectramind.run.atomic import atomic_path, unwritable_is_told
from spectramind.training.engine.tracker import Row


class JsonlTracker:
    """Writes ``path``; a resumed run's lines follow those that it goes on from."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def begin(self, history: Sequence[Row]) -> None:
        """The lines so far in place of what is there."""
        with atomic_path(self.path) as temporary:
            temporary.write_text("".join(map(_line, history)), encoding="utf-8")

    def row(self, row: Row) -> None:
        """One more line."""
        with unwritable_is_told(self.path), self.path.open("a", encoding="utf-8") as stream:
            stream.write(_line(row))

    def end(self) -> None:
        """Nothing is open."""


def _line(row: Row) -> str:
    # JSON knows no NaN: what a training that went astray measured is null.
    return json.dumps({k: v if math.isfinite(v) else None for k, v in row.items()}) + "\n"
