"""Addresses of commands: the table, one command, its log, several side by side."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import StringConstraints
from starlette.responses import Response

from spectramind.server.answers import (
    Changes,
    Comparison,
    LogLines,
    Rows,
    RunDetail,
    RunRow,
    RunState,
    SpectraTogether,
)
from spectramind.server.change_stream import ChangeStreams, EventStream
from spectramind.server.mission_control import MissionControl, control_of
from spectramind.server.reply import CSV, OF_STREAM, REFUSALS, as_download, as_json
from spectramind.server.run_rows import SORTED_BY, Filter, as_csv, run_rows

router = APIRouter(responses=REFUSALS)
Control = Annotated[MissionControl, Depends(control_of)]
Text = Annotated[str, Query(max_length=200)]
Name = Annotated[str, Path(max_length=200)]
Runs = Annotated[
    list[Annotated[str, StringConstraints(pattern="^.+:.+$", max_length=300)]],
    Query(min_length=1, max_length=20),
]
Page = Annotated[int, Query(ge=1, le=1_000_000)]
Size = Annotated[int, Query(ge=1, le=500)]
Order = Annotated[str, Query(pattern=f"^-?({'|'.join(SORTED_BY)})$")]
_COLUMNS = [name for name in RunRow.model_fields if name != "stages"]


def asked(
    folder: Text = "",
    state: RunState | None = None,
    command: Text = "",
    search: Text = "",
    sort: Order = "-started",
) -> Filter:
    """The filter of an address."""
    return Filter(folder, state or "", command, search, sort)


Asked = Annotated[Filter, Depends(asked)]


@router.get("/runs", response_model=Rows[RunRow])
def runs(control: Control, wanted: Asked, page: Page = 1, size: Size = 50) -> Response:
    """Commands of all work folders, those that run now among them."""
    return as_json(run_rows(_chosen(control, wanted), wanted, page, size))


@router.get("/runs.csv", response_class=Response, responses=CSV)
def runs_csv(control: Control, wanted: Asked) -> Response:
    """The same commands, all of them, as a table."""
    rows = run_rows(_chosen(control, wanted), wanted, 1, 0).rows
    return as_download(as_csv(rows, _COLUMNS), "runs.csv")


def _chosen(control: MissionControl, wanted: Filter) -> Any:
    return [control.folders.named(wanted.folder)] if wanted.folder else control.folders


@router.get("/folders/{folder}/runs/{run_id}", response_model=RunDetail)
def run_by_id(control: Control, folder: Name, run_id: Name) -> Response:
    """One command: what was typed, settings, metrics, files."""
    from spectramind.server.run_details import run_detail

    return as_json(run_detail(control, control.folders.named(folder), run_id))


@router.get("/folders/{folder}/runs/{run_id}/log", response_model=LogLines)
def log_of_run(
    control: Control,
    folder: Name,
    run_id: Name,
    first: Annotated[int | None, Query(ge=0, le=100_000_000)] = None,
    count: Annotated[int, Query(ge=1, le=2000)] = 500,
) -> Response:
    """What the log holds of a command; without ``first`` the end of it."""
    from spectramind.server.run_details import log_lines

    return as_json(log_lines(control.folders.named(folder), run_id, first, count))


@router.get("/compare", response_model=Comparison)
def compare(control: Control, run: Runs) -> Response:
    """Settings, scores and calibration of several commands, each named FOLDER:RUN_ID."""
    from spectramind.server.comparison import comparison

    return as_json(comparison(control, run))


@router.get("/compare/spectra", response_model=SpectraTogether)
def compare_spectra(control: Control, run: Runs, planet: Text) -> Response:
    """A planet's spectra of several commands."""
    from spectramind.server.comparison import spectra_together

    return as_json(spectra_together(control, run, planet))


@router.get("/changes", response_model=Changes, response_class=EventStream, responses=OF_STREAM)
async def changes(request: Request) -> Response:
    """Server-sent events; the connection stays open."""
    streams: ChangeStreams = request.app.state.streams
    return streams.begin()
