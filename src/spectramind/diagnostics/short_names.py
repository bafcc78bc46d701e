"""Hashes and times as people read them."""

from typing import Any

_GIT = 8


def short_hash(value: Any) -> str | None:
    """The first eight characters of a hash; None where there is none."""
    return value[:_GIT] if isinstance(value, str) and value else None


def clock(value: Any) -> str | None:
    """``2026-11-27 18:03`` of ``2026-11-27T18:03:47Z``; other text as it is."""
    if value is None:
        return None
    text = str(value)
    return f"{text[:10]} {text[11:16]}" if text[10:11] == "T" else text
