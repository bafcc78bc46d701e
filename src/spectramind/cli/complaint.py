"""Every error in one line, with the exit code of its kind."""

import errno
import os
import traceback

from typer.exceptions import TyperException

from spectramind.errors import (
    ExitCode,
    RuntimeRiskError,
    SpectraMindError,
    memory_complaint,
    out_of_memory,
)

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NOT_ALLOWED = {errno.EACCES, errno.EPERM, errno.EROFS}
_AGAIN = "the same command goes on where this one stopped"


def complaint(error: Exception) -> tuple[str, int]:
    """What to say of an error, and the exit code it ends the command with."""
    if isinstance(error, RuntimeRiskError):
        return str(error), error.exit_code
    if out_of_memory(error):  # also where a library made another error of it
        return memory_complaint(error), ExitCode.RUNTIME_RISK
    if isinstance(error, SpectraMindError):
        return str(error), error.exit_code
    if isinstance(error, TyperException):
        return error.format_message(), ExitCode.CONFIG_ERROR
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        what = f"no room to write {error.filename or 'a file'} ({os.strerror(error.errno)})"
        return f"{what}: free space or name another folder; {_AGAIN}", ExitCode.RUNTIME_RISK
    if isinstance(error, OSError) and error.errno in _NOT_ALLOWED and error.filename:
        why = os.strerror(error.errno)
        what = f"{error.filename} cannot be used ({why}): change its permissions or name another"
        return what, ExitCode.CONFIG_ERROR
    return f"internal error: {type(error).__name__}: {error} ({_where(error)})", (
        ExitCode.INTERNAL_ERROR
    )


def _where(error: Exception) -> str:
    """Where the traceback is: in the log, or, before there is one, on standard error."""
    from spectramind.run.record import open_log_file

    log = open_log_file()
    if log is not None:
        return f"traceback in {log}"
    traceback.print_exception(error)
    return "traceback above"
