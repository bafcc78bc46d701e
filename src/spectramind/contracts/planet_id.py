"""What a planet may be called: its id becomes file names and a cell of a CSV without quotes."""

import re

# Also the pattern of the submission's JSON Schema, so in words that every dialect of regex reads.
ID_PATTERN = r"^[^\s,\"'\x00-\x1f\x7f/\\]+$"
_AS_FLOAT = re.compile(r"\d+\.0+")


def id_fault(planet_id: str) -> str:
    """Why a planet cannot be called so; empty when it can.

    Whitespace, commas, quotes and unprintable characters would break a submission's rows; slashes
    file names; ``12.0`` is what tables make of ``12``.
    """
    if not planet_id:
        return "it is empty"
    if not re.fullmatch(ID_PATTERN[1:-1], planet_id) or not planet_id.isprintable():
        return "spaces, commas, quotes, slashes and unprintable characters fit no submission"
    if _AS_FLOAT.fullmatch(planet_id):
        return f"tables lose the '.0': call it {planet_id.split('.')[0]}"
    return ""
