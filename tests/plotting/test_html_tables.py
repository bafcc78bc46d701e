"""Tables and cards: escaping, dashes for what is not a number, times a person can read."""

import numpy as np
import pytest

from spectramind.plotting import html_tables as tables
from spectramind.plotting.html_tables import Column


@pytest.mark.parametrize(
    ("value", "spec", "text"),
    [
        (None, "", "–"),
        (float("nan"), ".2f", "–"),
        (np.float64("inf"), ".2f", "–"),
        (-1234.5, ",.1f", "−1,234.5"),
        ("<b>", "", "&lt;b&gt;"),
        ("2025-11-20", "", "2025-11-20"),
    ],
)
def test_shown(value: object, spec: str, text: str) -> None:
    assert tables.shown(value, spec) == text


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (None, None),
        (850, "850 ms"),
        (12_340, "12.3 s"),
        (245_000, "4 min 05 s"),
        (59_990, "60.0 s"),
    ],
)
def test_duration(ms: float | None, text: str | None) -> None:
    assert tables.duration(ms) == text


def test_a_column_nobody_fills_is_left_out() -> None:
    html = tables.table([Column("a", "A"), Column("b", "B", ".1f")], [{"a": "x", "b": None}])
    assert "<th>A</th>" in html
    assert "B" not in html


def test_a_numeric_column_takes_text_too() -> None:
    html = tables.table([Column("a", "A", ".1f")], [{"a": "n/a"}, {"a": 2.04}])
    assert '<td class="n">n/a</td>' in html
    assert '<td class="n">2.0</td>' in html


def test_whiskers_stay_on_the_line() -> None:
    html = tables.whiskers([{"name": "m", "score": 0.5, "low": -0.2, "high": 1.4}, {"name": "r"}])
    assert "left:0.00%;width:100.00%" in html
    assert 'class="dot" style="left:50.00%"' in html
    assert html.count('class="dot"') == 1
