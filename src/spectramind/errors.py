"""Typed exceptions and the exit code each of them ends a command with.

Every message is one line: what is wrong, where, the allowed range, what to do.
"""

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


def refused_as_command(command: str) -> int:
    """What ``python -m`` of a module that is no command says, and the exit code."""
    print(
        f"spectramind: this module is no command: run `spectramind {command}` "
        f"(`spectramind {command} --help` says how)",
        file=sys.stderr,
    )
    return int(ExitCode.CONFIG_ERROR)
