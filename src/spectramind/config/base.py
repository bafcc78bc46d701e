"""What every typed configuration section shares."""

import hashlib
import json

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Frozen, unknown keys refused. Defaults live in ``configs/``, not here."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def digest(*parts: Section | int | str) -> str:
    """SHA-256 of sections and plain values, independent of the order of their keys."""
    plain = [p.model_dump(mode="json") if isinstance(p, Section) else p for p in parts]
    canonical = json.dumps(plain, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()
