"""check-pipeline: do dvc.yaml, params.yaml, the commands and the settings agree?"""

import importlib
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from spectramind.config.alter import altered
from spectramind.config.compose import compose
from spectramind.config.overrides import quoted
from spectramind.config.root import Config
from spectramind.config.settings_file import overrides_of_file
from spectramind.errors import SchemaError, SpectraMindError
from spectramind.pipeline import params
from spectramind.pipeline.result import Result
from spectramind.pipeline.stage_files import BESIDE_THE_CHAIN, CHAIN, stage_outs
from spectramind.run.record import RunRecord

_TEMPLATE = re.compile(r"\$\{([\w.]+)\}")
_SHOWN = 3


@dataclass(frozen=True, eq=False)
class Agreement(Result):
    """What was compared, and what differs, a line each."""

    stages: tuple[str, ...]
    settings: int
    differs: tuple[str, ...]

    def report(self) -> list[str]:
        if self.differs:
            return [f"differs: {line}" for line in self.differs]
        return [
            f"dvc.yaml ({len(self.stages)} stages), params.yaml ({self.settings} settings), the "
            "commands and configs/ agree"
        ]

    @property
    def problem(self) -> SchemaError | None:
        if not self.differs:
            return None
        more = len(self.differs) - _SHOWN
        rest = f"; and {more} more, named above" if more > 0 else ""
        return SchemaError(f"the pipeline disagrees: {'; '.join(self.differs[:_SHOWN])}{rest}")


@dataclass(frozen=True)
class Stage:
    """One stage, its templates filled in: what its command is, reads and leaves."""

    name: str
    cmd: str
    deps: tuple[str, ...]
    params: tuple[str, ...]
    outs: tuple[str, ...]

    @property
    def words(self) -> list[str]:
        return shlex.split(self.cmd)

    @property
    def command(self) -> str:
        """Key of ``COMMANDS``; empty where it is none of ours."""
        from spectramind.pipeline.commands import COMMANDS

        if self.words[:1] != ["spectramind"]:
            return ""
        two = " ".join(self.words[1:3])
        return two if two in COMMANDS else next(iter(self.words[1:2]), "")


def check_pipeline(config: Config, record: RunRecord, folder: str = ".") -> Agreement:
    """Compare the DAG, its settings, the commands and the tree of settings.

    Args:
        folder: where dvc.yaml and params.yaml are.

    Raises:
        SchemaError: one of the files is missing or cannot be read.
    """
    root = Path(folder)
    text = _text(root / params.FILE)
    held = _mapping(root / params.FILE)
    stages = [*_stages(root, held)]
    settings = _leaves(held)
    differs = [*_graph(root, stages), *_commands(stages), *_tree(text, settings)]
    differs += _followed(stages, settings)
    try:
        run_with = compose(overrides_of_file(str(root / params.FILE)))
    except SpectraMindError as error:
        differs.append(f"{params.FILE}: {error}")
    else:
        differs += _files(stages, run_with)
    return Agreement(tuple(stage.name for stage in stages), len(settings), tuple(differs))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SchemaError(
            f"{path} cannot be read ({error}): check-pipeline needs a checkout (--folder FOLDER)"
        ) from error


