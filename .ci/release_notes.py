"""Notes of a release from the subjects of its commits.

`python .ci/release_notes.py [TAG]`: of the commits since the tag before TAG (or HEAD), as Markdown.
"""

import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_SUBJECT = re.compile(r"^(?P<kind>[a-z]+)(\((?P<where>[^)]+)\))?(?P<breaks>!)?: (?P<what>.+)$")
_TITLES = {
    "feat": "New",
    "fix": "Mended",
    "perf": "Faster",
    "docs": "Documentation",
    "": "Other changes",
}
_BREAKING = "Breaking"


def sorted_subjects(subjects: Iterable[str]) -> dict[str, list[str]]:
    """Lines by heading, in the order of the headings; merges and releases are left out."""
    found: dict[str, list[str]] = {title: [] for title in (_BREAKING, *_TITLES.values())}
    for subject in subjects:
        if subject.startswith(("Merge ", "Release ")):
            continue
        match = _SUBJECT.match(subject)
        kind = match["kind"] if match and match["kind"] in _TITLES else ""
        what = subject
        if match and (kind or match["breaks"]):
            what = f"{match['where']}: {match['what']}" if match["where"] else match["what"]
        title = _BREAKING if match and match["breaks"] else _TITLES[kind]
        found[title].append(what)
    return {title: lines for title, lines in found.items() if lines}


def notes(version: str, subjects: Iterable[str]) -> str:
    """Markdown of a release's notes."""
    lines = [f"## {version}"]
    for title, entries in sorted_subjects(subjects).items():
        lines += ["", f"### {title}", "", *(f"- {entry}" for entry in entries)]
    return "\n".join(lines) + "\n"


def _git(*words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else ""


def main(version: str) -> int:
    """Print the notes of everything since the tag before."""
    end = version if _git("rev-parse", "--verify", "--quiet", f"{version}^{{commit}}") else "HEAD"
    before = _git("describe", "--tags", "--abbrev=0", "--match", "v*", f"{end}^")
    subjects = _git("log", "--format=%s", f"{before}..{end}" if before else end).splitlines()
    if not subjects:
        print(f"release notes: no commit since {before or 'the begin'}", file=sys.stderr)
        return 1
    print(notes(version, subjects), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "HEAD"))
