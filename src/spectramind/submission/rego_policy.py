"""Rego policies on a bundle, by an engine that may be installed (extra ``policy``) or not.

The validator holds the same rules as ``policies/bundle.rego``; a site may lay further files beside
it, of the same package ``spectramind.bundle``.
"""

import importlib
import json
from pathlib import Path
from typing import Any, NamedTuple

from spectramind.config.compose import resource_dir
from spectramind.errors import SchemaError
from spectramind.submission.bundle_facts import BundleFacts

_QUERY = "data.spectramind.bundle.deny"


class Denial(NamedTuple):
    """A rule that a bundle breaks, and what breaks it."""

    rule: str
    what: str


def rego_engine() -> Any | None:
    """The module of the engine; None where it is not installed."""
    try:
        return importlib.import_module("regopy")
    except ImportError:
        return None


def policy_files() -> list[Path]:
    """The policies, by name.

    Raises:
        ConfigError: the installation has none.
    """
    return sorted(resource_dir("policies").glob("*.rego"))


def denials(facts: BundleFacts, engine: Any, files: list[Path] | None = None) -> list[Denial]:
    """What the policies deny; empty when nothing.

    Raises:
        SchemaError: a policy cannot be read or evaluated.
    """
    interpreter = engine.Interpreter()
    named = policy_files() if files is None else files
    try:
        for path in named:
            interpreter.add_module(path.stem, path.read_text(encoding="utf-8"))
        # As a term: regopy's set_input does not escape what strings hold.
        interpreter.set_input_term(json.dumps(facts.model_dump(mode="json")))
        answer = interpreter.query(_QUERY)
    except (engine.RegoError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise SchemaError(f"policies ({', '.join(p.name for p in named)}): {reason}") from error
    if not answer.ok() or not answer.results or not answer.results[0].expressions:
        raise SchemaError(f"policies: {_QUERY} has no answer: {' '.join(str(answer).split())}")
    return sorted(Denial(one["rule"], one["what"]) for one in answer.results[0].expressions[0])


def held_to_policies(facts: BundleFacts, source: str) -> str:
    """Hold a bundle to the policies, and say in words who judged.

    Args:
        facts: of the bundle; source: what an error calls it.

    Raises:
        SchemaError: the first rule that it breaks, and how many others.
    """
    engine = rego_engine()
    if engine is None:
        return "by the validator alone: no Rego engine here (pip install 'spectramind[policy]')"
    files = policy_files()
    found = denials(facts, engine, files)
    if found:
        others = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise SchemaError(
            f"{source}: the policies deny it: {found[0].rule}: {found[0].what}{others}"
        )
    return f"by the validator and {', '.join(path.name for path in files)}"
