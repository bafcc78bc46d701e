"""The first screen: is this run good, and what is wrong with it, in words."""

from collections.abc import Sequence
from html import escape

from spectramind.diagnostics.panel import LaidOut, PlainWords

_ORDER = {"bad": 0, "look": 1, "good": 2}
_MARK = {"bad": "✕", "look": "!", "good": "✓"}
_SAYS = {"bad": "wrong", "look": "worth a look", "good": "good"}


def first_screen(panels: Sequence[LaidOut]) -> str:
    """What the panels found, the worst first, each with a link to its panel; empty without any."""
    found = verdicts(panels)
    if not found:
        return ""
    first = [_item(words, one) for words, one in found if words.level != "good" or _always(one)]
    others = [
        _item(words, one) for words, one in found if words.level == "good" and not _always(one)
    ]
    more = f"{len(others)} more things were looked at and are good"
    folded = f"<details><summary>{more}</summary>{_list(others)}</details>" if others else ""
    head = escape(headline([words for words, _ in found]))
    return (
        f'<section id="verdict" class="{found[0][0].level}"><h2>{head}</h2>'
        f"{_list(first)}{folded}</section>"
    )


def verdicts(panels: Sequence[LaidOut]) -> list[tuple[PlainWords, LaidOut]]:
    """What the panels found and which did, the worst first."""
    found = [(one.body.verdict, one) for one in panels if one.body is not None and one.body.verdict]
    return sorted(found, key=lambda item: _ORDER[item[0].level])


def _always(one: LaidOut) -> bool:
    """How good the run is is said first, whatever it is."""
    return one.panel.anchor == "scores"


def _list(items: Sequence[str]) -> str:
    return f'<ul class="words">{"".join(items)}</ul>'


def headline(words: Sequence[PlainWords]) -> str:
    """Is the run good, in one sentence."""
    levels = [one.level for one in words]
    wrong, look = levels.count("bad"), levels.count("look")
    if wrong:
        return f"{_things(wrong)} wrong with this run" + (f", {look} to look at" if look else "")
    if look:
        return f"Nothing is wrong with this run; {_things(look).lower()} worth a look"
    return "This run is good: nothing stands out"


def _things(count: int) -> str:
    return "One thing is" if count == 1 else f"{count} things are"


def _item(words: PlainWords, one: LaidOut) -> str:
    # A panel of planets' pages has no place on the first one.
    target = "" if one.panel.planet is not None else one.panel.anchor
    more = f' <a href="#{target}">{escape(one.panel.title)}</a>' if target else ""
    mark = f'<span class="mark" title="{_SAYS[words.level]}">{_MARK[words.level]}</span>'
    hidden = f'<span class="unseen">{_SAYS[words.level]}: </span>'
    return f'<li class="{words.level}">{mark}<span>{hidden}{escape(words.text)}{more}</span></li>'
