"""Standard output and error that never fail on a character, whatever the locale."""

import io
import sys


def make_streams_robust() -> None:
    """Write UTF-8 where the locale knows ASCII alone, and escape what another one lacks (±, λ).

    Python does the first by itself in the C locale, unless its UTF-8 mode is off.
    """
    for stream in (sys.stdout, sys.stderr):
        if not isinstance(stream, io.TextIOWrapper):
            continue
        ascii_only = stream.encoding.lower().replace("-", "") in {
            "ascii",
            "usascii",
            "ansi_x3.41968",
        }
        stream.reconfigure(
            encoding="utf-8" if ascii_only else stream.encoding, errors="backslashreplace"
        )


def one_line(message: str) -> str:
    """A message on one line, in which nothing that a file holds commands the terminal."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in " ".join(message.split())
    )
