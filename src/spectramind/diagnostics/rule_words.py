"""Symbolic rules in plain words, and a colour each."""

from collections.abc import Mapping
from typing import Any

from spectramind.symbolic.violation_log import Severity

# What an entry of the log asks of a spectrum; those of molecules by what is before the mark.
_KEPT = {
    "smoothness": "neighbouring bins change smoothly",
    "nonneg": "no depth is negative",
    "coherence": "a molecule's bands rise and fall together",
    "ratios": "two molecules' bands stand in a possible ratio",
    "seam": "FGS1 and AIRS fit together",
    "quantile_monotonicity": "the ends of the intervals are in order",
    "fft_power": "no ripple over wavelength",
    "asymmetry": "bands have their molecule's shape",
}
TITLES = {
    "sm": "smoothness",
    "nn": "not negative",
    "coh": "coherence",
    "seam": "seam",
    "ratio": "ratios",
    "qm": "interval order",
    "fft": "no ripple",
    "asym": "band shape",
}
# Okabe and Ito's colours, which the colour-blind tell apart.
COLOURS = {
    "sm": "#0072b2",
    "nn": "#882255",
    "coh": "#e69f00",
    "seam": "#f0e442",
    "ratio": "#d55e00",
    "qm": "#999999",
    "fft": "#009e73",
    "asym": "#cc79a7",
}
_ANOTHER = "#56b4e9"
SEVERITY = {Severity.OK: "kept", Severity.WARN: "unusual", Severity.FAIL: "broken"}


def rule_title(name: str) -> str:
    """Of a rule's short name."""
    return TITLES.get(name, name)


def rule_colour(name: str) -> str:
    """Of a rule's short name."""
    return COLOURS.get(name, _ANOTHER)


def kept_words(entry: str) -> str | None:
    """What an entry of the log asks of a spectrum; None for a rule without words here."""
    return _KEPT.get(entry.split(":")[0].split(".")[0])


def amount(facts: Mapping[str, Any]) -> str:
    """The number that an entry of the log is about, with its name."""
    for key, words in (("score", "penalty {:.3g}"), ("r", "ratio {:.3g}"), ("count", "{:d} bins")):
        value = facts.get(key)
        if isinstance(value, (int, float)):
            return words.format(value)
    return ""
