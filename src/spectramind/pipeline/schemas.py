"""JSON Schemas under ``schemas/``, exported from the pydantic models.

``python -m spectramind.pipeline.schemas`` writes them anew after a contract has changed.
"""

from collections.abc import Callable
from typing import Any

from spectramind.config.compose import resource_dir
from spectramind.config.root import Config
from spectramind.run.atomic import write_json
from spectramind.run.events import Event, Manifest
from spectramind.run.running import RunningCommand
from spectramind.submission.applied import Applied
from spectramind.submission.dialects import submission_schema
from spectramind.symbolic.violation_log import ViolationLog

SCHEMAS: dict[str, Callable[[], dict[str, Any]]] = {
    "applied.schema.json": Applied.model_json_schema,
    "config.schema.json": Config.model_json_schema,
    "event.schema.json": Event.model_json_schema,
    "manifest.schema.json": Manifest.model_json_schema,
    "progress.schema.json": RunningCommand.model_json_schema,
    "submission.schema.json": submission_schema,
    "violations.schema.json": ViolationLog.model_json_schema,
}


def export() -> None:
    """Write every schema."""
    for name, make in SCHEMAS.items():
        write_json(resource_dir("schemas") / name, make())


if __name__ == "__main__":
    export()
