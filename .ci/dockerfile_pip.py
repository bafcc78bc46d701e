"""Run the pip lines of a Dockerfile in a clean virtual environment, where no engine builds images.

The build context is what .dockerignore lets through; the environment is made and thrown away.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def instructions(text: str) -> list[tuple[str, str]]:
    """Every instruction and its arguments, continued lines joined, comments left out."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n", " ", "\n".join(lines))
    found = [line.split(maxsplit=1) for line in joined.splitlines() if line.strip()]
    return [(words[0].upper(), words[1].strip() if len(words) > 1 else "") for words in found]


def pip_lines(text: str) -> list[list[str]]:
    """Arguments of every ``pip install``, ``ARG`` defaults put in."""
    arguments: dict[str, str] = {}
    found = []
    for name, rest in instructions(text):
        if name == "ARG":
            key, _, value = rest.partition("=")
            arguments[key] = value
        if name == "RUN":
            for command in re.split(r"&&|;|\|\|", rest):
                words = shlex.split(re.sub(r"\$\{(\w+)\}", lambda m: arguments[m[1]], command))
                if words[:2] == ["pip", "install"]:
                    found.append(words[1:])
    return found


def context(target: Path) -> None:
    """Copy what the image is built from, by the ``!`` lines of .dockerignore."""
    target.mkdir()
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines():
        if line.startswith("!"):
            source = ROOT / line[1:]
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, target / source.name)


def main() -> int:
    """Install, then ask the installed command for its version."""
    with tempfile.TemporaryDirectory() as folder:
        build, venv = Path(folder, "build"), Path(folder, "venv")
        context(build)
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        for words in pip_lines((ROOT / "Dockerfile").read_text("utf-8")):
            here = [word.replace("/build", str(build)) for word in words]
            print("pip", *here, flush=True)
            subprocess.run([venv / "bin/python", "-m", "pip", *here, "-qq"], check=True, env=clean)
        shown = subprocess.run(
            [venv / "bin/spectramind", "--version"],
            check=True,
            env=clean,
            cwd=folder,
            capture_output=True,
            text=True,
        )
        print(shown.stdout.strip())
    return 0


if __name__ == "__main__":
    sys.exit(main())
