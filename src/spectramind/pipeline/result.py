"""What every use case returns: plain values for a command line, a notebook or a server."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import RenderableType

from spectramind.errors import SpectraMindError


@dataclass(frozen=True, eq=False)
class Result:
    """Base of all results; subclasses add what was done and found."""

    def report(self) -> Sequence[RenderableType]:
        """What a terminal shows of it."""
        return ()

    @property
    def problem(self) -> SpectraMindError | None:
        """What a command ends with when part of the work could not be done, else None."""
        return None
