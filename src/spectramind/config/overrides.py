"""Overrides as a user types them, made into overrides as Hydra's grammar wants them."""

import re

from spectramind.config.aliases import real_key, real_value

# Config keys are Latin; the doctrine prints some of them in Greek.
_GREEK = {
    "λ": "lambda",
    "τ": "tau",
    "σ": "sigma",
    "α": "alpha",
    "μ": "mu",
    "β": "beta",
    "γ": "gamma",
    "ε": "epsilon",
}


def normalise(override: str) -> str:
    """Return the override with its key in the tree's own spelling.

    Greek letters become Latin words; ``+`` is dropped, because unknown keys are refused anyway and
    every known key exists; an alias becomes what it stands for (``aliases``).
    """
    key, equals, value = override.partition("=")
    key = key.removeprefix("+").removeprefix("+")
    for letter, word in _GREEK.items():
        key = key.replace(letter, word)
    key = real_key(key)
    return f"{key}{equals}{real_value(key, value)}"


def quoted(key: str, value: object) -> str:
    """Write ``key=value`` with the value as a quoted string, whatever characters it holds.

    In Hydra's grammar a backslash means itself except before a quote, where it must be doubled.
    """
    text = re.sub(r'(\\*)("|\Z)', lambda m: m[1] * 2 + (r"\"" if m[2] else ""), str(value))
    return f'{key}="{text}"'
