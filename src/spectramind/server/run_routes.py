"""Addresses of commands: the table, one command, its log, several side by side."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from spectramind.server.answers import Rows, RunRow, RunState
from spectramind.server.mission_control import MissionControl, control_of
from spectramind.server.reply import CSV, REFUSALS, as_download, as_json
from spectramind.server.run_rows import SORTED_BY, Filter, as_csv, run_rows

router = APIRouter(responses=REFUSALS)
Control = Annotated[MissionControl, Depends(control_of)]
Text = Annotated[str, Query(max_length=200)]
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
