"""Walk the journeys of docs/journeys.md in a fresh clone, and time them.

    python benchmarks/journeys.py [--only TITLE]... [--without TITLE]... [--folder FOLDER]

Every block of commands is run by bash as it is printed, in the clone, with the programs of its
virtual environment first on the path; a journey ends at its first command that fails. The table
says how long each took by the clock and how loaded the machine was.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = "docs/journeys.md"


@dataclass(frozen=True)
class Journey:
    """A heading of the page and the commands below it."""

    title: str
    commands: str


def journeys(page: str) -> list[Journey]:
    """Every ``##`` section of a page that holds a bash block."""
    sections = re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", page, re.DOTALL | re.MULTILINE)
    found = [(title, re.search(r"```bash\n(.*?)```", text, re.DOTALL)) for title, text in sections]
    return [Journey(title, block.group(1)) for title, block in found if block]


def walk(journey: Journey, clone: Path) -> tuple[float, int]:
    """Seconds by the clock and the exit status of a journey's commands."""
    path = f"{clone / '.venv/bin'}:{os.environ['PATH']}"
    start = time.monotonic()
    done = subprocess.run(
        ["bash", "-euxo", "pipefail", "-c", journey.commands],
        cwd=clone,
        env=os.environ | {"PATH": path},
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return time.monotonic() - start, done.returncode


def main() -> None:
    """Clone, set up, walk, print the table; exit status 1 where a journey failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", default=[], metavar="TITLE")
    parser.add_argument("--without", action="append", default=[], metavar="TITLE")
    parser.add_argument("--folder", type=Path, help="an earlier clone, to go on in")
    asked = parser.parse_args()
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="journeys_")) / "clone"
    if not folder.exists():
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    there = journeys((folder / PAGE).read_text(encoding="utf-8"))
    titles = [journey.title for journey in there]
    if unknown := sorted({*asked.only, *asked.without} - set(titles)):
        sys.exit(f"journeys: no journey {unknown}: there are {titles}")
    wanted = [title for title in asked.only or titles if title not in asked.without]
    chosen = [journey for journey in there if journey.title in wanted]
    rows = [("setting up (make setup)", *walk(Journey("setup", "make setup"), folder))]
    for journey in chosen if rows[0][2] == 0 else ():
        print(f"\n══ {journey.title}", flush=True)
        rows.append((journey.title, *walk(journey, folder)))
    print(f"\n{folder}, load {os.getloadavg()[2]:.1f} on {os.cpu_count()} cores\n")
    print("| journey | seconds | |\n|---|---|---|")
    for title, seconds, status in rows:
        print(f"| {title} | {seconds:.0f} | {'done' if status == 0 else f'failed ({status})'} |")
    sys.exit(any(status for *_, status in rows))


if __name__ == "__main__":
    main()
