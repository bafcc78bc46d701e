"""The page of the command line, from the Typer commands themselves."""

from collections.abc import Iterator
from typing import Any

import typer
from markdown_text import code, plain, table

from spectramind.cli.main import app
from spectramind.errors import ExitCode

_EXIT_CODES = {
    ExitCode.SUCCESS: "done",
    ExitCode.SCHEMA_VIOLATION: "a file breaks its contract, or a run falls short of its bounds",
    ExitCode.CONFIG_ERROR: "a setting is wrong, or a folder cannot be written",
    ExitCode.RUNTIME_RISK: "the run did not fit: disk, memory, time",
    ExitCode.INTERNAL_ERROR: "internal error; the traceback is in the log",
}


def page() -> str:
    """Markdown of the whole page: a table of all commands, then a section each."""
    root = typer.main.get_command(app)
    found = list(_commands(root, "spectramind"))
    lines = [
        "# Command line",
        "",
        "Written at build time from the commands themselves: what `--help` says, on one page.",
        "Every command takes Hydra overrides ([settings](config.md)); with `-m` it sweeps.",
    ]
    short = [
        [f"[`{name}`](#{_anchor(name)})", plain((command.help or "").split("\n\n")[0])]
        for name, command in found
    ]
    lines += table(["command", "what it does"], short)
    for name, command in found:
        lines += _section(name, command)
    if root.epilog:  # names that settings and commands have beside their own
        lines += ["## Other names", ""]
        lines += ["\n\n".join(plain(part) for part in root.epilog.split("\n\n")), ""]
    lines += ["## Exit codes"]
    lines += table(["code", "meaning"], [[str(int(c)), _EXIT_CODES[c]] for c in ExitCode])
    lines += ["130, 143, 129: ended by Ctrl-C, SIGTERM, SIGHUP; the same command goes on."]
    return "\n".join(lines) + "\n"


def _commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Every command that does something, by its full name, in the order of ``--help``."""
    below = getattr(command, "commands", None)
    if below is None:
        yield name, command
        return
    for child, inner in below.items():
        if not inner.hidden:
            yield from _commands(inner, f"{name} {child}")


def _anchor(name: str) -> str:
    return name.replace(" ", "-")


def _section(name: str, command: Any) -> list[str]:
    said = [plain(part) for part in (command.help or "").split("\n\n")]
    lines = [f"## {name} {{ #{_anchor(name)} }}", "", "\n\n".join(said), ""]
    usage = command.get_usage(typer.Context(command, info_name=name)).removeprefix("Usage: ")
    lines += ["```text", usage, "```"]
    options = [_option(p) for p in command.params if p.param_type_name == "option"]
    lines += table(["option", "value", "meaning"], options) if options else [""]
    if command.epilog:
        lines += [plain(command.epilog), ""]
    return lines


def _option(parameter: Any) -> list[str]:
    kind = parameter.type_descriptor.annotation
    value = "" if parameter.is_flag else getattr(kind, "__name__", str(kind)).lower()
    if value and parameter.default is not None:
        value += f", default {code(str(parameter.default))}"
    names = ", ".join(code(name) for name in (*parameter.opts, *parameter.secondary_opts))
    return [names, value, plain(parameter.help or "")]
