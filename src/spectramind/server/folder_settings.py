"""The settings that commands of a work folder ran with: kept beside its record, or made anew."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from pydantic import ValidationError

from spectramind.config.compose import compose
from spectramind.config.overrides import quoted
from spectramind.config.root import Config
from spectramind.contracts.stages import CHAIN
from spectramind.errors import ConfigError
from spectramind.server.cached import Cache, stamp
from spectramind.server.event_journal import ToldCommand
from spectramind.server.served_folder import ServedFolder

_composing = Lock()  # Hydra's state is the process's
_LARGEST = 1 << 20


@dataclass(frozen=True)
class FoundSettings:
    """Settings of one command.

    Attributes:
        config: None where they cannot be told. cwd: where it ran, None: not kept.
        problem: why they cannot be told, or what of them is not sure; empty: all is well.
    """

    config: Config | None
    cwd: Path | None = None
    problem: str = ""


class SettingsBook:
    """Settings of commands, found once."""

    def __init__(self) -> None:
        self._found: Cache[tuple[str, str, str], FoundSettings] = Cache(256)
        self._here: Cache[str, FoundSettings] = Cache(64)

    def of_command(self, folder: ServedFolder, told: ToldCommand) -> FoundSettings:
        """Those that a command had, its paths as they were; never those of another version."""
        overrides = folder.journal.whole(told).args.get("overrides")
        return self.of_hash(folder, told.config_hash, overrides)

    def of_hash(
        self, folder: ServedFolder, config_hash: str | None, overrides: Any
    ) -> FoundSettings:
        """The same of what the record says of a command: hash, and what was typed."""
        if config_hash is None:
            return FoundSettings(None, problem="the command failed before it had settings")
        path = folder.record.settings(config_hash)

        def find() -> FoundSettings:
            if path.is_file():
                return _kept(path)
            found = _composed(overrides)
            if found.config is not None and found.config.hash != config_hash:
                return FoundSettings(
                    None,
                    problem="they were not kept, and with the same overrides this version has "
                    "others",
                )
            return found

        return self._found.get((folder.name, config_hash, repr(overrides)), stamp(path), find)

    def of_folder(self, folder: ServedFolder) -> FoundSettings:
        """Those that say where the folder's files lie and what the chain made of them.

        They are the newest chain command's, but the folder is where it is now.
        """
        told, _ = folder.commands()
        chosen = _newest(told)
        if chosen is None:
            return FoundSettings(
                None,
                problem=f"no command ran in {folder.path} yet, so that nothing tells its settings: "
                f"run `spectramind simulate paths.work={folder.path}` or another command there",
            )
        path = folder.record.settings(chosen.config_hash or "none")
        state = chosen.begins, chosen.run_id, stamp(path)

        def find() -> FoundSettings:
            if path.is_file():
                found = _kept(path)
                if found.config is None or found.cwd is None:
                    return found
                moved = _moved(found.config, found.cwd, folder.path)
                return FoundSettings(moved, found.cwd)
            overrides = folder.journal.whole(chosen).args.get("overrides")
            if not isinstance(overrides, list):
                return _composed(overrides)
            found = _composed([*overrides, quoted("paths.work", folder.path)])
            if found.config is None or found.config.data.raw.is_absolute():
                return found
            return FoundSettings(
                found.config,
                problem=f"data.raw={found.config.data.raw} is looked for from where the server was "
                "started: which folder the commands ran in was not kept",
            )

        return self._here.get(folder.name, state, find)


def _newest(told: list[ToldCommand]) -> ToldCommand | None:
    """The newest good command of the chain; without any, the newest that had settings."""
    known = [one for one in told if one.config_hash is not None]
    good = [one for one in known if one.command in CHAIN and one.state != "fail"]
    return next(reversed(good or known), None)


def _composed(overrides: Any) -> FoundSettings:
    if not isinstance(overrides, list) or not all(isinstance(one, str) for one in overrides):
        return FoundSettings(None, problem="they were not kept, nor what was typed")
    try:
        with _composing:
            return FoundSettings(compose(overrides))
    except ConfigError as error:
        return FoundSettings(None, problem=f"they were not kept, and this version says: {error}")


def _kept(path: Path) -> FoundSettings:
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError("it is too large")
        held = json.loads(path.read_bytes())
        cwd = Path(held.pop("cwd"))
        return FoundSettings(Config.model_validate(held), cwd)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        why = (
            "other settings than this version has" if isinstance(error, ValidationError) else error
        )
        return FoundSettings(None, problem=f"{path} cannot be read: {why}")


def _moved(config: Config, cwd: Path, folder: Path) -> Config:
    """The same with what lay below the work folder of then below the one of now."""
    before = cwd / config.paths.work

    def place(value: Any) -> Any:
        if not isinstance(value, Path):
            return value
        path = cwd / value
        return folder / path.relative_to(before) if path.is_relative_to(before) else path

    paths = {name: place(value) for name, value in dict(config.paths).items()}
    data = {name: place(value) for name, value in dict(config.data).items()}
    return config.model_copy(
        update={
            "paths": config.paths.model_copy(update=paths),
            "data": config.data.model_copy(update=data),
        }
    )


def flat(settings: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """By dotted key; an empty group stays one."""
    found: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping) and value:
            found |= flat(value, f"{before}{key}.")
        else:
            found[f"{before}{key}"] = value
    return found
