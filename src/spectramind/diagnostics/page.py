"""The report page, put together from its panels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spectramind.diagnostics.panel import LaidOut, PanelBody, PlainWords, ReportContext, lay_out
from spectramind.diagnostics.panels import report_panels
from spectramind.diagnostics.report_data import ReportData
from spectramind.plotting.document import AbsentPart, PagePart, document


@dataclass(frozen=True)
class ReportPage:
    """The page, and what became of its panels, in the page's order."""

    html: str
    panels: tuple[LaidOut, ...]

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
        max_planets: planets to choose from; the statistics use all.
        worst_planets: rows of the table of worst planets.
        topic: a name of ``topics.TOPICS``.
    """
    context = ReportContext(data, max_planets, worst_planets)
    panels = tuple(lay_out(panel, context) for panel in report_panels(topic))
    content = {
        key: value
        for panel in panels
        if panel.body is not None
        for key, value in panel.body.content.items()
    }
    parts = [panel.part for panel in panels]
    return ReportPage(document(data.title, data.provenance, parts, content), panels)
