"""The page of an ablation: one file, every variant in table and figure."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from spectramind.diagnostics.ablation_page import build_ablation_page, differences
from spectramind.evaluation.ablation_rows import AblationRow, AblationTable
from spectramind.evaluation.paired import Difference


def row(name: str, low: float, high: float) -> AblationRow:
    gap = Difference((low + high) / 2, low, high)
    return AblationRow(name, "x=<1>", 0.5, (0.4, 0.6), gap, 1, 0.01, (0.5,))


ROWS = (
    row("base", 0.0, 0.0),
    row("physics alone", -0.02, 0.01),
    row("worse <b>", -0.03, -0.01),
    row("better", 0.01, 0.03),
)
TABLE = AblationTable(ROWS, (1, 2), "test", ("7", "8"), ("gate",), {}, {"grid": "g.yaml"})


def test_every_variant_stands_in_table_and_figure() -> None:
    page = build_ablation_page(TABLE)
    assert "<b>" not in page.partition("<table>")[2].partition("</table>")[0]
    assert page.count("worse &lt;b&gt;") == 1
    held = re.search(r'data-figure="differences">(.*?)</script>', page, re.S)
    assert held is not None
    figure = json.loads(held[1])
    assert {name for trace in figure["data"] for name in trace["y"]} == {r.name for r in ROWS[1:]}
    assert "src=" not in page.partition("<script")[0]
    assert "As the base, not trained: gate." in page


def test_the_best_is_on_top_and_bars_are_the_intervals() -> None:
    figure = differences([ROWS[3], ROWS[2]])
    assert figure["layout"]["yaxis"]["categoryarray"][-1] == "better"
    first = figure["data"][0]
    assert first["name"] == "better"
    assert first["x"][0] + first["error_x"]["array"][0] == 0.03
    assert abs(first["x"][0] - first["error_x"]["arrayminus"][0] - 0.01) < 1e-12


@pytest.mark.browser
def test_the_figure_is_drawn_without_a_complaint(browse: Callable[..., Any]) -> None:
    opened = browse(build_ablation_page(TABLE))
    opened.page.wait_for_selector("#differences .main-svg")
    assert opened.complaints == []
