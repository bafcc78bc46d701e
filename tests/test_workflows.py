"""The workflows: pinned actions, least permissions, the make targets of ``.ci/run``."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted((ROOT / ".github/workflows").glob("*.yml"))
TEXTS = {path.name: path.read_text("utf-8") for path in FILES}
FLOWS = {name: yaml.safe_load(text) for name, text in TEXTS.items()}
JOBS = [(name, key, job) for name, flow in FLOWS.items() for key, job in flow["jobs"].items()]
STEPS = [(name, key, step) for name, key, job in JOBS for step in job.get("steps", ())]
PIN = re.compile(r"^\s*(?:- )?uses: (?P<action>[\w.-]+/[\w./-]+)@(?P<sha>[0-9a-f]{40})  # v[\d.]+$")


def targets_of(text: str) -> list[str]:
    """What a Makefile's rules are called."""
    return re.findall(r"^([a-z][\w-]*(?: [a-z][\w-]*)*):(?!=)", text, re.MULTILINE)


MAKE_TARGETS = {
    name for rule in targets_of((ROOT / "Makefile").read_text("utf-8")) for name in rule.split()
}


def made(flow) -> list[str]:
    """Make targets of a workflow, in the order of its file."""
    lines = [step.get("run", "") for job in flow["jobs"].values() for step in job.get("steps", ())]
    return [target for line in lines for target in re.findall(r"^make ([\w-]+)", line)]


def test_workflows_are_the_ones_known():
    assert set(TEXTS) == {"ci.yml", "audit.yml", "release.yml"}


def test_every_action_is_pinned_by_commit():
    used = {}
    for text in TEXTS.values():
        for line in text.splitlines():
            if "uses:" not in line or "uses: ./" in line:
                continue
            match = PIN.match(line)
            assert match, line
            used.setdefault(match["action"], set()).add(match["sha"])
    assert set(used) == {
        "actions/checkout",
        "actions/setup-python",
        "actions/setup-node",
        "actions/upload-artifact",
        "actions/download-artifact",
    }
    assert all(len(commits) == 1 for commits in used.values()), used


@pytest.mark.parametrize(
    "line",
    [
        "      - uses: actions/checkout@v4",
        "      - uses: actions/checkout@11bd719  # v4.2.2",
        "      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683",
    ],
)
def test_a_loose_pin_would_be_seen(line):
    assert PIN.match(line) is None


@pytest.mark.parametrize("name", FLOWS)
def test_permissions_are_least(name):
    assert FLOWS[name]["permissions"] == {"contents": "read"}
    for key, job in FLOWS[name]["jobs"].items():
        given = job.get("permissions", {"contents": "read"})
        if (name, key) == ("release.yml", "publish"):
            assert given == {"contents": "write"}
            ran = [step.get("run", step.get("uses", "")) for step in job["steps"]]
            assert not [line for line in ran if "checkout" in line or "make" in line]
        else:
            assert given == {"contents": "read"}


@pytest.mark.parametrize("name", FLOWS)
def test_nothing_from_outside_gets_into_a_script(name):
    """An expression in ``run`` is pasted in: a branch could be called like a command."""
    assert "pull_request_target" not in TEXTS[name]
    assert "secrets." not in TEXTS[name]
    for _, _, step in [one for one in STEPS if one[0] == name]:
        assert "${{" not in step.get("run", "")
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize(("name", "key", "job"), JOBS, ids=lambda value: str(value)[:20])
def test_every_job_ends(name, key, job):
    assert "timeout-minutes" in job or job.get("uses") == "./.github/workflows/ci.yml"


@pytest.mark.parametrize("name", FLOWS)
def test_make_targets_exist(name):
    assert set(made(FLOWS[name])) <= MAKE_TARGETS


def test_workflow_and_ci_run_make_the_same_in_the_same_order():
    text = (ROOT / ".ci/run").read_text("utf-8")
    (line,) = re.findall(r"^for target in (.*); do$", text, re.MULTILINE)
    wanted = ["lint", "types", "unit", "web-check"]
    wanted += ["smoke", "diagnostics", "consistency", "gates", "docs"]
    assert line.replace("test", "lint types unit", 1).split() == wanted
    assert made(FLOWS["ci.yml"]) == wanted
    assert "\ntest: setup lint types unit " in (ROOT / "Makefile").read_text("utf-8")


def test_jobs_wait_for_each_other():
    jobs = FLOWS["ci.yml"]["jobs"]
    assert {name: job.get("needs") for name, job in jobs.items()} == {
        "lint": None,
        "types": "lint",
        "unit": "types",
        "web": "lint",
        "chain": "unit",
        "docs": "lint",
    }
    release = FLOWS["release.yml"]["jobs"]
    assert (release["build"]["needs"], release["publish"]["needs"]) == ("test", "build")


def test_systems_and_pythons():
    matrix = FLOWS["ci.yml"]["jobs"]["unit"]["strategy"]["matrix"]
    assert set(matrix["os"]) == {"ubuntu-latest", "macos-latest"}
    assert set(matrix["python"]) == {"3.11", "3.12"}


def test_artifacts_hold_report_tables_and_logs():
    uploads = [step["with"] for _, _, step in STEPS if "upload-artifact" in step.get("uses", "")]
    (smoke,) = (one for one in uploads if one["name"] == "smoke-run")
    for kind in ("csv", "html", "json", "log"):
        assert f"runs/smoke/**/*.{kind}\n" in smoke["path"]
    assert {"site", "sbom", "release"} <= {one["name"] for one in uploads}


def test_release_is_of_a_tag_with_sbom_wheel_and_notes():
    flow = FLOWS["release.yml"]
    assert flow[True] == {"push": {"tags": ["v[0-9]+.[0-9]+.[0-9]+"]}}  # YAML reads `on` as true
    publish = flow["jobs"]["publish"]["steps"][-1]["run"]
    for part in ("--verify-tag", "dist/*.whl", "dist/sbom.cdx.json", "--notes-file dist/NOTES.md"):
        assert part in publish
