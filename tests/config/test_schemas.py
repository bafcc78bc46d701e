"""The exported JSON Schemas say what the models say."""

import json

import pytest

from spectramind.config.compose import resource_dir
from spectramind.pipeline.schemas import SCHEMAS


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_schema_file_is_in_step(name: str) -> None:
    kept = json.loads((resource_dir("schemas") / name).read_text(encoding="utf-8"))
    assert kept == SCHEMAS[name](), "run python -m spectramind.pipeline.schemas"


def test_no_schema_file_is_left_over() -> None:
    assert {path.name for path in resource_dir("schemas").glob("*.json")} == set(SCHEMAS)
