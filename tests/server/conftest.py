"""A work folder with a prediction, and the server over it, asked as a browser asks: by HTTP."""

import http.client
import importlib.util
import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import uvicorn

from spectramind.server.application import build_app
from spectramind.server.built_pages import STATIC

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "server.py"
TOKEN = "a-token-for-tests"


@pytest.fixture(scope="session")
def benchmark() -> ModuleType:
    """``benchmarks/server.py``, which writes work folders."""
    spec = importlib.util.spec_from_file_location("server_benchmark", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def predicted(benchmark: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A work folder: 12 planets predicted, two of them with light curves of 67,500 samples."""
    folder = tmp_path_factory.mktemp("served") / "predicted"
    benchmark.write_folder(folder, 12, 67_500)
    return folder


@dataclass
class Answered:
    """What the server said."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def detail(self) -> str:
        return str(self.json["detail"])


@dataclass
class Client:
    """One who knows the token, or not.

    Attributes:
        port: where the server listens. cookie: sent with every request; empty: none.
    """

    port: int
    cookie: str

    def ask(
        self, path: str, method: str = "GET", host: str | None = None, **headers: str
    ) -> Answered:
        """Send a path as it is, with nothing normalised."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as client:
            client.putrequest(method, path, skip_host=True)
            if host != "":
                client.putheader("Host", host or f"127.0.0.1:{self.port}")
            if self.cookie:
                client.putheader("Cookie", self.cookie)
            for name, value in headers.items():
                client.putheader(name, value)
            client.endheaders()
            answer = client.getresponse()
            held = {name.lower(): value for name, value in answer.getheaders()}
            return Answered(answer.status, held, answer.read())

    def get(self, path: str) -> Any:
        """The JSON of an answer that must be one."""
        found = self.ask(path)
        assert found.status == 200, found.body[:500]
        return found.json


Serving = Callable[..., Client]


@pytest.fixture(scope="module")
def serving() -> Iterator[Serving]:
    """Serve work folders in a thread, until the module's tests are done."""
    servers: list[tuple[uvicorn.Server, threading.Thread]] = []

    def begin(folders: Sequence[Path], static: Path = STATIC) -> Client:
        listening = socket.create_server(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        app = build_app(folders, TOKEN, port, static)
        config = uvicorn.Config(
            app, log_level="warning", ws="none", timeout_graceful_shutdown=1, lifespan="on"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        servers.append((server, thread))
        return Client(port, f"spectramind-{port}={TOKEN}")

    yield begin
    for server, thread in servers:
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="module")
def client(serving: Serving, predicted: Path) -> Client:
    """The server over the predicted folder."""
    return serving([predicted])
