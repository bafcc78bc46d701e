"""Addresses of work folders: the list, one folder, its topics, planets and light curves.

Views are imported when they are first asked for: the table of runs must be there at once.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from spectramind.server.answers import (
    FolderRow,
    FolderView,
    LightCurveWindow,
    PlanetRow,
    PlanetView,
    Rows,
    TopicView,
)
from spectramind.server.mission_control import MissionControl, control_of
from spectramind.server.reply import CSV, REFUSALS, as_download, as_json
from spectramind.server.run_rows import as_csv
from spectramind.server.served_folder import ServedFolder

router = APIRouter(responses=REFUSALS)
Control = Annotated[MissionControl, Depends(control_of)]


def _folder(control: Control, folder: Annotated[str, Path(max_length=200)]) -> ServedFolder:
    return control.folders.named(folder)


Folder = Annotated[ServedFolder, Depends(_folder)]
Name = Annotated[str, Path(max_length=200)]
Text = Annotated[str, Query(max_length=200)]
PageNumber = Annotated[int, Query(ge=1, le=1_000_000)]
Size = Annotated[int, Query(ge=1, le=500)]
PlanetOrder = Annotated[
    str, Query(pattern="^-?(planet_id|score|doubt|violation|sigma_ppm|depth_ppm|visits)$")
]


@router.get("/folders", response_model=list[FolderRow])
def folders(control: Control) -> Response:
    """The work folders that are served."""
    from spectramind.server.folder_views import folder_row

    return as_json([folder_row(control, folder) for folder in control.folders])


@router.get("/folders/{folder}", response_model=FolderView)
def folder_by_name(control: Control, folder: Folder) -> Response:
    """A folder's first screen: is the run good, and what is wrong with it."""
    from spectramind.server.folder_views import folder_view

    return as_json(folder_view(control, folder))


@router.get("/folders/{folder}/topics/{topic}", response_model=TopicView)
def topic_of_folder(control: Control, folder: Folder, topic: Name) -> Response:
    """All panels of a topic."""
    from spectramind.server.folder_views import topic_view

    return as_json(topic_view(control, folder, topic))


@router.get("/folders/{folder}/tables/{name}.csv", response_class=Response, responses=CSV)
def table_of_folder(control: Control, folder: Folder, name: Name) -> Response:
    """The rows behind a panel."""
    from spectramind.server.folder_views import table_csv

    return as_download(table_csv(control, folder, name), f"{name}.csv")


@router.get("/folders/{folder}/planets", response_model=Rows[PlanetRow])
def planets_of_folder(
    control: Control,
    folder: Folder,
    search: Text = "",
    sort: PlanetOrder = "score",
    page: PageNumber = 1,
    size: Size = 50,
) -> Response:
    """The planets of the prediction that stands in a folder."""
    from spectramind.server.planet_views import planet_rows

    return as_json(planet_rows(control, folder, search, sort, page, size))


@router.get("/folders/{folder}/planets.csv", response_class=Response, responses=CSV)
def planets_csv(
    control: Control, folder: Folder, search: Text = "", sort: PlanetOrder = "score"
) -> Response:
    """The same planets, all of them, as a table."""
    from spectramind.server.planet_views import planet_rows

    rows = planet_rows(control, folder, search, sort, 1, 0).rows
    return as_download(as_csv(rows, list(PlanetRow.model_fields)), f"{folder.name}_planets.csv")


@router.get("/folders/{folder}/planets/{planet_id}", response_model=PlanetView)
def planet_of_folder(
    control: Control, folder: Folder, planet_id: Name, sort: PlanetOrder = "score"
) -> Response:
    """One planet's page; previous and next are its neighbours in the order asked for."""
    from spectramind.server.planet_views import planet_view

    return as_json(planet_view(control, folder, planet_id, sort))


Hours = Annotated[float | None, Query(ge=-1e6, le=1e6, allow_inf_nan=False)]


@router.get("/folders/{folder}/planets/{planet_id}/light-curve", response_model=LightCurveWindow)
def light_curve_of_planet(
    control: Control,
    folder: Folder,
    planet_id: Name,
    visit: Text = "",
    detector: Literal["fgs1", "airs"] = "fgs1",
    start_h: Hours = None,
    end_h: Hours = None,
    points: Annotated[int, Query(ge=2, le=2000)] = 800,
) -> Response:
    """A window of a visit's white light curve; at full cadence where it holds few samples."""
    from spectramind.server.light_curve_window import Asked, light_curve_window

    asked = Asked(visit, detector, start_h, end_h, points)
    return as_json(light_curve_window(control, folder, planet_id, asked))
