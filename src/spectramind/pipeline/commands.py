"""Every command of the command line, and the function that does it (imported when called)."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spectramind.config.root import Config
    from spectramind.pipeline.result import Result

COMMANDS = {
    "version": "spectramind.pipeline.version:version",
    "simulate": "spectramind.pipeline.prepare:simulate",
    "simulate-report": "spectramind.pipeline.simulation_report:simulate_report",
    "calibrate": "spectramind.pipeline.prepare:calibrate",
    "features": "spectramind.pipeline.prepare:features",
    "train": "spectramind.pipeline.train:train",
    "calibrate-temp": "spectramind.pipeline.fit_calibrators:calibrate_temp",
    "calibrate-corel": "spectramind.pipeline.fit_calibrators:calibrate_corel",
    "predict": "spectramind.pipeline.predict:predict",
    "score": "spectramind.pipeline.score:score",
    "diagnose dashboard": "spectramind.pipeline.dashboard:dashboard",
    "submit bundle": "spectramind.pipeline.submit:bundle",
    "submit validate": "spectramind.pipeline.submit:validate",
    "selftest": "spectramind.pipeline.selftest:selftest",
}


def perform(
    command: str, config: "Config", overrides: list[str], flags: dict[str, Any]
) -> "Result":
    """Run a command inside its record.

    Args:
        command: key of ``COMMANDS``.
        config: the frozen settings; overrides: what they were composed with, for the record.
        flags: keyword arguments of the command's function.

    Raises:
        ConfigError: no such command.
        SpectraMindError: the command's own.
    """
    from spectramind.errors import ConfigError
    from spectramind.run.record import RunRecord, open_log, recording

    if command not in COMMANDS:
        raise ConfigError(f"no command {command!r}: there are {', '.join(COMMANDS)}")
    settings, work = config.logger, config.paths.work
    open_log(work, settings.level, settings.rotate_bytes, settings.backups)
    args = {"overrides": overrides, **flags}
    record = RunRecord(command, args, work, config.hash, config.seed, config.data.raw)
    module, name = COMMANDS[command].split(":")
    with recording(record):
        result: Result = getattr(importlib.import_module(module), name)(config, record, **flags)
        if result.problem is not None:
            record.fail(str(result.problem))
    return result
