"""Pieces of Markdown that the generated pages share."""

import re
from collections.abc import Iterable, Sequence


def plain(text: str) -> str:
    """Text that Markdown must not read: everything but `code` is escaped, and on one line."""
    parts = re.split(r"(`+[^`]*`+)", " ".join(text.split()))
    escaped = [
        part if part.startswith("`") else re.sub(r"([\\*_<>\[\]#])", r"\\\1", part)
        for part in parts
    ]
    return "".join(escaped).replace("|", "\\|")


def code(text: str) -> str:
    """Text as code, on one line and safe in a table."""
    fence = "``" if "`" in text else "`"
    return fence + " ".join(text.split()).replace("|", "\\|") + fence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a table whose cells are Markdown already; a blank line before and behind."""
    lines = [head, ["---"] * len(head), *rows]
    return ["", *("| " + " | ".join(line) + " |" for line in lines), ""]
