"""Training curves of a training that runs now, read from what its epochs leave as they end."""

import json
import os
import shutil
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from spectramind.config.compose import compose
from spectramind.contracts.work_folder import WorkFolder

TOPIC = "/api/folders/predicted/topics/runs"


def curve(client: Any) -> Any:
    (panel,) = [one for one in client.get(TOPIC)["panels"] if one["anchor"] == "training"]
    return panel


def test_epochs_are_shown_as_they_end(
    serving: Callable[..., Any], predicted: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(predicted, tmp_path / "predicted")
    config = compose([f"paths.work={copy}"])
    client = serving([copy])
    assert curve(client)["absent"]["command"] == "spectramind train"
    folder = WorkFolder(config.paths)
    tracks = [WorkFolder(folder.fold(n)).tracking / "supervised.jsonl" for n in range(2)]
    rows = [{"epoch": float(e), "val_loss": -9.0 - 0.1 * e, "train_loss": -8.0} for e in range(4)]
    for path in tracks:
        path.parent.mkdir(parents=True)
        path.write_text("".join(json.dumps(row) + "\n" for row in rows) + '{"epoch": 4.0, "va')
    assert curve(client)["absent"] is not None  # nothing runs: whose they are, nobody says
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    note = {"run_id": "r", "cmd": "train", "pid": os.getpid(), "host": socket.gethostname()}
    more = {"started": now, "updated": now, "cfg_hash": None, "science_hash": None}
    running = copy / "progress" / "r.json"
    running.parent.mkdir()
    running.write_text(json.dumps({**note, **more, "args": {}, "stages": []}))
    for path in tracks:
        os.utime(path, (time.time() + 2, time.time() + 2))
    panel = curve(client)
    assert panel["absent"] is None
    assert "not yet" in panel["look_for"]
    longest = max(len(trace["x"]) for trace in panel["figures"]["history"]["data"])
    assert longest == 4
    for path in tracks:
        os.utime(path, (1, 1))  # of a training before this one
    assert curve(client)["absent"] is not None
