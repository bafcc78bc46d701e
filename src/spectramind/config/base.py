"""What every typed configuration section shares."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator


class Section(BaseModel):
    """Frozen, unknown keys refused. Defaults live in ``configs/``, not here.

    ``~`` at the begin of any path is the user's home, as in a shell.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    @field_validator("*")
    @classmethod
    def _home(cls, value: Any) -> Any:
        return Path(os.path.expanduser(value)) if isinstance(value, Path) else value


def digest(*parts: Section | int | str | dict[str, Any]) -> str:
    """SHA-256 of sections and plain values, independent of the order of their keys."""
    plain = [p.model_dump(mode="json") if isinstance(p, Section) else p for p in parts]
    canonical = json.dumps(plain, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()