def _mapping(path: Path) -> dict[str, Any]:
    _text(path)
    try:
        held = OmegaConf.to_container(OmegaConf.load(path), resolve=False)
    except (YAMLError, OmegaConfBaseException) as error:
        raise SchemaError(f"{path} is no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(held, dict):
        raise SchemaError(f"{path} holds no mapping")
    return {str(key): value for key, value in held.items()}


def _leaves(held: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in held.items():
        if isinstance(value, dict) and value:
            found |= _leaves(value, f"{above}{key}.")
        else:
            found[f"{above}{key}"] = value
    return found


def _stages(root: Path, held: Mapping[str, Any]) -> Iterator[Stage]:
    known = _leaves(held)

    def filled(text: str) -> str:
        return _TEMPLATE.sub(lambda match: str(known.get(match[1], match[0])), text)

    def names(listed: Any) -> tuple[str, ...]:
        return tuple(
            filled(next(iter(one)) if isinstance(one, dict) else str(one)) for one in listed
        )

    path = root / "dvc.yaml"
    try:
        for name, stage in _mapping(path)["stages"].items():
            outs = [*stage.get("outs", []), *stage.get("metrics", []), *stage.get("plots", [])]
            yield Stage(
                str(name),
                filled(str(stage["cmd"])),
                names(stage.get("deps", [])),
                names(stage.get("params", [])),
                names(outs),
            )
    except (KeyError, TypeError, AttributeError) as error:
        raise SchemaError(
            f"{path} is no pipeline of DVC ({type(error).__name__}: {error})"
        ) from error


def _graph(root: Path, stages: list[Stage]) -> Iterator[str]:
    """Each output has one maker, each dependency a maker or a place in the checkout; no circle."""
    maker: dict[str, str] = {}
    for stage in stages:
        for out in stage.outs:
            if out in maker:
                yield f"{out} is an output of both {maker[out]} and {stage.name}"
            maker[out] = stage.name
    before: dict[str, set[str]] = {}
    for stage in stages:
        before[stage.name] = {maker[dep] for dep in stage.deps if dep in maker}
        for dep in stage.deps:
            if dep not in maker and not (root / dep).exists():
                yield f"stage {stage.name} depends on {dep}, which no stage makes"
    try:
        TopologicalSorter(before).prepare()
    except CycleError as error:
        yield f"stages depend on each other in a circle: {' <- '.join(error.args[1])}"


def _commands(stages: list[Stage]) -> Iterator[str]:
    """Each stage is a command as the command line has it; the chain is whole."""
    options = _options()
    for stage in stages:
        if stage.command not in options:
            yield f"stage {stage.name}: `{stage.cmd}` is no command of spectramind"
            continue
        given = stage.words[1 + len(stage.command.split()) :]
        for word in given:
            if word.startswith("-") and word.partition("=")[0] not in options[stage.command]:
                yield f"stage {stage.name}: `spectramind {stage.command}` has no option {word}"
        if ("--config", str(params.FILE)) not in pairwise(given):
            yield f"stage {stage.name} does not read its settings: --config {params.FILE}"
    for command in CHAIN:
        if command not in {stage.command for stage in stages}:
            yield f"no stage of dvc.yaml runs `spectramind {command}`"


def _options() -> dict[str, set[str]]:
    """Options by command. By name: this room does not import the command line above it."""
    return importlib.import_module("spectramind.cli.known_options").known_options()


def _tree(text: str, settings: Mapping[str, Any]) -> Iterator[str]:
    """params.yaml holds what configs/ says, key by key."""
    again = f"write it anew: python -m {params.__name__} OVERRIDES"
    try:
        wanted_text = params.params_text(params.made_with(text))
    except SpectraMindError as error:
        yield f"{error} ({again})"
        return
    wanted = _leaves(OmegaConf.to_container(OmegaConf.create(wanted_text)))  # type: ignore[arg-type]
    for key in [*wanted, *(key for key in settings if key not in wanted)]:
        if key not in settings:
            yield f"{params.FILE} lacks {key} of configs/ ({again})"
        elif key not in wanted:
            yield f"{params.FILE} has {key}, which configs/ does not ({again})"
        elif settings[key] != wanted[key]:
            yield f"{params.FILE}: {key} is {settings[key]}, configs/ say {wanted[key]} ({again})"


def _followed(stages: list[Stage], settings: Mapping[str, Any]) -> Iterator[str]:
    """Every setting is some stage's, or known to change nothing of the chain."""

    def within(key: str, section: str) -> bool:
        return key == section or key.startswith(f"{section}.")

    named = {(stage.name, key) for stage in stages for key in stage.params}
    for name, section in sorted(named):
        if not any(within(key, section) for key in settings):
            yield f"stage {name} depends on {section}, which {params.FILE} does not have"
    sections = {section for _, section in named} | set(BESIDE_THE_CHAIN)
    for key in settings:
        if not any(within(key, section) for section in sections):
            yield f"no stage of dvc.yaml depends on the setting {key}"


def _files(stages: list[Stage], run_with: Config) -> Iterator[str]:
    """Each stage's outputs are what its command writes with these settings."""
    for stage in stages:
        if stage.command not in CHAIN:
            continue
        config, given = run_with, stage.words
        if "--html" in given:
            page = given[given.index("--html") + 1]
            config = altered(run_with, [quoted("diag.html.out", page)])
        wanted = {str(path) for path in stage_outs(config, stage.command)}
        for out in sorted(wanted - set(stage.outs)):
            yield f"stage {stage.name} lacks the output {out} of `spectramind {stage.command}`"
        for out in sorted(set(stage.outs) - wanted):
            yield f"stage {stage.name} has the output {out}, which its command does not write"
