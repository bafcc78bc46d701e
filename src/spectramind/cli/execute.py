"""From a typed command line to one call: compose, freeze, record, run.

Heavy imports happen here at call time, so that ``--help`` stays instant.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spectramind.config.root import Config


@dataclass(frozen=True)
class Call:
    """One command line.

    Attributes:
        command: key of ``pipeline.commands.COMMANDS``.
        overrides: Hydra overrides as typed.
        multirun: hand the overrides to Hydra's sweeper.
        flags: keyword arguments of the command's function.
        paths: config keys set by a path option; None leaves the config's own.
    """

    command: str
    overrides: list[str] | None = None
    multirun: bool = False
    flags: dict[str, Any] = field(default_factory=dict)
    paths: dict[str, Path | None] = field(default_factory=dict)

    def all_overrides(self) -> list[str]:
        """Overrides, those of path options last."""
        from spectramind.config.overrides import quoted

        given = [quoted(key, path) for key, path in self.paths.items() if path is not None]
        return [*(self.overrides or []), *given]


def execute(call: Call) -> None:
    """Run a command once, or as a sweep.

    Raises:
        ConfigError: torchrun started several processes of what one does.
        Exit: SIGTERM or SIGHUP ended it; with the code that shells give.
    """
    from typer.exceptions import Exit

    from spectramind.run.processes import require_one
    from spectramind.run.stopping import Stopped

    require_one(f"{call.command} -m" if call.multirun else call.command)
    try:
        _execute(call)
    except Stopped as stop:
        raise Exit(stop.exit_code) from stop


def _execute(call: Call) -> None:
    if call.multirun:
        from spectramind.cli.multirun import sweep

        sweep(call)
        return
    from spectramind.config.compose import compose
    from spectramind.errors import ConfigError
    from spectramind.run.record import RunRecord, recording

    overrides = call.all_overrides()
    try:
        config = compose(overrides)
    except ConfigError:
        # The command failed before it knew its work folder: its record goes where it was typed.
        with recording(RunRecord(call.command, {"overrides": overrides}, Path.cwd())):
            raise
    run(call, config, overrides)


def show_version() -> None:
    """Print the version and both hashes of the default configuration; write nothing."""
    import spectramind
    from spectramind.config.compose import compose
    from spectramind.run.progress import show

    config = compose()
    show(
        f"spectramind {spectramind.__version__} "
        f"(config {config.hash}, science {config.science_hash})"
    )


def run(call: Call, config: "Config", overrides: list[str], record_in: Path | None = None) -> None:
    """Run a command with a frozen configuration, and print what it found.

    Args:
        call: the command.
        config: its configuration.
        overrides: as typed, for the record.
        record_in: where the record lies; None for the work folder.
    """
    from spectramind.pipeline.commands import perform
    from spectramind.run.progress import show

    result = perform(call.command, config, overrides, call.flags, record_in)
    show(*result.report())
    if result.problem is not None:
        raise result.problem
