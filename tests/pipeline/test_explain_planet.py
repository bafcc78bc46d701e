"""explain: a planet's page as text, and a language model's words where one answers."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

import spectramind.api as sm
from spectramind.config.compose import compose
from spectramind.contracts.predictive import SUBMITTED, Intervals, Predictive
from spectramind.contracts.spectra import Spectra
from spectramind.contracts.work_folder import WorkFolder
from spectramind.diagnostics.stored_topic import store
from spectramind.errors import ConfigError, SchemaError
from spectramind.pipeline.explain_planet import PlanetExplained
from spectramind.pipeline.topic_makers import made_from
from spectramind.prior.atmospheres import atmosphere_spectra

Run = Callable[..., int]
PARTS = {
    "level_ppm": 12000.0,
    "lifted_ppm": 3.0,
    "prior_of_level": 0.01,
    "prior_of_shape": 0.4,
    "first": "shapes of 50 ppm",
    "patchy": 0.07,
    "by_band_ppm": {"measured fgs1": [1.0, 2.5], "μ less level": [None, -7.5]},
}


class FakeOllama(BaseHTTPRequestHandler):
    """Answers what it is told to, and keeps what it was asked."""

    answer: ClassVar[tuple[int, dict[str, str], bytes]]
    asked: ClassVar[list[tuple[str, Any]]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append((self.path, json.loads(body)))
        status, headers, told = self.answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    FakeOllama.asked = []
    FakeOllama.answer = (200, {}, json.dumps({"response": "A \x1b[31mhot\nplanet."}).encode())
    with HTTPServer(("127.0.0.1", 0), FakeOllama) as held:
        thread = threading.Thread(target=held.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{held.server_port}"
        held.shutdown()
        thread.join()


@pytest.fixture
def work(tmp_path: Path) -> list[str]:
    """Two predicted planets, the second one noisy; nothing judged, nothing taken apart."""
    settings = [f"data.raw={tmp_path / 'raw'}", f"paths.work={tmp_path / 'work'}"]
    mu = atmosphere_spectra(2).copy()
    mu[1] += 2e-4 * np.random.default_rng(3).normal(size=283)
    sigma = np.full(mu.shape, 3e-5)
    found = Predictive(Spectra(("101", "102"), mu, sigma), Intervals(0.9, 2 * sigma))
    found.save(WorkFolder(compose(settings).paths).prediction(SUBMITTED))
    return [*settings, "explain.url=http://127.0.0.1:9"]  # where nobody answers


def explained(work: list[str], planet: str = "102") -> PlanetExplained:
    found = sm.open(*work)("explain", planet=planet)
    assert isinstance(found, PlanetExplained)
    return found


def test_without_a_model_the_text_is_what_there_is(
    work: list[str], spectramind: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert spectramind("explain", "102", *work) == 0
    shown = capsys.readouterr().out
    mu = Predictive.load(WorkFolder(compose(work).paths).prediction(SUBMITTED)).spectra.mu[1]
    assert f"FGS1 (0.60 to 0.80 um): {1e6 * mu[0]:.1f} +- 30.0" in shown
    assert "90% intervals: +- 60.0 in the median AIRS bin" in shown
    for region in ("h2o", "co2", "ch4", "between bands"):
        assert f"  {region}: " in shown
    assert "Not known: what the rules say: run `spectramind audit` first" in shown
    assert "run `spectramind diagnose explain` first" in shown
    assert "no language model answers at http://127.0.0.1:9" in shown


def test_rules_and_what_made_the_depths_are_told_where_known(work: list[str]) -> None:
    sm.open(*work)("audit")
    config = compose(work)
    values = {"planets": {"102": PARTS}, "bands": {"fgs1": [0, 0], "h2o": [70, 140]}}
    path = WorkFolder(config.paths).diagnostics.stored("explain")
    store(path, values, made_from(config, "explain"))
    text = explained(work).text
    assert "Physical rules: fail" in text
    assert "smoothness: fail" in text
    assert "What made the depths: level 12000.0" in text
    assert "measured fgs1: 1.0, 2.5" in text
    assert "μ less level: -, -7.5" in text
    # of another prediction neither holds
    folder = WorkFolder(config.paths)
    Predictive.load(folder.prediction(SUBMITTED)).select(["102"]).save(folder.prediction(SUBMITTED))
    text = explained(work).text
    assert "Physical rules" not in text
    assert "audit judged another prediction" in text
    assert "made from another prediction" in text


def test_the_model_gets_the_text_and_its_words_are_shown(work: list[str], server: str) -> None:
    asked = [*work, f"explain.url={server}/", "explain.model=tiny"]
    found = explained(asked)
    assert found.words == "A [31mhot\nplanet."
    assert "In the words of tiny, which may err" in found.report()[1]
    ((path, body),) = FakeOllama.asked
    assert path == "/api/generate"
    assert (body["model"], body["stream"]) == ("tiny", False)
    assert body["prompt"].endswith(found.text)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((404, {}, b'{"error": "model \'tiny\' not found"}'), "404 model 'tiny' not found"),
        ((500, {}, b"<html>"), "500 Internal Server Error"),
        ((200, {}, b"<html>"), "is not Ollama's"),
        ((200, {}, b'{"response": " "}'), "empty"),
        ((200, {}, b'{"response": "' + b"a" * (1 << 20) + b'"}'), "longer than"),
        ((302, {"Location": "http://example.org/"}, b""), "wants to redirect"),
    ],
)
def test_other_answers_are_none(
    work: list[str], server: str, answer: tuple[int, dict[str, str], bytes], said: str
) -> None:
    FakeOllama.answer = answer
    found = explained([*work, f"explain.url={server}"])
    assert found.words == ""
    assert said in found.model
    assert found.text in found.report()[0]


def test_proxies_are_not_asked(
    work: list[str], server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server)
    assert explained(work).words == ""
    assert FakeOllama.asked == []


@pytest.mark.parametrize(
    "url", ["http://10.0.0.7:11434", "http://localhost.example.org", "http://127.0.0.1@there:1"]
)
def test_another_machine_must_be_meant(url: str) -> None:
    with pytest.raises(ConfigError, match=r"explain.*another machine"):
        compose([f"explain.url='{url}'"])
    assert compose([f"explain.url='{url}'", "explain.remote=true"]).explain.remote
    assert compose(["explain.url='http://[::1]:1'"]).explain.url == "http://[::1]:1"


def test_an_unknown_planet_is_one_line(work: list[str]) -> None:
    with pytest.raises(SchemaError, match="no prediction for planet '7': there are 101, 102"):
        explained(work, "7")
