"""Several processes that are one command: what ``torchrun`` says of itself to each of them.

They compute the same and share the work of a training (``training/engine/ranks.py``). The first
one speaks and writes for all: what another would print, note or write is dropped.
"""

import os
import time
from dataclasses import dataclass

from spectramind.errors import ConfigError
from spectramind.run.stopping import Stopped

# What torchrun alone sets: other launchers set RANK and WORLD_SIZE for purposes of their own.
_LAUNCHED = "TORCHELASTIC_RUN_ID"
TOGETHER = "train"  # the command that several processes do
_FIRST_SPEAKS_S = 120  # a first process that needs longer has other troubles


class TogetherError(ConfigError):
    """Several processes were started of what one does; every one of them finds out by itself."""


@dataclass(frozen=True)
class Processes:
    """This process among those of its command.

    Attributes:
        rank: its number, from 0. count: of all. local: its number on its machine; beside: of those
            on its machine.
    """

    rank: int = 0
    count: int = 1
    local: int = 0
    beside: int = 1

    @property
    def first(self) -> bool:
        """Whether it speaks and writes."""
        return self.rank == 0


def processes() -> Processes:
    """As torchrun says; one process without it."""
    if _LAUNCHED not in os.environ:
        return Processes()
    names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
    return Processes(*(int(os.environ[name]) for name in names))


def require_one(command: str) -> None:
    """Refuse a command that several processes would do several times.

    Raises:
        TogetherError: torchrun started more than one of it.
    """
    count = processes().count
    if count > 1 and command != TOGETHER:
        raise TogetherError(
            f"torchrun started {count} processes, and only `spectramind {TOGETHER}` works in more "
            f"than one: run `spectramind {command}` without torchrun"
        )


def leave_it_to_the_first() -> None:
    """Wait until the first process has said it: whoever ends earlier has torchrun stop the rest."""
    try:
        time.sleep(_FIRST_SPEAKS_S)
    except Stopped:  # it has ended, and torchrun ends the others
        return
