"""Panels of the report as answers."""

from spectramind.diagnostics.panel import LaidOut
from spectramind.plotting.document import AbsentPart
from spectramind.server.answers import AbsentView, PanelView


def panel_view(one: LaidOut) -> PanelView:
    """A panel as it was laid out."""
    body, part = one.body, one.part
    shown = body is not None and not isinstance(part, AbsentPart)
    return PanelView(
        anchor=one.panel.anchor,
        title=one.panel.title,
        topic=one.panel.topic,
        look_for=one.sentence if shown else one.panel.look_for,
        html=body.html if body is not None and shown else "",
        figures=dict(body.figures) if body is not None and shown else {},
        tables=list(body.tables) if body is not None and shown else [],
        absent=absent_view(part) if isinstance(part, AbsentPart) else None,
    )


def absent_view(part: AbsentPart) -> AbsentView:
    """What is not there, and the command line that brings it."""
    return AbsentView(what=part.what, reason=part.reason, command=f"spectramind {part.command}")
