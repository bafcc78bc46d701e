"""Every command of the command line, and the function that does it (imported when called)."""

import importlib
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spectramind.contracts.stages import CHAIN
from spectramind.diagnostics.topics import TOPIC

if TYPE_CHECKING:
    from spectramind.config.root import Config
    from spectramind.pipeline.result import Result

COMMANDS = {
    "simulate": "spectramind.pipeline.prepare:simulate",
    "obtain": "spectramind.pipeline.prepare:obtain",
    "simulate-report": "spectramind.pipeline.simulation_report:simulate_report",
    "calibrate": "spectramind.pipeline.prepare:calibrate",
    "features": "spectramind.pipeline.fit_features:features",
    "train": "spectramind.pipeline.train:train",
    "export network": "spectramind.pipeline.export_network:export",
    "export spectra": "spectramind.pipeline.export_spectra:export_spectra",
    "calibrate-temp": "spectramind.pipeline.fit_calibrators:calibrate_temp",
    "calibrate-corel": "spectramind.pipeline.fit_calibrators:calibrate_corel",
    "predict": "spectramind.pipeline.predict:predict",
    "score": "spectramind.pipeline.score:score",
    "audit": "spectramind.pipeline.audit_spectra:audit",
    "gate": "spectramind.pipeline.gate:gate",
    "ablate": "spectramind.pipeline.ablate:ablate",
    "diagnose dashboard": "spectramind.pipeline.dashboard:dashboard",
    **{f"diagnose {name}": "spectramind.pipeline.diagnose:diagnose" for name in TOPIC},
    "explain": "spectramind.pipeline.explain_planet:explain_planet",
    "retrieve": "spectramind.pipeline.retrieve:retrieve",
    "submit bundle": "spectramind.pipeline.submit:bundle",
    "submit validate": "spectramind.pipeline.submit:validate",
    "analyze-log": "spectramind.pipeline.analyze_log:analyze_log",
    "check-pipeline": "spectramind.pipeline.check_pipeline:check_pipeline",
    "kaggle-bundle": "spectramind.pipeline.kaggle_bundle:kaggle_bundle",
    "selftest": "spectramind.pipeline.selftest:selftest",
}


def perform(
    command: str,
    config: "Config",
    overrides: list[str],
    flags: dict[str, Any],
    record_in: Path | None = None,
) -> "Result":
    """Run a command inside its record.

    Args:
        command: key of ``COMMANDS``.
        config: the frozen settings; overrides: what they were composed with, for the record.
        flags: keyword arguments of the command's function.
        record_in: where the record lies; None for the work folder.

    Raises:
        ConfigError: no such command, one that several processes would do several times, or another
            command works in the same folder.
        RuntimeRiskError: it does not fit ``env.budget``.
        SpectraMindError: the command's own.
    """
    from spectramind.contracts.work_folder import RecordFolder
    from spectramind.errors import ConfigError
    from spectramind.run.processes import processes, require_one
    from spectramind.run.work_lock import alone_in

    if command not in COMMANDS:
        raise ConfigError(f"no command {command!r}: there are {', '.join(COMMANDS)}")
    require_one(command)
    work = record_in or config.paths.work
    # Of several processes that are one command (torchrun) the first one holds the folder.
    first = processes().first
    with alone_in(work, command, RecordFolder(work).lock) if first else nullcontext():
        return _recorded(command, config, overrides, flags, work)


def _recorded(
    command: str, config: "Config", overrides: list[str], flags: dict[str, Any], work: Path
) -> "Result":
    """Run it in a folder that is this command's alone."""
    from spectramind.config.kept import keep_settings
    from spectramind.contracts.work_folder import RecordFolder
    from spectramind.run.atomic import remove_strays
    from spectramind.run.budget import Budget
    from spectramind.run.compiled_cache import settle
    from spectramind.run.cores import core_count
    from spectramind.run.heartbeat import under_way
    from spectramind.run.local_pool import end_workers
    from spectramind.run.processes import processes
    from spectramind.run.record import RunRecord, open_log, recording
    from spectramind.run.stage_clock import clocked

    settings = config.logger
    open_log(work, settings.level, settings.rotate_bytes, settings.backups)
    settle(RecordFolder(work.absolute()).compiled)
    record = RunRecord(
        cmd=command,
        args={"overrides": overrides, **flags},
        work=work,
        cfg_hash=config.hash,
        seed=config.seed,
        data_root=config.data.raw,
        science_hash=config.science_hash,
    )
    module, name = COMMANDS[command].split(":")
    limits = config.env.budget
    record.budget = Budget(limits, limits.began(record.started), record.warn, work, config.data.raw)
    # What comes after a command is forecast from what it took before.
    after = CHAIN[CHAIN.index(command) + 1 :] if command in CHAIN else ()
    workers = config.env.workers or core_count()
    if processes().first:  # it holds the folder: what is half written there is a killed command's
        paths = config.paths
        for folder, deep in ((work, False), (paths.outputs, True), (paths.splits.parent, True)):
            remove_strays(folder, deep)
    times = clocked(record.run_id, command, work, record.budget, workers, after)
    with under_way(record), recording(record), times:
        if processes().first:
            keep_settings(config, RecordFolder(work).settings(config.hash))
        try:
            function = getattr(importlib.import_module(module), name)
            result: Result = function(config, record, **flags)
        except KeyboardInterrupt:
            end_workers()  # it may have come between two results, outside the pool
            raise
        if result.problem is not None:
            record.fail(str(result.problem))
    if processes().count > 1:
        from spectramind.training.engine.ranks import leave_together

        leave_together()
    return result
