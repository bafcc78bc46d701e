"""What goes in and out: images, secrets, the audit's answer, the notes of a release."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / ".ci"))

import audit  # noqa: E402
import dockerfile_pip  # noqa: E402
import release_notes  # noqa: E402

# ---------------------------------------------------------------- images (hadolint's rules by hand)

DOCKERFILES = sorted([*ROOT.glob("Dockerfile*"), *ROOT.glob("*/Dockerfile*")])


def complaints(text: str) -> list[str]:
    """What hadolint would say: DL3006, DL3007, DL3020, DL3002, DL3042, DL3009, DL3015, DL3025."""
    steps = dockerfile_pip.instructions(text)
    arguments = dict(rest.partition("=")[::2] for name, rest in steps if name == "ARG")
    found = []
    for name, rest in steps:
        if name == "FROM":
            image = re.sub(r"\$\{?(\w+)\}?", lambda m: arguments.get(m[1], ""), rest).split()[0]
            if "@sha256:" not in image and ":" not in image.split("/")[-1]:
                found.append(f"base without tag or digest: {image}")
            if image.endswith(":latest"):
                found.append("base is latest")
        if name == "ADD":
            found.append(f"ADD: {rest}")
        if name == "RUN" and "apt-get install" in rest:
            found += [
                f"apt-get without {part}"
                for part in ("--no-install-recommends", "rm -rf /var/lib/apt/lists", " -y")
                if part not in rest
            ]
        if name == "RUN" and re.search(
            r"\bsudo\b|curl[^|]*\|\s*(ba)?sh|wget[^|]*\|\s*(ba)?sh", rest
        ):
            found.append(f"RUN: {rest}")
        if name in ("CMD", "ENTRYPOINT") and not rest.startswith("["):
            found.append(f"{name} is no list: its process gets no signal")
        if name in ("ENV", "ARG") and re.search(r"(?i)(password|secret|token)\w*=\S", rest):
            found.append(f"secret in {name}")
    cached = [rest for name, rest in steps if name == "RUN" and "pip install" in rest]
    if cached and not re.search(r"^\s*(ENV|ARG).*PIP_NO_CACHE_DIR=1", text, re.MULTILINE):
        found += [f"pip keeps its cache: {rest}" for rest in cached if "--no-cache-dir" not in rest]
    users = [rest for name, rest in steps if name == "USER"]
    if not users or users[-1].split(":")[0] in ("root", "0"):
        found.append("runs as root")
    return found


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_images_keep_the_rules(path):
    assert complaints(path.read_text("utf-8")) == []


def test_there_is_an_image():
    assert DOCKERFILES


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (("ARG BASE=nvidia/cuda:13.0.1-runtime-ubuntu24.04", "ARG BASE=ubuntu"), "without tag"),
        (("ARG BASE=nvidia/cuda:13.0.1-runtime-ubuntu24.04", "ARG BASE=ubuntu:latest"), "latest"),
        (("COPY constraints.txt /build/", "ADD https://a.invalid/x /build/"), "ADD"),
        (("USER spectramind", ""), "root"),
        (("USER spectramind", "USER root"), "root"),
        (("PIP_NO_CACHE_DIR=1", "A=1"), "cache"),
        ((" --no-install-recommends", ""), "recommends"),
        (('ENTRYPOINT ["spectramind"]', "ENTRYPOINT spectramind"), "signal"),
        (("ARG PIP_EXTRA_INDEX_URL", "ARG API_TOKEN=abc"), "secret"),
    ],
)
def test_a_broken_rule_would_be_seen(change, word):
    text = (ROOT / "Dockerfile").read_text("utf-8")
    assert change[0] in text
    found = complaints(text.replace(*change))
    assert any(word in line for line in found), found


def test_pip_lines_are_those_of_the_image():
    """`python .ci/dockerfile_pip.py` runs these in a clean environment (minutes, so not here)."""
    lines = dockerfile_pip.pip_lines((ROOT / "Dockerfile").read_text("utf-8"))
    assert [words[:3] for words in lines] == [
        ["install", "--constraint", "/build/constraints.txt"]
    ] * 2
    assert re.fullmatch(r"torch==[\d.]+", lines[0][3])
    assert lines[1][3].startswith("/build")
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert f"TORCH ?= {lines[0][3]}\n" in makefile


def test_context_holds_what_the_build_needs(tmp_path):
    dockerfile_pip.context(tmp_path / "build")
    held = {path.name for path in (tmp_path / "build").iterdir()}
    assert {"pyproject.toml", "constraints.txt", "src", "configs", "schemas", "policies"} <= held
    assert ".git" not in held


# ---------------------------------------------------------------- the audit

PACKAGE = {"name": "a", "version": "1", "vulns": []}
HOLE = {"id": "PYSEC-2026-1", "fix_versions": ["2"]}
SKIPPED = {"name": "b", "skip_reason": "not found"}


def test_audit_without_network_is_no_clean_bill():
    lines, code = audit.verdict({"dependencies": [SKIPPED, SKIPPED]})
    assert code == 1
    assert "NOTHING WAS AUDITED" in lines[0]


def test_audit_tells_holes_and_what_was_left_out():
    lines, code = audit.verdict({"dependencies": [{**PACKAGE, "vulns": [HOLE]}, SKIPPED]})
    assert code == 1
    assert lines == [
        "a 1: PYSEC-2026-1, mended in 2",
        "not audited, because unknown to the index: b",
        "audit: 1 packages asked for, 1 known holes",
    ]
    assert audit.verdict({"dependencies": [PACKAGE]}) == (
        ["audit: 1 packages asked for, 0 known holes"],
        0,
    )


def test_sbom_holds_every_pin(tmp_path):
    pytest.importorskip("cyclonedx_py", reason="the group supply is not installed")
    target = tmp_path / "sbom.json"
    assert audit.write_sbom(ROOT / "constraints.txt", target) > 100
    sbom = json.loads(target.read_text("utf-8"))
    assert sbom["bomFormat"] == "CycloneDX"
    assert sbom["metadata"]["component"]["name"] == "spectramind"
    pins = re.findall(r"^([\w.-]+)==", (ROOT / "constraints.txt").read_text("utf-8"), re.MULTILINE)
    assert {one["name"] for one in sbom["components"]} == set(pins)


# ---------------------------------------------------------------- secrets


def scan(*words: str, folder: Path = ROOT) -> dict[str, list[dict[str, object]]]:
    done = subprocess.run(
        [sys.executable, "-m", "detect_secrets", "scan", "--no-verify", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)["results"]


@pytest.mark.slow
def test_no_file_of_the_repository_holds_a_secret():
    """But for what the baseline knows: digests in tests, each marked as no secret."""
    pytest.importorskip("detect_secrets", reason="the group dev is not installed")
    kept = json.loads((ROOT / ".secrets.baseline").read_text("utf-8"))["results"]
    assert all(one["is_secret"] is False for found in kept.values() for one in found)
    known = {(name, one["hashed_secret"]) for name, found in kept.items() for one in found}
    digests = r"^(poetry\.lock|\.secrets\.baseline)$"
    built = r"^src/spectramind/server/static/"  # of web/, which is looked through
    seen = scan("--exclude-files", digests, "--exclude-files", built)
    found = {(name, one["hashed_secret"]) for name, ones in seen.items() for one in ones}
    assert found <= known


def test_a_secret_would_be_found(tmp_path):
    pytest.importorskip("detect_secrets", reason="the group dev is not installed")
    leak = tmp_path / "settings.py"
    leak.write_text(f'aws_key = "AKIA{"K2LPW5TZM7XRGE3Q"[::-1]}"\n')
    assert "settings.py" in scan("--all-files", ".", folder=tmp_path)


def test_commits_are_looked_through_for_secrets():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"][0][
        "hooks"
    ]
    (hook,) = (one for one in hooks if one["id"] == "detect-secrets")
    assert "--baseline .secrets.baseline" in hook["entry"]


# ---------------------------------------------------------------- notes of a release


def test_notes_sort_conventional_commits():
    text = release_notes.notes(
        "v1.2.0",
        [
            "feat(cli): add export",
            "fix: read zlib errors",
            "feat!: drop format 1",
            "Shorten a line",
            "Say this: and that",
            "Merge branch 'x'",
        ],
    )
    assert text == (
        "## v1.2.0\n\n### Breaking\n\n- drop format 1\n\n### New\n\n- cli: add export\n\n"
        "### Mended\n\n- read zlib errors\n\n### Other changes\n\n- Shorten a line\n"
        "- Say this: and that\n"
    )


def test_notes_are_of_the_commits_since_the_tag_before(tmp_path, monkeypatch, capsys):
    def git(*words):
        name = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", str(tmp_path), *name, *words], check=True, capture_output=True)

    git("init", "-q")
    for subject, tag in (("feat: one", "v0.1.0"), ("fix: two", None), ("fix: three", "v0.1.1")):
        git("commit", "--allow-empty", "-qm", subject)
        if tag:
            git("tag", tag)
    monkeypatch.setattr(release_notes, "ROOT", tmp_path)
    assert release_notes.main("v0.1.1") == 0
    assert capsys.readouterr().out == "## v0.1.1\n\n### Mended\n\n- three\n- two\n"
    assert release_notes.main("v0.1.0") == 0
    assert capsys.readouterr().out == "## v0.1.0\n\n### New\n\n- one\n"
