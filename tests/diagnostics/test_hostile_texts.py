"""No text that a page shows becomes markup: every string of the data is hostile here."""

import gzip
import json
import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd
import pytest

from spectramind.diagnostics.page import build_page
from spectramind.diagnostics.report_data import ReportData
from spectramind.plotting.document import AbsentPart, PagePart, document
from spectramind.simulation.audit.audit_figures import STAR_COLUMNS
from spectramind.simulation.audit.audit_page import SimulationReport, build_simulation_page
from spectramind.simulation.audit.expectations import RangeComparison

EVIL = '</script></title><evil onclick="x()">&<img src=x onerror=y()>'
# Where a string is a name that the code itself gives: an estimator, a step, a status.
OURS = {"estimates", "light_curves", "stored", "problems", "planet_ids"}


class Markup(HTMLParser):
    """Every tag and attribute of HTML, scripts left out."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.feed(re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]


def assert_inert(html: str) -> None:
    """No tag of ``EVIL`` is one, in the page or in what it puts into itself later."""
    texts = [html]
    for form, text in re.findall(
        r'<script type="application/(\w+)" data-planet=".*?">(.*?)</script>', html, re.DOTALL
    ):
        plain = text if form == "json" else gzip.decompress(b64decode(text)).decode()
        texts += list(json.loads(plain).get("html", {}).values())
    for text in texts:
        found = Markup(text)
        assert "evil" not in found.tags
        assert "img" not in found.tags
        assert not {"onclick", "onerror"} & set(found.attributes)


def hostile(value: Any) -> Any:
    """The same with ``EVIL`` in every string; keys and what is no string stay."""
    if isinstance(value, str):
        return value + EVIL
    if isinstance(value, Mapping):
        return {key: hostile(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(hostile(inner) for inner in value)
    if is_dataclass(value) and not isinstance(value, type):
        names = [f.name for f in fields(value) if f.name not in OURS]
        return replace(value, **{name: hostile(getattr(value, name)) for name in names})
    return value


def test_every_string_of_the_report_is_hostile(make_report: Callable[..., ReportData]) -> None:
    data = make_report(n=6)
    ids = tuple(one + EVIL for one in data.planet_ids)
    curves = {one + EVIL: curve for one, curve in data.light_curves.items()}
    evil = replace(
        hostile(data),
        planet_ids=ids,
        light_curves=curves,
        problems={"light_curves": EVIL, "corel": EVIL, "history": EVIL},
    )
    page = build_page(evil, max_planets=6, worst_planets=3).html
    assert page.count("&lt;evil") > 20  # they are shown, as text
    assert_inert(page)


def test_the_check_sees_what_it_must() -> None:
    with pytest.raises(AssertionError):
        assert_inert(document("t", {}, [PagePart("a", "b", EVIL)]))


def test_missing_parts_and_provenance_are_text() -> None:
    assert_inert(document(EVIL, {EVIL: EVIL}, [AbsentPart(EVIL, EVIL, EVIL)]))


def test_simulation_page_is_inert() -> None:
    columns = {key: [1.0] for key in STAR_COLUMNS}
    stars = pd.DataFrame({"planet_id": [EVIL], **columns, EVIL: [2.0]})
    depths = {"simulated": np.full((2, 283), 0.01), "real": np.full((2, 283), 0.02)}
    rows = [RangeComparison(EVIL, 1.0, None, 0.0, 2.0, EVIL, EVIL)]
    tables = {"simulated": stars}
    page = build_simulation_page(SimulationReport({EVIL: EVIL}, rows, rows, {}, {}, depths, tables))
    assert page.count("&lt;evil") > 5
    assert_inert(page)
