"""The page of the settings: keys, ranges, defaults and units, from the pydantic models.

Kinds and ranges come from the models' JSON Schema, defaults from the composed Hydra tree, meanings
and units from the docstrings.
"""

import inspect
import json
import re
from collections.abc import Iterator
from typing import Any, get_args

from markdown_text import code, plain, table

from spectramind.config.base import Section
from spectramind.config.compose import compose, resource_dir
from spectramind.config.root import Config

# `a, b: text`, at the begin of a line or behind another entry's full stop.
_ENTRY = re.compile(r"(?:^|(?<=[.;] ))((?:[a-z_0-9]+, )*[a-z_0-9]+): ")


def page() -> str:
    """Markdown of the whole page."""
    defaults = compose().model_dump(mode="json")
    lines = [
        "# Settings",
        "",
        "Written at build time from the typed models and the files of `configs/`. Set any key on "
        "the command line, `spectramind train train.lr=1e-4`, or in a file of "
        "`configs/experiment/`. Units stand in brackets. What a range cannot say (a pair that "
        "must ascend, keys that need each other) is refused in one line that names the range.",
    ]
    lines += ["", "## Groups", "", "A whole file of settings at once: `GROUP=NAME`."]
    lines += table(["group", "names"], _groups())
    schema = Config.model_json_schema()
    for key, section in sections():
        lines += _section(key, section, schema, defaults)
    return "\n".join(lines) + "\n"


def sections() -> Iterator[tuple[str, type[Section]]]:
    """Every section by its dotted key, outer before inner; the root's key is empty."""

    def walk(section: type[Section], prefix: str) -> Iterator[tuple[str, type[Section]]]:
        yield prefix, section
        for name, field in section.model_fields.items():
            for inner in _inner(field.annotation):
                yield from walk(inner, f"{prefix}.{name}".lstrip("."))

    return walk(Config, "")


def meanings(section: type[Section]) -> dict[str, str]:
    """What the docstrings say of each setting, base classes included; {} of unsaid ones."""
    found: dict[str, str] = {}
    for kind in reversed(section.__mro__):
        if issubclass(kind, Section):
            found |= _attributes(inspect.cleandoc(vars(kind).get("__doc__") or ""))
    return {name: text for name, text in found.items() if name in section.model_fields}


def summary(section: type[Section]) -> str:
    """The docstring without its list of attributes."""
    return inspect.cleandoc(section.__doc__ or "").partition("Attributes:")[0].strip()


def _attributes(doc: str) -> dict[str, str]:
    entries = textblocks(doc.partition("Attributes:")[2])
    found: dict[str, str] = {}
    for entry in entries:
        marks = list(_ENTRY.finditer(entry))
        ends = [*(mark.start() for mark in marks[1:]), len(entry)]
        for mark, end in zip(marks, ends, strict=True):
            text = entry[mark.end() : end].strip()
            found |= dict.fromkeys(mark[1].split(", "), text)
    return found


def textblocks(text: str) -> list[str]:
    """Entries of an attribute list: deeper lines belong to the entry above."""
    blocks: list[str] = []
    for line in text.splitlines():
        if not line.strip():
            continue
        if line.startswith(" " * 8) and blocks:
            blocks[-1] += f" {line.strip()}"
        else:
            blocks.append(line.strip())
    return blocks


def _inner(annotation: Any) -> Iterator[type[Section]]:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation
    for part in get_args(annotation):
        yield from _inner(part)


def _groups() -> list[list[str]]:
    root = resource_dir("configs")
    folders = sorted({path.parent for path in root.glob("*/*.yaml")})
    return [
        [code(folder.name), ", ".join(code(path.stem) for path in sorted(folder.glob("*.yaml")))]
        for folder in folders
    ]


def _section(key: str, section: type[Section], schema: Any, defaults: Any) -> list[str]:
    here = schema if not key else schema["$defs"][section.__name__]
    said = meanings(section)
    value = defaults
    for part in filter(None, key.split(".")):
        value = value.get(part) if isinstance(value, dict) else None
    known = value if isinstance(value, dict) else {}  # else a list, of which each has a section
    rows = []
    for name, field in section.model_fields.items():
        if any(_inner(field.annotation)):
            continue
        default = code(json.dumps(known[name], ensure_ascii=False)) if name in known else ""
        full = f"{key}.{name}".lstrip(".")
        kind = allowed(here["properties"][name])
        rows.append([code(full), kind, default, plain(said.get(name, ""))])
    lines = [f"## {key or 'top level'}", "", plain(summary(section))]
    return [*lines, *(table(["key", "allowed", "default", "meaning"], rows) if rows else [""])]


def allowed(schema: dict[str, Any]) -> str:
    """Kind and range in words, from a property's JSON Schema."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(allowed(part) for part in schema["anyOf"]))
    if "enum" in schema or "const" in schema:
        choices = schema.get("enum", [schema.get("const")])
        return ", ".join(code(str(choice)) for choice in choices)
    if schema.get("type") == "array":
        return _array(schema)
    if schema.get("type") == "object":
        return f"map to {allowed(schema['additionalProperties'])}"
    names = {"boolean": "`true`, `false`", "string": "text", "null": "`null`"}
    if schema.get("format") == "path":
        return "path"
    kind = schema["type"]
    return names.get(kind) or f"{kind}{_range(schema)}"


def _array(schema: dict[str, Any]) -> str:
    if "prefixItems" in schema:
        parts = [allowed(part) for part in schema["prefixItems"]]
        return f"{len(parts)} × {parts[0]}" if len(set(parts)) == 1 else "; ".join(parts)
    least = schema.get("minItems")
    return f"list of {allowed(schema['items'])}" + (f", at least {least}" if least else "")


def _range(schema: dict[str, Any]) -> str:
    least = schema.get("minimum", schema.get("exclusiveMinimum"))
    most = schema.get("maximum", schema.get("exclusiveMaximum"))
    low = "≥" if "minimum" in schema else ">"
    high = "≤" if "maximum" in schema else "&lt;"
    ends = [f"{sign} {end:g}" for sign, end in ((low, least), (high, most)) if end is not None]
    return f" {', '.join(ends)}" if ends else ""
