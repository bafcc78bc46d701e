"""What a topic's computation left, so that the report needs not compute it again."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spectramind.errors import SchemaError
from spectramind.run.atomic import write_text

_VERSION = 1


def store(path: Path, values: Mapping[str, Any], made_from: Mapping[str, str]) -> None:
    """Keep a topic's values beside the digests of what they were computed from.

    Raises:
        ValueError: they hold a NaN or an infinity.
    """
    whole = {"version": _VERSION, "made_from": dict(made_from), "values": dict(values)}
    write_text(path, json.dumps(whole, allow_nan=False, ensure_ascii=False))


def load_stored(path: Path, made_from: Mapping[str, str]) -> dict[str, Any]:
    """The values, if they were computed from the same.

    Raises:
        SchemaError: the file is not such a one, or it was made from something else.
    """
    try:
        whole = json.loads(path.read_text(encoding="utf-8"))
        version, before, values = whole["version"], whole["made_from"], dict(whole["values"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise SchemaError(f"{path} is not what diagnose writes: {error}") from error
    if version != _VERSION:
        raise SchemaError(f"{path} was written by another version")
    if changed := sorted(k for k in made_from if before.get(k) != made_from[k]):
        raise SchemaError(f"it was made from another {' and '.join(changed)}")
    return values
