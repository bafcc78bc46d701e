"""Every command and its options, as the command line has them."""

from collections.abc import Iterator

import typer

from spectramind.cli.main import app


def known_options() -> dict[str, set[str]]:
    """Options of each command, ``--long`` and ``-s``, by its words: ``submit bundle``."""
    return dict(_walk(typer.main.get_command(app), ()))


def _walk(command: object, words: tuple[str, ...]) -> Iterator[tuple[str, set[str]]]:
    below = getattr(command, "commands", None)
    if below:
        for name, child in below.items():
            yield from _walk(child, (*words, name))
        return
    parameters = getattr(command, "params", ())
    yield " ".join(words), {option for one in parameters for option in one.opts}
