"""Planets: the list, and one planet's page with every series in its place."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from spectramind.diagnostics.panel import LaidOut, PlanetBody, ReportContext, lay_out
from spectramind.diagnostics.planet_notes import planet_note
from spectramind.pipeline.report_reader import with_planet
from spectramind.plotting.document import AbsentPart, slot
from spectramind.plotting.filled_figure import fill, shared_arrays
from spectramind.plotting.plot import Figure
from spectramind.server.answers import AbsentView, PanelView, PlanetRow, PlanetView, Rows
from spectramind.server.folder_views import settings_of
from spectramind.server.mission_control import MissionControl
from spectramind.server.panel_views import panel_view
from spectramind.server.planet_books import PlanetBook
from spectramind.server.refusals import NotThereError
from spectramind.server.run_rows import in_order, one_page
from spectramind.server.served_folder import ServedFolder

log = logging.getLogger("spectramind")


def planet_rows(
    control: MissionControl, folder: ServedFolder, search: str, sort: str, page: int, size: int
) -> Rows[PlanetRow]:
    """One page of the planets of a prediction; ``size`` 0 for all."""
    config, unsure = settings_of(control, folder)
    book = control.planets.of(folder, config)
    found = [row for row in sorted_rows(book, sort) if search in row.planet_id]
    return Rows(
        rows=list(one_page(found, page, size)),
        total=len(found),
        page=page,
        size=size or len(found),
        problems=[*([unsure] if unsure else []), *book.problems],
    )


def sorted_rows(book: PlanetBook, sort: str) -> list[PlanetRow]:
    """All planets in an order; of equal ones the prediction's."""
    key = sort.removeprefix("-")
    # An empty doubt is none: like an unknown number it comes last.
    return in_order(list(book.rows.values()), sort, lambda row: _known(getattr(row, key)))


def _known(value: Any) -> Any:
    return None if value == "" else value


def planet_view(
    control: MissionControl, folder: ServedFolder, planet_id: str, sort: str
) -> PlanetView:
    """One planet's page.

    Raises:
        NotThereError: the prediction has no such planet.
    """
    config, _ = settings_of(control, folder)
    book = control.planets.of(folder, config)
    if planet_id not in book.rows:
        raise no_planet(folder, planet_id)
    row = book.ids.index(planet_id)
    visits = book.visits.get(planet_id, ())
    data = with_planet(book.data, config, row, visits)
    context = ReportContext(data, config.diag.max_planets, config.diag.worst_planets)
    order = [one.planet_id for one in sorted_rows(book, sort)]
    at = order.index(planet_id)
    return PlanetView(
        planet_id=planet_id,
        note=planet_note(data, row),
        row=book.rows[planet_id],
        previous=order[at - 1] if at else None,
        next=order[at + 1] if at + 1 < len(order) else None,
        panels=[_panel(one, context, row) for one in book.drawn.values()],
        visits=[visit.name for visit in visits],
    )


def no_planet(folder: ServedFolder, planet_id: str) -> NotThereError:
    """No such planet there."""
    return NotThereError(
        f"no planet {planet_id!r} in the prediction of {folder.name}: open Planets"
    )


def _panel(drawn: LaidOut, context: ReportContext, row: int) -> PanelView:
    """A panel filled for a planet; one that fails says so and costs no other."""
    panel = drawn.panel
    if isinstance(drawn.part, AbsentPart):  # of the whole; the planet's own files may have it
        drawn = lay_out(panel, context)
    view = panel_view(drawn)
    if view.absent is not None or panel.planet is None:
        return view
    try:
        body = panel.planet(context, row)
    except Exception as error:
        log.exception("panel %s failed", panel.anchor)
        return _without(view, f"the panel failed ({error}); the server's terminal says where")
    if body is None:
        return _without(view, "there is nothing of it for this planet")
    return _filled(view, body, shared_arrays(context.data.wavelength_um))


def _without(view: PanelView, reason: str) -> PanelView:
    absent = AbsentView(what=view.title, reason=reason, command="")
    return view.model_copy(update={"html": "", "figures": {}, "tables": [], "absent": absent})


def _filled(view: PanelView, body: PlanetBody, shared: Mapping[str, Sequence[Any]]) -> PanelView:
    figures: dict[str, Figure] = {
        name: fill(figure, body.series.get(name), shared) for name, figure in view.figures.items()
    }
    html = view.html
    for name, text in body.html.items():
        html = html.replace(slot(name), slot(name, text))
    return view.model_copy(update={"html": html, "figures": figures})
