"""``spectramind serve``: the line with the address, and one line for every mistake."""

import http.client
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from spectramind.cli import serve_command

MANY = 20


def spectramind(arguments: Sequence[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "spectramind", *arguments]
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, check=False, timeout=120
    )


def complaint(done: subprocess.CompletedProcess[str]) -> str:
    """The one line of a command that failed for its arguments."""
    assert done.returncode == 3, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("spectramind: ")
    return line


def test_it_prints_one_line_and_answers_until_it_is_stopped(
    benchmark: ModuleType, tmp_path: Path
) -> None:
    benchmark.write_events(tmp_path / "runs" / "one", 3)
    benchmark.write_events(tmp_path / "runs" / "two", 4)
    command = [sys.executable, "-m", "spectramind", "serve", "--port", "0"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert line.startswith("mission control of 2 work folders: http://127.0.0.1:")
        address = next(word for word in line.split() if word.startswith("http://"))
        port, _, path = address.removeprefix("http://127.0.0.1:").partition("/")
        with closing(http.client.HTTPConnection("127.0.0.1", int(port), timeout=60)) as client:
            client.request("GET", f"/{path}")
            answer = client.getresponse()
            answer.read()
            cookie = str(answer.getheader("set-cookie")).partition(";")[0]
            assert answer.status == 303
            client.request("GET", "/api/runs", headers={"Cookie": cookie})
            answer = client.getresponse()
            assert b'"total":7' in answer.read()
    finally:
        process.send_signal(signal.SIGINT)
        _, rest = process.communicate(timeout=60)
    assert (process.returncode, rest) == (0, "")
    assert [path.name for path in (tmp_path / "runs" / "one").iterdir()] == ["events.jsonl"]


def test_a_taken_port_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = spectramind(["serve", "--work", str(tmp_path), "--port", port], tmp_path)
    assert f"port {port} of 127.0.0.1 is taken" in complaint(done)
    assert "--port 0" in done.stderr


def test_mistakes_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "is a file" in complaint(spectramind(["serve", "--work", "file"], tmp_path))
    assert "name a work folder" in complaint(spectramind(["serve"], tmp_path))
    assert "--port" in complaint(spectramind(["serve", "--port", "70000"], tmp_path))


def test_without_the_extra_it_names_the_command_that_brings_it(
    monkeypatch: pytest.MonkeyPatch, spectramind: Callable[..., int], capsys: Any
) -> None:
    monkeypatch.setattr(serve_command, "find_spec", lambda name: None)
    assert spectramind("serve") == 3
    assert "pip install 'spectramind[server]'" in capsys.readouterr().err


def test_the_marks(benchmark: ModuleType, tmp_path: Path) -> None:
    """The benchmark runs; bounds are wide, for machines that are shared."""
    folders = [tmp_path / f"folder{number}" for number in range(MANY)]
    ids = benchmark.write_folder(folders[0], 3)
    for folder in folders[1:]:
        benchmark.write_events(folder, 1000)
    server = benchmark.Server.start(folders)
    try:
        seconds, body = server.get("/api/runs")
        assert seconds < 3
        assert f'"total":{1000 * (MANY - 1) + 11}'.encode() in body
        assert server.get("/api/runs?search=score")[0] < 1
        found = benchmark.times(server, folders[0].name)
        assert found["planet, again"] < 2
        memory = benchmark.poll(server, folders[0].name, 0.05)
        assert 20 < memory[-1] < 2000
    finally:
        server.stop()
    assert len(ids) == 3
