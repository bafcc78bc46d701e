"""The contracts of the run record: one event a command, one manifest a work folder."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

# JSON has no NaN: it is written as null, and read as what it was.
Number = Annotated[float, BeforeValidator(lambda value: float("nan") if value is None else value)]


class Event(BaseModel):
    """One line of ``events.jsonl``."""

    model_config = ConfigDict(extra="forbid")

    ts: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
    run_id: str
    cmd: str
    args: dict[str, Any]
    git_sha: Annotated[str, Field(pattern=r"^[0-9a-f]{7,}$")] | None
    cfg_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{8}$")] | None
    science_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{8}$")] | None
    env: dict[str, str]
    seed: int | None
    artifacts: list[str]
    metrics: dict[str, Number]
    duration_ms: Annotated[int, Field(ge=0)]
    status: Literal["ok", "warn", "fail"]
    message: str | None


class Manifest(BaseModel):
    """``run_hash_summary_v50.json``: the last successful run of each command in a work folder."""

    model_config = ConfigDict(extra="forbid")

    commands: dict[str, "ManifestEntry"]


class ManifestEntry(BaseModel):
    """Everything needed to say where an artifact comes from.

    ``science_hash`` is None in manifests written before there was one.
    """

    model_config = ConfigDict(extra="forbid")

    ts: str
    run_id: str
    git_sha: str | None
    cfg_hash: str
    science_hash: str | None = None
    data_hash: str | None
    seed: int
    env: dict[str, str]
    artifacts: dict[str, str]
