"""Typed exceptions and the exit code each of them ends a command with.

Every message is one line: what is wrong, where, the allowed range, what to do.
"""

import errno
import sys
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


class ExitCode(IntEnum):
    """Exit codes of every command."""

    SUCCESS = 0
    SCHEMA_VIOLATION = 2
    CONFIG_ERROR = 3
    RUNTIME_RISK = 4
    INTERNAL_ERROR = 5


class SpectraMindError(Exception):
    """Base of every error that the user is told about in one line."""

    exit_code = ExitCode.INTERNAL_ERROR


class SchemaError(SpectraMindError):
    """A file does not hold what its contract says (missing, truncated, wrong shape, bad value)."""

    exit_code = ExitCode.SCHEMA_VIOLATION


class ConfigError(SpectraMindError):
    """A configuration key or value is unknown or out of range, or a step was called too early."""

    exit_code = ExitCode.CONFIG_ERROR


class RuntimeRiskError(SpectraMindError):
    """The run would not fit its time or memory limit."""

    exit_code = ExitCode.RUNTIME_RISK


def first_fault(error: "ValidationError", whole: str = "the file") -> str:
    """What a contract refuses first, ``key: why``; ``whole`` stands for no key."""
    problem = error.errors()[0]
    return f"{'.'.join(map(str, problem['loc'])) or whole}: {problem['msg']}"


_TOLD_OF_MEMORY = (
    "can't start new thread",  # no memory for its stack, or too many of them
    "DefaultCPUAllocator: can't allocate memory",  # torch
    "failed to map segment from shared object",  # a library that is loaded
    "cannot allocate memory",
)


def out_of_memory(error: BaseException) -> bool:
    """Whether it is for want of memory, itself or what it was raised from.

    NumPy's and Python's, and torch's on CPU and GPU, known by name: torch may not be there.
    """
    found: BaseException | None = error
    while found is not None:
        if (
            isinstance(found, MemoryError)
            or (isinstance(found, OSError) and found.errno == errno.ENOMEM)
            or type(found).__name__ == "OutOfMemoryError"
            or any(told.lower() in str(found).lower() for told in _TOLD_OF_MEMORY)
        ):
            return True
        found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)
    return False


def memory_complaint(error: BaseException) -> str:
    """What to say of it."""
    return (
        f"out of memory ({error}): lower --workers (env.workers) or, in training, "
        "train.batch_size; the same command goes on where this one stopped"
    )


def refused_as_command(command: str) -> int:
    """What ``python -m`` of a module that is no command says, and the exit code."""
    print(
        f"spectramind: this module is no command: run `spectramind {command}` "
        f"(`spectramind {command} --help` says how)",
        file=sys.stderr,
    )
    return int(ExitCode.CONFIG_ERROR)
