"""The page's skeleton: what is embedded cannot break out, what is absent is named."""

import gzip
import json
import re
from base64 import b64decode

import pytest

from spectramind.plotting.document import (
    AbsentPart,
    PagePart,
    PlanetPages,
    absent_lines,
    document,
    embedded,
    lead,
    place,
)


def test_embedded_json_refuses_nan_and_hides_markup() -> None:
    assert embedded({"a": "<&>"}) == '{"a":"\\u003c\\u0026\\u003e"}'
    with pytest.raises(ValueError, match="JSON"):
        embedded([float("nan")])


def test_parts_stand_in_order_and_the_absent_last() -> None:
    figure = {"data": [], "layout": {"height": 7}}
    parts = [
        PagePart("one", "One", place("a", False), {"a": figure}),
        AbsentPart("<two>", "train", "no & label"),
        PagePart("three", "Three", lead("1 < 2")),
        AbsentPart("four", "score"),
    ]
    page = document("<t>", {"k": "<v>"}, parts)
    visible, scripts = page.split('<script type="application/json"', 1)
    assert visible.index('<section id="one">') < visible.index('<section id="three">')
    absent = visible.split('<section id="absent">')[1]
    assert "<li>&lt;two&gt;: no &amp; label: <code>spectramind train</code></li>" in absent
    assert "<li>four: <code>spectramind score</code></li>" in absent
    assert '<figure id="a" class="plot half"></figure>' in visible
    assert "1 &lt; 2" in visible
    assert "<title>&lt;t&gt;</title>" in visible
    assert scripts.startswith(' data-figure="a">{"data":[],"layout":{"height":7}}</script>')


def test_nothing_absent_is_not_spoken_of() -> None:
    assert "Not in this report" not in document("t", {}, [PagePart("a", "A", "")])


def test_a_figure_called_like_a_section_is_refused() -> None:
    part = PagePart("same", "Title", place("same"), {"same": {"data": [], "layout": {}}})
    with pytest.raises(ValueError, match="same"):
        document("page", {}, [part])


def test_chapters_stand_above_their_sections_and_planets_behind() -> None:
    parts = [PagePart("a", "A", "", chapter="First & last"), PagePart("b", "B", "", chapter="Next")]
    page = document("t", {}, parts, planets=PlanetPages((), {"7<": {"note": "x" * 30_000}}))
    visible, scripts = page.split('<script type="application/', 1)
    assert '<a href="#chapter-first-last">First &amp; last</a>' in visible
    head = visible.index('<h2 id="chapter-next" class="chapter">Next</h2>')
    assert head < visible.index('<section id="b"><h3>B</h3>')
    found = re.match(r'gzip" data-planet="7&lt;">(.*?)</script>', scripts)
    assert found
    assert json.loads(gzip.decompress(b64decode(found[1]))) == {"note": "x" * 30_000}


def test_what_one_command_brings_is_told_once() -> None:
    missing = [AbsentPart("a", "score"), AbsentPart("b", "train", "x"), AbsentPart("c", "score")]
    assert absent_lines(missing) == [
        "not in it: a; c: spectramind score",
        "not in it: b (x): spectramind train",
    ]
