"""The SBOM of what is locked, and what is known against it.

`python .ci/audit.py SBOM.json [REQUIREMENT ...]`: further requirements (torch) stand beside
constraints.txt. Exit code 1: something is known, or nobody could be asked; both are said.
"""

import json
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def component() -> str:
    """The part of pyproject.toml that names us: the SBOM tool trips over Poetry's table."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = ("name", "version", "description", "license")
    lines = [f"{key} = {json.dumps(project[key])}" for key in wanted]
    return "\n".join(["[project]", *lines]) + "\n"


def write_sbom(requirements: Path, target: Path) -> int:
    """Write the CycloneDX file, the same bytes for the same lock; the number of components."""
    with tempfile.TemporaryDirectory() as folder:
        named = Path(folder, "pyproject.toml")
        named.write_text(component(), encoding="utf-8")
        words = ["requirements", str(requirements), "--pyproject", str(named)]
        options = ["--output-reproducible", "--sv", "1.6", "--of", "JSON", "-o", str(target)]
        subprocess.run([sys.executable, "-m", "cyclonedx_py", *words, *options], check=True)
    return len(json.loads(target.read_text("utf-8"))["components"])


def verdict(answer: dict[str, Any]) -> tuple[list[str], int]:
    """What pip-audit's JSON says, in lines, and the exit code.

    pip-audit itself calls a run without network "no known vulnerabilities".
    """
    packages = answer["dependencies"]
    skipped = [one["name"] for one in packages if "skip_reason" in one]
    known = [(one, hole) for one in packages for hole in one.get("vulns", [])]
    lines = [
        f"{one['name']} {one['version']}: {hole['id']}, mended in "
        f"{', '.join(hole['fix_versions']) or 'no version yet'}"
        for one, hole in known
    ]
    if packages and len(skipped) == len(packages):
        said = "nobody could be asked (no network?), so NOTHING WAS AUDITED"
        return [f"audit: {said}: run it where the network is"], 1
    if skipped:
        lines.append(f"not audited, because unknown to the index: {', '.join(skipped)}")
    lines.append(
        f"audit: {len(packages) - len(skipped)} packages asked for, {len(known)} known holes"
    )
    return lines, 1 if known or skipped else 0


def main(target: Path, more: list[str]) -> int:
    """Write the SBOM, then ask."""
    with tempfile.TemporaryDirectory() as folder:
        requirements = Path(folder, "requirements.txt")
        locked = (ROOT / "constraints.txt").read_text("utf-8")
        requirements.write_text("\n".join([locked.rstrip("\n"), *more]) + "\n", encoding="utf-8")
        target.parent.mkdir(parents=True, exist_ok=True)
        print(f"SBOM: {target}, {write_sbom(requirements, target)} components", flush=True)
        words = ["-r", str(requirements), "--disable-pip", "--no-deps", "--format", "json"]
        done = subprocess.run(
            [sys.executable, "-m", "pip_audit", *words, "--progress-spinner", "off"],
            capture_output=True,
            text=True,
            check=False,
        )
    try:
        lines, code = verdict(json.loads(done.stdout))
    except ValueError:
        reason = " ".join(done.stderr.split())[-300:]
        lines, code = [f"audit: pip-audit gave no answer, so NOTHING WAS AUDITED: {reason}"], 1
    print("\n".join(lines))
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
