"""How answers leave: as JSON of the contract, as CSV, and how refusals are documented."""

from typing import Any

from pydantic import BaseModel
from starlette.responses import Response

from spectramind.server.answers import Problem

# Of every route; for the OpenAPI document.
REFUSALS: dict[int | str, dict[str, Any]] = {
    401: {"model": Problem, "description": "without the token"},
    404: {"model": Problem, "description": "what the address names is not there"},
    422: {"model": Problem, "description": "a parameter means nothing"},
    503: {"model": Problem, "description": "a file cannot be read now"},
}
# Beside a stream of events a refusal is JSON all the same.
OF_STREAM: dict[int | str, dict[str, Any]] = {
    status: {
        "description": told["description"],
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status, told in REFUSALS.items()
}
CSV: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "CSV"}
}


def as_json(answer: BaseModel | list[Any]) -> Response:
    """An answer, or a list of them; NaN and infinities are null."""
    if isinstance(answer, BaseModel):
        return Response(answer.model_dump_json(), media_type="application/json")
    body = ",".join(one.model_dump_json() for one in answer)
    return Response(f"[{body}]", media_type="application/json")


def as_download(text: str, name: str) -> Response:
    """A CSV file."""
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(text, media_type="text/csv", headers=headers)
