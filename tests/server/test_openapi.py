"""The OpenAPI document: the committed one is that of the code, and the server keeps to it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from spectramind.server.openapi import document_text

KEPT = Path(__file__).parents[2] / "web" / "openapi.json"


def test_the_committed_document_is_the_codes() -> None:
    assert KEPT.read_text(encoding="utf-8") == document_text(), (
        "web/openapi.json is stale: python -m spectramind.server.openapi > web/openapi.json"
    )


def test_it_prints_the_same_every_time() -> None:
    command = [sys.executable, "-m", "spectramind.server.openapi"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert printed == document_text()


def test_every_answer_and_refusal_is_described() -> None:
    document = json.loads(document_text())
    assert len(document["paths"]) == 15
    for path, methods in document["paths"].items():
        assert set(methods) == {"get"}, path
        answers = methods["get"]["responses"]
        assert {"200", "401", "404", "422", "503"} == set(answers)
        for status in ("401", "404", "422", "503"):
            schema = answers[status]["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Problem"}
    stream = document["paths"]["/api/changes"]["get"]["responses"]["200"]["content"]
    assert set(stream) == {"text/event-stream"}
    assert "Changes" in document["components"]["schemas"]  # what its data lines hold


def test_nothing_that_the_document_allows_breaks_the_server(client: Any) -> None:
    """Answers have a documented status, content type and shape; none is a 5xx."""
    document = json.loads(document_text())
    del document["paths"]["/api/changes"]  # it never ends
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=f"http://127.0.0.1:{client.port}")
    asked = 0

    for operation in (found.ok() for found in schema.get_all_operations()):

        @settings(
            max_examples=8,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            nonlocal asked
            answer = case.call(headers={"Cookie": client.cookie}, allow_redirects=False)
            assert answer.status_code < 500, (case.formatted_path, answer.text)
            asked += 1
            case.validate_response(answer, excluded_checks=[positive_data_acceptance])

        ask()
    assert asked > 60


@pytest.mark.parametrize("name", ["demo", "..", "%2e%2e", "x" * 300, "\u202e", "'; drop", "<b>"])
def test_odd_names_are_only_names(client: Any, name: str) -> None:
    from urllib.parse import quote

    for path in (f"/api/folders/{quote(name)}", f"/api/folders/predicted/planets/{quote(name)}"):
        assert client.ask(path).status in (404, 422)
