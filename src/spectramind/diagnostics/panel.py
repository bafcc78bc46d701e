"""What a panel is: the data it takes from a report, and how it draws them."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from spectramind.diagnostics.report_data import ReportData
from spectramind.diagnostics.statistics import Scored, choose_planets, scored
from spectramind.diagnostics.topics import TOPIC
from spectramind.plotting.document import AbsentPart, PagePart, lead
from spectramind.plotting.molecule_strip import sticks_of
from spectramind.plotting.plot import Figure

log = logging.getLogger("spectramind")

# A panel's data: text, numbers, None, and lists and mappings of these. NaN and infinities are None.
Values = dict[str, Any]


@dataclass(frozen=True)
class ReportContext:
    """A report and which of its planets have pages.

    Attributes:
        data: the report.
        max_planets: planets to choose from; the statistics use all.
        worst_planets: rows of the table of worst planets; these can be chosen, too.
    """

    data: ReportData
    max_planets: int
    worst_planets: int

    @property
    def worst(self) -> int:
        """Worst planets that can be chosen."""
        return min(self.worst_planets, self.max_planets)

    @cached_property
    def rows(self) -> NDArray[np.intp]:
        """Rows of the planets to choose from, ascending."""
        return choose_planets(self.data, self.max_planets, self.worst)

    def kept(self, topic: str) -> "Values | Lack":
        """What the computation of ``diagnose TOPIC`` found, or why there is nothing of it."""
        found = self.data.stored.get(topic)
        if found is None:
            return Lack(self.data.problems.get(f"stored.{topic}", ""))
        return dict(found)

    @cached_property
    def sticks(self) -> dict[str, list[float]]:
        """The line list's sticks for the strip below spectra, by gas; empty without a list."""
        return sticks_of(self.data.lines)

    @cached_property
    def score(self) -> Scored | None:
        """The planets whose truth is known; None without any."""
        return scored(self.data)


@dataclass(frozen=True)
class Lack:
    """Why a report has not what a panel needs.

    Attributes:
        reason: for people; empty: it was not made yet.
        command: what brings it, where that is not the panel's own command.
    """

    reason: str = ""
    command: str = ""


@dataclass(frozen=True)
class PanelBody:
    """What a panel draws.

    Attributes:
        html: tables, and places of figures.
        note: what its data say of themselves, after the panel's own sentence.
        figures: by the name of their place.
        tables: rows that are also written as CSV beside the page, by the file's name.
        brief: rows for a terminal: few, of at most six short columns whose keys are their titles.
        verdict: in plain words what the panel found, None where it judges nothing; the report's
            first screen gathers them.
    """

    html: str
    note: str = ""
    figures: Mapping[str, Figure] = field(default_factory=dict)
    tables: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    brief: Sequence[Mapping[str, Any]] = ()
    verdict: "PlainWords | None" = None


@dataclass(frozen=True)
class PlainWords:
    """What a panel found, in plain words.

    Attributes:
        level: how bad it is.
        text: one sentence that a newcomer understands, with its number.
    """

    level: Literal["good", "look", "bad"]
    text: str


@dataclass(frozen=True)
class PlanetBody:
    """One planet's part of a panel.

    Attributes:
        series: by figure, then by the ``meta`` of its traces: what replaces keys of the trace,
            ``{"x": [...], "y": [...]}``. An ``x`` of "wavelength" is that of the 283 bins,
            "airs" that of the 282 of AIRS; with ``half`` the trace becomes a ring y +- half. A
            trace without ``meta`` stays as it is, one whose series is missing is emptied.
        html: by the name of a ``slot``, what it holds.
    """

    series: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    html: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Panel:
    """One panel of the report page: a file in ``panels/`` holds one, called ``PANEL``.

    A panel with ``planet`` stands on planets' pages: what ``draw`` gives is filled for each.

    Attributes:
        topic: a name of ``topics.TOPICS``, the chapter it stands in.
        anchor: of its section.
        title: its heading.
        needs: what it shows, as the page names it where it is absent.
        command: the ``spectramind`` command that makes what it needs.
        look_for: the one sentence that says what to look for.
        collect: its data out of a report, or what the report lacks.
        draw: its body out of nothing but these data.
        planet: for a row of the report's planets its part, None where there is none.
    """

    topic: str
    anchor: str
    title: str
    needs: str
    command: str
    look_for: str
    collect: Callable[[ReportContext], Values | Lack]
    draw: Callable[[Values], PanelBody]
    planet: Callable[[ReportContext, int], PlanetBody | None] | None = None


@dataclass(frozen=True)
class LaidOut:
    """A panel as it came out: its part of the page, its data and what it drew.

    ``broken``: the panel itself failed; its traceback is in the log.
    """

    panel: Panel
    part: PagePart | AbsentPart
    values: Values | None = None
    body: PanelBody | None = None
    broken: bool = False

    @property
    def sentence(self) -> str:
        """What to look for, and what its data say of themselves."""
        return _sentence(self.panel, self.body)

    @property
    def of_planets(self) -> bool:
        """Whether it stands on planets' pages, to be filled for each."""
        return self.panel.planet is not None and isinstance(self.part, PagePart)


def lay_out(panel: Panel, context: ReportContext) -> LaidOut:
    """A panel's part of the page; never raises, for one panel must not cost all the others."""
    try:
        values = panel.collect(context)
        if isinstance(values, Lack):
            command = values.command or panel.command
            return LaidOut(panel, AbsentPart(panel.needs, command, values.reason))
        body = panel.draw(values)
    except Exception as error:
        log.exception("panel %s failed", panel.anchor)
        reason = f"the panel failed ({type(error).__name__}: {error}); the log says where"
        return LaidOut(panel, AbsentPart(panel.needs, panel.command, reason), broken=True)
    html, chapter = lead(_sentence(panel, body)) + body.html, TOPIC[panel.topic].title
    part = PagePart(panel.anchor, panel.title, html, body.figures, chapter)
    return LaidOut(panel, part, values, body)


def _sentence(panel: Panel, body: PanelBody | None) -> str:
    return f"{panel.look_for} {'' if body is None else body.note}".strip()


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """A panel's rows as a file for others."""
    return pd.DataFrame(rows).to_csv(index=False, float_format="%.6g")


def plain(values: ArrayLike) -> list[Any]:
    """An array as nested lists of numbers, None for NaN and infinities."""
    array = np.asarray(values, dtype=np.float64)
    numbers = array.astype(object)
    numbers[~np.isfinite(array)] = None
    return list(numbers.tolist())
