"""How fast mission control is, and whether its memory stays flat.

    python benchmarks/server.py                      # marks, on synthetic work folders
    python benchmarks/server.py --work runs/demo     # the same of a folder that is there
    python benchmarks/server.py --minutes 5          # and its memory under a client that polls

Seconds are those of one client on this machine: from the start of the process to the first answer;
the table of runs of 20 folders with 1,000 commands each, first and again; a planet of 1,100 and a
window of its light curve of 67,500 samples. While it polls, a line a minute gives the server's
memory (RSS); at the end, by how much the last third of it stands above the first.
"""

import argparse
import http.client
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import psutil

from spectramind.config.compose import compose
from spectramind.contracts.depths import Depths, save_depths, unmeasured
from spectramind.contracts.predictive import SUBMITTED, Intervals, Predictive
from spectramind.contracts.series import Series, write_series
from spectramind.contracts.spectra import SPECTRUM_COLUMNS, Spectra
from spectramind.contracts.stages import CHAIN
from spectramind.contracts.work_folder import RecordFolder, WorkFolder
from spectramind.instrument.detectors import AIRS, FGS1
from spectramind.instrument.grid import N_BINS
from spectramind.run.atomic import write_text
from spectramind.run.events import Event

HOURS = 7.5
FIT_SAMPLES = 140


def write_events(folder: Path, count: int, config_hash: str = "24532a82") -> None:
    """Append events of commands of the chain, a minute from one to the next."""
    start = 1_790_000_000
    path = RecordFolder(folder).events
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as stream:
        for number in range(count):
            moment = time.gmtime(start + 60 * number)
            event = Event(
                ts=time.strftime("%Y-%m-%dT%H:%M:%SZ", moment),
                run_id=f"v50_{time.strftime('%Y%m%d_%H%M%S', moment)}_{config_hash[:4]}",
                cmd=CHAIN[number % len(CHAIN)],
                args={"overrides": [f"paths.work={folder}"]},
                git_sha="c790909493ec24ba2f5bf1b47f161d630da8eea6",
                cfg_hash=config_hash,
                science_hash="bd77835f",
                env={"host": "vm", "python": "3.11.7", "numpy": "2.4.6", "cores": "2"},
                seed=1337,
                artifacts=[f"{folder}/outputs/{name}.npz" for name in ("a", "b", "c")],
                metrics={"score_spectramind": 0.7} if number % len(CHAIN) == 7 else {},
                duration_ms=3000 + number,
                status="warn" if number % 9 == 0 else "ok",
                message="one thing; another thing" if number % 9 == 0 else None,
            )
            stream.write(event.model_dump_json() + "\n")


