"""The report page, put together from its panels."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spectramind.diagnostics.first_screen import first_screen
from spectramind.diagnostics.panel import (
    LaidOut,
    PanelBody,
    PlainWords,
    PlanetBody,
    ReportContext,
    lay_out,
)
from spectramind.diagnostics.panels import report_panels
from spectramind.diagnostics.planet_notes import planet_note
from spectramind.diagnostics.report_data import ReportData
from spectramind.plotting.document import AbsentPart, PagePart, PlanetPages, document
from spectramind.plotting.filled_figure import shared_arrays

log = logging.getLogger("spectramind")


@dataclass(frozen=True)
class ReportPage:
    """The page, and what became of its panels, in the page's order.

    Attributes:
        html: all of it.
        panels: laid out.
        planets: by planet: ``note``, ``series`` by figure, ``html`` by slot.
        failures: parts of planets' pages that failed; the log has the tracebacks.
    """

    html: str
    panels: tuple[LaidOut, ...]
    planets: Mapping[str, Mapping[str, Any]]
    failures: tuple[str, ...]

    @property
    def shown(self) -> tuple[str, ...]:
        """Titles of the panels in the page."""
        return tuple(p.part.title for p in self.panels if isinstance(p.part, PagePart))

    @property
    def absent(self) -> tuple[AbsentPart, ...]:
        """What is not in the page, and the commands that would bring it."""
        return tuple(p.part for p in self.panels if isinstance(p.part, AbsentPart))

    @property
    def tables(self) -> dict[str, Sequence[Mapping[str, Any]]]:
        """Rows of the files beside the page, by name."""
        return {name: rows for body in self.bodies for name, rows in body.tables.items()}

    @property
    def bodies(self) -> list[PanelBody]:
        """What the panels in the page drew."""
        return [panel.body for panel in self.panels if panel.body is not None]

    @property
    def verdicts(self) -> tuple[PlainWords, ...]:
        """What its panels found, in words."""
        return tuple(body.verdict for body in self.bodies if body.verdict is not None)


def build_page(
    data: ReportData, *, max_planets: int, worst_planets: int, topic: str = ""
) -> ReportPage:
    """Build the page of all topics, or of one.

    Args:
        data: what to show; a panel whose data it lacks is left out and listed at the page's end.
        max_planets: planets that get a page of their own; the statistics use all.
        worst_planets: rows of the table of worst planets.
        topic: a name of ``topics.TOPICS``.
    """
    context = ReportContext(data, max_planets, worst_planets)
    panels = tuple(lay_out(panel, context) for panel in report_panels(topic))
    pages, failures = _planet_pages(context, panels)
    html = document(
        data.title,
        data.provenance,
        [one.part for one in panels if not one.of_planets],
        opening=first_screen(panels),
        planets=pages,
    )
    return ReportPage(html, panels, pages.chunks, failures)


def _planet_pages(
    context: ReportContext, panels: Sequence[LaidOut]
) -> tuple[PlanetPages, tuple[str, ...]]:
    """Pages of the planets to choose from; what of them failed."""
    here = [one for one in panels if one.of_planets]
    chunks: dict[str, dict[str, Any]] = {}
    failures = []
    for row in context.rows.tolist() if here else []:
        planet_id = context.data.planet_ids[row]
        series: dict[str, Any] = {}
        html: dict[str, str] = {}
        for one in here:
            try:
                body = _body(one, context, row)
            except Exception as error:
                log.exception("panel %s failed for planet %s", one.panel.anchor, planet_id)
                failures.append(f"{one.panel.needs} of planet {planet_id}: {error}")
                continue
            series |= body.series
            html |= body.html
        note = planet_note(context.data, row)
        chunks[planet_id] = {"note": note, "series": series, "html": html}
    shared = shared_arrays(context.data.wavelength_um)
    parts = [one.part for one in here if isinstance(one.part, PagePart)]
    return PlanetPages(parts, chunks, shared), tuple(failures)


def _body(one: LaidOut, context: ReportContext, row: int) -> PlanetBody:
    found = one.panel.planet(context, row) if one.panel.planet is not None else None
    return found or PlanetBody()
