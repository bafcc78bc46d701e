"""What panels draw with, beside what the front end's renderer declares (web/src/figure)."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spectramind.diagnostics.page import build_page
from spectramind.diagnostics.report_data import ReportData
from spectramind.physics.line_list import Lines

Make = Callable[..., ReportData]
SUPPORTED = json.loads(
    (Path(__file__).parents[2] / "web" / "src" / "figure" / "supported.json").read_text()
)
OPAQUE = {"meta", "customdata"}  # data, not schema


def leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Key paths of nested dicts, lists of dicts as ``[]``, axes without their numbers."""
    if path.rsplit(".", 1)[-1] in OPAQUE:
        yield path, None
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for one in value:
            yield from leaves(one, f"{path}[]")
    elif isinstance(value, dict):
        for key, inner in value.items():
            name = re.sub(r"^([xy]axis)\d+$", r"\1", key)
            yield from leaves(inner, f"{path}.{name}" if path else name)
    else:
        yield path, value


def unsupported(figure: dict[str, Any]) -> set[str]:
    """What ``check.ts`` would refuse."""
    parts = [("layout", SUPPORTED["layout"], figure["layout"])]
    found = set()
    for trace in figure["data"]:
        if trace["type"] in SUPPORTED["traces"]:
            parts.append((trace["type"], SUPPORTED["traces"][trace["type"]], trace))
        else:
            found.add(f"trace type {trace['type']}")
    for kind, known, part in parts:
        for path, value in leaves(part, ""):
            allowed = SUPPORTED["values"].get(f"{kind}.{path}")
            given = value if isinstance(value, list) else [value]
            if path not in known:
                found.add(f"{kind}.{path}")
            elif allowed and any(one is not None and one not in allowed for one in given):
                found.add(f"{kind}.{path} = {value!r}")
    return found


@pytest.fixture
def drawn(make_report: Make) -> dict[str, dict[str, Any]]:
    """Every figure of the report page and of planets' pages, their series' keys filled in."""
    lines = {"co": Lines(np.array([4300.0]), np.array([1e-22]))}
    page = build_page(make_report(lines=lines), max_planets=20, worst_planets=5)
    figures = {name: fig for body in page.bodies for name, fig in body.figures.items()}
    for planet in page.planets.values():
        for name, series in planet["series"].items():
            # "half" makes a ring of y: it is no key of a trace.
            data = [
                trace | {k: v for k, v in series.get(trace.get("meta"), {}).items() if k != "half"}
                for trace in figures[name]["data"]
            ]
            figures[name] = figures[name] | {"data": data}
    return figures


def test_the_renderer_knows_all_that_panels_draw_with(drawn: dict[str, dict[str, Any]]) -> None:
    assert len(drawn) > 50
    problems = {name: unsupported(figure) for name, figure in drawn.items()}
    assert {name: found for name, found in problems.items() if found} == {}


def test_what_the_renderer_does_not_know_is_told() -> None:
    figure = {"data": [{"type": "violin"}, {"type": "bar", "mode": "x"}], "layout": {"polar": 1}}
    assert unsupported(figure) == {"trace type violin", "bar.mode", "layout.polar"}
