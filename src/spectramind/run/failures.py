"""The note a visit leaves, in place of its log, when it could not be done."""

import json
from pathlib import Path

from spectramind.run.atomic import write_json

_KEY = "failed"


def note_failure(log: Path, reason: str) -> None:
    """Replace a visit's log by the reason why the visit failed."""
    write_json(log, {_KEY: reason})


def failure_of(log: Path) -> str | None:
    """Why the visit failed; None when its log says nothing of it, or is not there."""
    try:
        noted = json.loads(log.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return str(noted[_KEY]) if isinstance(noted, dict) and _KEY in noted else None
