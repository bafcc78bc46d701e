"""Files that are written while they are read: the server says so, or shows what is whole."""

import itertools
import json
import os
import shutil
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from spectramind.config.compose import compose
from spectramind.contracts.work_folder import WorkFolder
from spectramind.instrument.detectors import FGS1

FOLDER = "/api/folders/predicted"
_SECONDS = 4
_AT_MOST_S = 90


def disturb(copy: Path, stop: threading.Event) -> None:
    """Replace, cut, remove and bring back what views read, as fast as it goes."""
    work = WorkFolder(compose([f"paths.work={copy}"]).paths)
    files = [
        work.prediction("spectramind"),
        work.features.depths("1000000"),
        work.calibrated.series(FGS1, "1000000"),
        copy / "data" / "raw" / "train.csv",
        copy / "events.jsonl",
    ]
    whole = {path: path.read_bytes() for path in files}
    ways = [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b[:-3] + b"\0\0\0", None]
    for path, way in itertools.cycle(itertools.product(files, ways)):
        if stop.is_set():
            break
        if way is None:
            path.unlink()
        else:
            path.write_bytes(way(whole[path]))
        time.sleep(0.01)
        temporary = path.with_name("replaced.tmp")
        temporary.write_bytes(whole[path])
        temporary.replace(path)
    for path in files:
        path.write_bytes(whole[path])


def test_nothing_breaks_the_server_while_files_are_replaced(
    serving: Callable[..., Any], predicted: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(predicted, tmp_path / "predicted")
    client = serving([copy])
    run_id = client.get("/api/runs")["rows"][3]["run_id"]
    addresses = [
        "/api/runs",
        "/api/folders",
        f"{FOLDER}/planets",
        f"{FOLDER}/planets/1000000",
        f"{FOLDER}/planets/1000000/light-curve",
        f"{FOLDER}/runs/{run_id}",
        f"/api/compare?run=predicted:{run_id}",
    ]
    client.get(FOLDER)
    stop = threading.Event()
    thread = threading.Thread(target=disturb, args=(copy, stop))
    thread.start()
    seen = set()
    try:
        start = time.monotonic()
        # On a busy machine it can take longer until a view meets a broken file.
        while (spent := time.monotonic() - start) < _SECONDS or (
            not seen & {404, 503} and spent < _AT_MOST_S
        ):
            for address in addresses:
                answer = client.ask(address)
                seen.add(answer.status)
                assert answer.status in (200, 404, 503), (address, answer.body)
                assert answer.status == 200 or answer.detail
                assert b"the server's terminal says where" not in answer.body
    finally:
        stop.set()
        thread.join()
    assert 200 in seen
    assert seen & {404, 503}
    assert client.get(f"{FOLDER}/planets")["total"] == 12
    assert client.get(f"{FOLDER}/planets/1000000/light-curve")["samples"] == 67_500


def test_while_a_command_writes_a_view_is_not_made_anew_at_every_look(
    serving: Callable[..., Any], benchmark: ModuleType, predicted: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(predicted, tmp_path / "predicted")
    client = serving([copy])
    assert client.get(f"{FOLDER}/planets")["total"] == 12
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    note = {"run_id": "r", "cmd": "predict", "pid": os.getpid(), "host": socket.gethostname()}
    more = {"started": now, "updated": now, "cfg_hash": None, "science_hash": None}
    path = copy / "progress" / "r.json"
    path.parent.mkdir()
    path.write_text(json.dumps({**note, **more, "args": {}, "stages": []}))
    benchmark.write_folder(copy, 5)
    assert client.get(f"{FOLDER}/planets")["total"] == 12
    path.unlink()
    assert client.get(f"{FOLDER}/planets")["total"] == 5