def write_folder(folder: Path, planets: int, samples: int = 844, curves: int = 2) -> list[str]:
    """A work folder with a prediction of so many planets, their fits and truth; light curves of
    some.

    Returns:
        The planets' ids.
    """
    overrides = [f"paths.work={folder}"]
    config = compose(overrides)
    work, raw = WorkFolder(config.paths), config.data.raw
    random = np.random.default_rng(7)
    ids = [str(1_000_000 + 37 * number) for number in range(planets)]
    truth = 0.01 + 1e-4 * random.standard_normal((planets, N_BINS))
    sigma = np.full((planets, N_BINS), 5e-5)
    mu = truth + sigma * random.standard_normal(truth.shape)
    Predictive(Spectra(tuple(ids), mu, sigma), Intervals(0.9, 2 * sigma)).save(
        work.prediction(SUBMITTED)
    )
    for name, table in (("train.csv", truth[: max(planets // 2, 2)]), ("truth/test.csv", truth)):
        frame = pd.DataFrame(table, columns=list(SPECTRUM_COLUMNS))
        frame.insert(0, "planet_id", ids[: len(table)])
        write_text(raw / name, frame.to_csv(index=False))
    for number, planet_id in enumerate(ids):
        write_text(raw / "test" / planet_id / "light_curves_0.json", "{}")
        _write_visit(work, planet_id, samples if number < curves else 0, random)
    write_events(folder, CHAIN.index("gate"), config.hash)
    return ids


def _write_visit(work: WorkFolder, visit: str, samples: int, random: np.random.Generator) -> None:
    time_h = (np.arange(FIT_SAMPLES) + 0.5) * HOURS / FIT_SAMPLES
    model = np.where(np.abs(time_h - HOURS / 2) < 1, 0.99, 1.0)[:, None].repeat(2, axis=1)
    drift = 1 + 1e-3 * np.stack([time_h, -time_h], axis=1) / HOURS
    white = model + 1e-5 * random.standard_normal(model.shape)
    fit = Depths(unmeasured("").fit, time_h, white, model, {"reason": ""}, drift)
    save_depths(work.features.depths(visit), fit, "settings")
    if not samples:
        return
    for band, (detector, curves, count) in enumerate(
        ((FGS1, 2, samples), (AIRS, 282, samples // 6))
    ):
        clock = (np.arange(count) + 0.5) * HOURS / count
        light = np.interp(clock, time_h, model[:, band] * drift[:, band])
        light += 1e-4 * random.standard_normal(count)
        flux = (1000 * light[:, None].repeat(curves, axis=1)).astype(np.float32)
        series = Series(clock, flux, np.ones_like(flux), np.zeros((count, 3), np.float32))
        write_series(work.calibrated.series(detector, visit), series)


@dataclass
class Server:
    """``spectramind serve`` in a process of its own.

    Attributes:
        process: it. port, token: its address. up_s: from its start to its first answer.
    """

    process: subprocess.Popen[str]
    port: int
    token: str
    up_s: float

    @classmethod
    def start(cls, folders: Sequence[Path]) -> "Server":
        """Start one on a free port and wait for its first answer."""
        began = time.monotonic()
        named = [word for folder in folders for word in ("--work", str(folder))]
        process = subprocess.Popen(
            [sys.executable, "-m", "spectramind", "serve", "--port", "0", *named],
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        for line in process.stderr:
            found = re.search(r"http://127\.0\.0\.1:(\d+)/\?token=(\S+)", line)
            if found:
                server = cls(process, int(found[1]), found[2], 0.0)
                server.get("/")
                server.up_s = time.monotonic() - began
                return server
        raise SystemExit("the server did not start: see above")

    def get(self, address: str) -> tuple[float, bytes]:
        """Seconds and body of an answer."""
        began = time.monotonic()
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)) as client:
            cookie = f"spectramind-{self.port}={self.token}"
            client.request("GET", address, headers={"Cookie": cookie})
            answer = client.getresponse()
            body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{address}: {answer.status} {body[:200].decode()}")
        return time.monotonic() - began, body

    def memory_mb(self) -> float:
        return psutil.Process(self.process.pid).memory_info().rss / 1e6

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


def times(server: Server, folder: str) -> dict[str, float]:
    """Seconds of each view, first and again."""
    found = {"up": server.up_s}
    first, _ = server.get(f"/api/folders/{folder}/planets?size=1")
    rows = json.loads(server.get(f"/api/folders/{folder}/planets?size=1&sort=planet_id")[1])["rows"]
    base = f"/api/folders/{folder}/planets/{rows[0]['planet_id']}"
    found["planets, first"] = first
    found["planets, again"] = server.get(f"/api/folders/{folder}/planets?page=2")[0]
    found["planet, first"] = server.get(base)[0]
    found["planet, again"] = server.get(base)[0]
    found["light curve, first"] = server.get(f"{base}/light-curve?points=2000")[0]
    found["light curve, window"] = server.get(
        f"{base}/light-curve?points=2000&start_h=3&end_h=3.2"
    )[0]
    found["folder, first"] = server.get(f"/api/folders/{folder}")[0]
    found["folder, again"] = server.get(f"/api/folders/{folder}")[0]
    found["topic"] = server.get(f"/api/folders/{folder}/topics/coverage")[0]
    return found


def poll(server: Server, folder: str, minutes: float) -> list[float]:
    """Memory [MB] while a client asks for what an open page asks for, a value each ten seconds."""
    planets = json.loads(server.get(f"/api/folders/{folder}/planets?size=200")[1])["rows"]
    found, began, turn = [], time.monotonic(), 0
    while time.monotonic() - began < 60 * minutes:
        planet = planets[turn % len(planets)]["planet_id"]
        for address in (
            "/api/runs",
            "/api/folders",
            f"/api/folders/{folder}/planets?page={1 + turn % 3}",
            f"/api/folders/{folder}/planets/{planet}",
            f"/api/folders/{folder}",
        ):
            server.get(address)
        turn += 1
        if time.monotonic() - began >= 10 * len(found):
            found.append(server.memory_mb())
            if len(found) % 6 == 1:
                print(f"  {len(found) // 6} min, {turn} rounds: {found[-1]:.0f} MB", flush=True)
        time.sleep(0.2)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, help="a work folder instead of synthetic ones")
    parser.add_argument("--planets", type=int, default=1100)
    parser.add_argument("--folders", type=int, default=20)
    parser.add_argument("--commands", type=int, default=1000)
    parser.add_argument("--samples", type=int, default=67_500)
    parser.add_argument("--minutes", type=float, default=0.0, help="how long to poll")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as held:
        home = Path(held)
        folders = [wanted.work] if wanted.work else []
        if not folders:
            print(f"writing {wanted.folders} folders, {wanted.planets} planets", flush=True)
            folders = [home / f"folder{number}" for number in range(wanted.folders)]
            write_folder(folders[0], wanted.planets, wanted.samples)
            for folder in folders[1:]:
                write_events(folder, wanted.commands)
        server = Server.start(folders)
        try:
            found = {"runs, first": server.get("/api/runs")[0]}
            found["runs, again"] = server.get("/api/runs?sort=duration_s&search=calib")[0]
            found |= times(server, folders[0].name)
            for name, seconds in found.items():
                print(f"{name:24s} {seconds:7.3f} s")
            if wanted.minutes:
                memory = poll(server, folders[0].name, wanted.minutes)
                third = max(len(memory) // 3, 1)
                first, last = np.mean(memory[:third]), np.mean(memory[-third:])
                print(f"memory {first:.0f} MB in the first third, {last:.0f} MB in the last")
        finally:
            server.stop()


if __name__ == "__main__":
    main()
