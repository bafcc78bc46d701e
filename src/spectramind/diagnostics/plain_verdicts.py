"""Verdicts on score and sigma in plain words, by stated bounds."""

from collections.abc import Mapping, Sequence
from typing import Any

from spectramind.diagnostics.panel import PlainWords
from spectramind.evaluation.group_coverage import AS_EXPECTED, TOO_FEW, WITHIN_1_SIGMA
from spectramind.evaluation.score_tables import ORACLE

# Two scores that are nearer than single precision can make them.
SAME_SCORE = 1e-4
# A share further below what was promised is not a blemish but a sigma that nobody should use.
FAR_BELOW = 0.10
# Share of groups outside their band: chance puts 5 % of them there.
SOME_GROUPS, MANY_GROUPS = 0.10, 0.40
_REFERENCES = ("constant", "box", "lsq")  # must be beaten by whatever deserves its name


def score_words(rows: Sequence[Mapping[str, Any]], planets: int) -> PlainWords | None:
    """The score with its interval, beside physics, simple references and the oracle.

    Bad: no better than a simple reference, or than nothing; to look at: below physics.

    Args:
        rows: estimators, the submitted one first: ``name``, ``score``, ``low``, ``high``.
        planets: with known truth.
    """
    model = rows[0]
    score, low, high = (model.get(key) for key in ("score", "low", "high"))
    if score is None:
        return None
    span = "" if low is None or high is None else f" ({low:.3f} to {high:.3f})"
    words = f"The score is {score:.3f}{span} on {planets} planets"
    others = {str(row.get("name")): row.get("score") for row in rows[1:]}
    known = {name: value for name, value in others.items() if value is not None}
    beaten_by = [name for name in _REFERENCES if known.get(name, -1.0) >= score]
    if score <= 0 or beaten_by:
        than = " and ".join(beaten_by) if beaten_by else "one mean depth for all planets"
        return PlainWords("bad", f"{words}: no better than {than}.")
    best = known.get(ORACLE)
    ceiling = f"; at most about {best:.3f} is in these data" if best and best > score else ""
    physics = known.get("physics")
    if physics is None:
        return PlainWords("good", f"{words}{ceiling}.")
    gap = score - physics
    if abs(gap) < SAME_SCORE:
        same = "; without the network it is the same: no network was kept"
        return PlainWords("good", f"{words}{same}{ceiling}.")
    word = "higher" if gap > 0 else "lower"
    told = f"{words}, {abs(gap):.4f} {word} than physics without the network{ceiling}."
    return PlainWords("good" if gap > 0 else "look", told)


def sigma_words(inside: float, chance: Sequence[float]) -> PlainWords:
    """Whether +-1 sigma holds as much as it should.

    Bad: less than ten points below the 68 % of an honest sigma, beyond chance; to look at: outside
    chance otherwise. Too wide is never bad: it costs score and misleads nobody.

    Args:
        inside: share of values within 1 sigma. chance: low and high end of its band.
    """
    low, high = chance
    words = f"The truth lies inside ±1σ in {inside:.0%} of cases ({WITHIN_1_SIGMA:.0%} expected)"
    return _beside_band(words, inside, WITHIN_1_SIGMA, low, high, "σ")


def interval_words(inside: float, level: float, chance: Sequence[float] | None) -> PlainWords:
    """Whether intervals hold what they promise; bounds as for ``sigma_words``."""
    words = f"The {level:.0%} intervals hold the truth in {inside:.0%} of cases"
    if chance is None:
        return PlainWords("look", f"{words}: what chance allows is not known.")
    low, high = chance
    words += f" (chance gives {low:.0%} to {high:.0%})"
    return _beside_band(words, inside, level, low, high, "they")


def _beside_band(
    words: str, inside: float, expected: float, low: float, high: float, who: str
) -> PlainWords:
    are = "is" if who == "σ" else "are"
    if inside < low:
        level = "bad" if inside < expected - FAR_BELOW else "look"
        told = f"{words}: {who} {are} too {'small' if who == 'σ' else 'narrow'}."
        return PlainWords("bad", told) if level == "bad" else PlainWords("look", told)
    if inside > high:
        return PlainWords("look", f"{words}: {who} {are} too wide.")
    return PlainWords("good", f"{words}: {'about right' if who == 'σ' else 'as promised'}.")


def groups_words(rows: Sequence[Mapping[str, Any]], by: str) -> PlainWords | None:
    """How many groups sigma fails in; None where none is large enough to say.

    To look at: more than a tenth of the groups, bad: more than four tenths.

    Args:
        rows: with ``grouping``, ``group`` and ``reading``. by: what the groups are, plural.
    """
    told = [row for row in rows if row["reading"] != TOO_FEW]
    odd = [row for row in told if row["reading"] != AS_EXPECTED]
    if not told:
        return None
    share = len(odd) / len(told)
    if not odd:
        return PlainWords("good", f"σ holds for all {len(told)} {by}.")
    first = odd[0]
    named = f"{first['group']} {first['grouping']}: {first['reading']}"
    more = f", and {len(odd) - 1} more" if len(odd) > 1 else ""
    words = f"σ is off in {len(odd)} of {len(told)} {by} ({named}{more})."
    if share > MANY_GROUPS:
        return PlainWords("bad", words)
    return PlainWords("look" if share > SOME_GROUPS else "good", words)
