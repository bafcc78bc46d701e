"""The settings that commands of a work folder ran with: kept beside its record, or made anew."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from spectramind.config.compose import compose
from spectramind.config.kept import kept_settings, kept_values
from spectramind.config.overrides import quoted
from spectramind.config.root import Config
from spectramind.contracts.stages import CHAIN
from spectramind.errors import ConfigError, SchemaError
from spectramind.server.cached import Cache, stamp
from spectramind.server.event_journal import ToldCommand
from spectramind.server.served_folder import ServedFolder


@dataclass(frozen=True)
class FoundSettings:
    """Settings that say where a folder's files lie.

    Attributes:
        config: None where they cannot be told.
        problem: why they cannot be told, or what of them is not sure; empty: all is well.
    """

    config: Config | None
    problem: str = ""


@dataclass(frozen=True)
class FoundValues:
    """Settings of one command by dotted key, as they were; or why they cannot be told."""

    values: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""


class SettingsBook:
    """Settings of commands, found once."""

    def __init__(self) -> None:
        self._values: Cache[tuple[str, str, str], FoundValues] = Cache(256)
        self._here: Cache[str, FoundSettings] = Cache(64)

    def of_command(self, folder: ServedFolder, told: ToldCommand) -> FoundValues:
        """Those that a command had; never those of another version."""
        overrides = folder.journal.whole(told).args.get("overrides")
        return self.of_hash(folder, told.config_hash, overrides)

    def of_hash(self, folder: ServedFolder, config_hash: str | None, typed: Any) -> FoundValues:
        """The same of what the record says of a command: hash, and what was typed."""
        if config_hash is None:
            return FoundValues(problem="the command failed before it had settings")
        path = folder.record.settings(config_hash)

        def find() -> FoundValues:
            if path.is_file():
                try:
                    return FoundValues(kept_values(path))
                except SchemaError as error:
                    return FoundValues(problem=str(error))
            found = _composed(typed)
            if found.config is None:
                return FoundValues(problem=found.problem)
            if found.config.hash != config_hash:
                others = "they were not kept, and with the same overrides this version has others"
                return FoundValues(problem=others)
            return FoundValues(_flat(found.config.model_dump(mode="json")))

        return self._values.get((folder.name, config_hash, repr(typed)), stamp(path), find)

    def of_folder(self, folder: ServedFolder) -> FoundSettings:
        """Those that say where the folder's files lie and what the chain made of them.

        They are the newest chain command's, but the folder is where it is now.
        """
        told, _ = folder.commands()
        chosen = _newest(told)
        if chosen is None:
            return FoundSettings(
                None,
                f"no command ran in {folder.path} yet, so that nothing tells its settings: "
                f"run `spectramind simulate paths.work={folder.path}` or another command there",
            )
        path = folder.record.settings(chosen.config_hash or "none")
        state = chosen.begins, chosen.run_id, stamp(path)

        def find() -> FoundSettings:
            if path.is_file():
                try:
                    return FoundSettings(kept_settings(path))
                except SchemaError as error:
                    return FoundSettings(None, str(error))
            typed = folder.journal.whole(chosen).args.get("overrides")
            here = [quoted("paths.work", folder.path)]
            found = _composed([*typed, *here] if isinstance(typed, list) else typed)
            if found.config is None or found.config.data.raw.is_absolute():
                return found
            return FoundSettings(
                found.config,
                f"data.raw={found.config.data.raw} is looked for from where the server was "
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
        return FoundSettings(None, "they were not kept, nor what was typed")
    try:
        return FoundSettings(compose(overrides))
    except ConfigError as error:
        return FoundSettings(None, f"they were not kept, and this version says: {error}")


def _flat(settings: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """By dotted key; an empty group stays one, as in ``kept_values``."""
    found: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping) and value:
            found |= _flat(value, f"{before}{key}.")
        else:
            found[f"{before}{key}"] = value
    return found
