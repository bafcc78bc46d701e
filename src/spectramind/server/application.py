"""The application: routes behind the guard."""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from spectramind.errors import SpectraMindError
from spectramind.server import folder_routes, run_routes
from spectramind.server.built_pages import STATIC, built_page
from spectramind.server.change_stream import ChangeStreams
from spectramind.server.guard import Guard
from spectramind.server.mission_control import MissionControl
from spectramind.server.refusals import NotThereError, RefusalError

log = logging.getLogger("spectramind")


def build_app(folders: Sequence[Path], token: str, port: int, static: Path = STATIC) -> ASGIApp:
    """What answers for these work folders, behind the guard.

    Args:
        folders: the work folders; one that is not there yet is shown as that.
        token: who knows it may look. port: where the server listens, for the names it answers to.
        static: the built front end.
    """
    return Guard(application(MissionControl(folders), static), token, port)


def application(control: MissionControl, static: Path = STATIC) -> FastAPI:
    """The routes alone."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        with control.working():
            yield

    app = FastAPI(
        title="SpectraMind mission control",
        version="1",
        openapi_url=None,  # `python -m spectramind.server.openapi` prints it
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        generate_unique_id_function=_own_name,
    )
    app.state.control = control
    app.state.static = static
    app.state.streams = ChangeStreams(control)
    app.include_router(run_routes.router, prefix="/api")
    app.include_router(folder_routes.router, prefix="/api")
    app.get("/{address:path}", include_in_schema=False)(_page)
    app.exception_handler(RefusalError)(_refused)
    app.exception_handler(SpectraMindError)(_unreadable)
    app.exception_handler(OSError)(_unreadable)
    app.exception_handler(RequestValidationError)(_not_understood)
    app.exception_handler(HTTPException)(_of_http)
    return app


def _own_name(route: APIRoute) -> str:
    return route.name


def _page(address: str, request: Request) -> Response:
    if address == "api" or address.startswith("api/"):
        raise NotThereError(f"no such address: /{address}")
    return built_page(address, request.app.state.static)


def _told(status: int, sentence: str) -> Response:
    return JSONResponse({"detail": sentence.encode("utf-8", "replace").decode()}, status)


def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, RefusalError)
    return _told(error.status, error.sentence)


def _unreadable(_: Request, error: Exception) -> Response:
    """A file that is broken, or was replaced or removed while it was read."""
    return _told(503, " ".join(str(error).split()))


def _not_understood(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:]) or "the address"
    return _told(422, f"{where}: {first['msg']}")


def _of_http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _told(error.status_code, str(error.detail))
