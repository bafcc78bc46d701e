"""Sweeps: no two jobs write one file, and all read the same ones."""

from pathlib import Path

import pytest

from spectramind.cli import multirun
from spectramind.cli.execute import Call
from spectramind.cli.multirun import READ_OR_WRITTEN, WRITES, sweep
from spectramind.config.root import Config
from spectramind.errors import ConfigError, SchemaError
from spectramind.pipeline.commands import COMMANDS

Jobs = list[tuple[Config, Path | None]]


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> Jobs:
    """Configuration and place of the record of every job, in place of running it."""
    seen: Jobs = []

    def remember(call: Call, config: Config, overrides: list[str], record_in: Path | None) -> None:
        seen.append((config, record_in))

    monkeypatch.setattr(multirun, "run", remember)
    return seen


def value(config: Config, key: str) -> Path:
    found: object = config
    for part in key.split("."):
        found = getattr(found, part)
    assert isinstance(found, Path)
    return found


def all_paths(config: Config) -> dict[str, Path]:
    paths = {f"paths.{name}": path for name, path in config.paths if path is not None}
    return paths | {"data.raw": config.data.raw, "diag.html.out": config.diag.html.out}


def test_every_command_that_sweeps_says_what_it_writes() -> None:
    assert set(WRITES) == set(COMMANDS) - {"selftest", "analyze-log", "check-pipeline"}


@pytest.mark.parametrize("command", sorted(WRITES))
def test_what_is_written_is_each_jobs_own_and_what_is_read_is_shared(
    command: str, jobs: Jobs, tmp_path: Path
) -> None:
    sweep(Call(command, [f"paths.work={tmp_path}", "seed=1,2"], multirun=True))
    (first, in_first), (second, in_second) = jobs
    assert in_first is not None
    assert in_second is not None
    assert (in_first.name, in_second.name) == ("0", "1")
    moving = {*WRITES[command]} | ({"paths.splits"} if command in READ_OR_WRITTEN else set())
    if command in ("simulate", "obtain"):
        moving.add("paths.truth")  # lies in the tree
    ones, others = all_paths(first), all_paths(second)
    assert {key for key in ones if ones[key] != others[key]} == moving
    for key in moving:
        assert ones[key].is_relative_to(in_first)
        assert others[key].is_relative_to(in_second)
    for key in set(ones) - moving:
        assert not ones[key].is_relative_to(tmp_path / "multirun")


def test_a_split_that_is_there_holds_for_every_job(jobs: Jobs, tmp_path: Path) -> None:
    splits = tmp_path / "mine.json"
    splits.touch()
    wanted = [f"paths.work={tmp_path}", f"paths.splits={splits}", "train.lr=1e-4,1e-3"]
    sweep(Call("train", wanted, multirun=True))
    assert [config.paths.splits for config, _ in jobs] == [splits, splits]


def test_paths_that_the_sweep_names_stay(jobs: Jobs, tmp_path: Path) -> None:
    raws = [tmp_path / "(a)", tmp_path / "Ω"]
    typed = f"data.raw={raws[0]},{raws[1]}"
    sweep(Call("simulate", [f"paths.work={tmp_path}", typed], multirun=True))
    assert [config.data.raw for config, _ in jobs] == raws
    jobs.clear()
    sweep(Call("features", [f"paths.work={tmp_path}/a,{tmp_path}/b"], multirun=True))
    assert [(c.paths.features, where) for c, where in jobs] == [
        (tmp_path / "a/data/features", None),
        (tmp_path / "b/data/features", None),
    ]


@pytest.mark.parametrize(
    "call",
    [
        Call("simulate", ["data.raw=/one", "seed=1,2"], multirun=True),
        Call("predict", ["seed=1,2"], multirun=True, paths={"paths.submission": Path("/one")}),
    ],
)
def test_one_place_for_all_jobs_is_refused(call: Call, jobs: Jobs) -> None:
    with pytest.raises(
        ConfigError, match="names one place that every job of the sweep would write"
    ):
        sweep(call)
    assert jobs == []


def test_a_launcher_without_its_plugin_is_told(
    jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(multirun, "find_spec", lambda name: None)
    overrides = [f"paths.work={tmp_path}", "seed=1,2", "env=hpc"]
    with pytest.raises(ConfigError, match=r"pip install 'spectramind\[slurm\]'"):
        sweep(Call("train", overrides, multirun=True))
    assert not jobs
    sweep(Call("train", [*overrides, "env.launcher=basic"], multirun=True))
    assert len(jobs) == 2


def test_a_launcher_is_chosen_by_its_setting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(multirun, "find_spec", lambda name: object())
    typed = [f"paths.work={tmp_path}", "train.lr=1,2", "env.launcher=joblib"]
    assert multirun._launcher(typed, {"train.lr"}) == ["hydra/launcher=joblib"]
    assert multirun._launcher([*typed, "hydra/launcher=basic"], {"train.lr"}) == []
    assert multirun._launcher(["env=ci"], set()) == []


def test_a_job_that_fails_ends_the_sweep_with_its_own_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*_: object) -> None:
        raise SchemaError("a file is broken")

    monkeypatch.setattr(multirun, "run", fail)
    with pytest.raises(SchemaError, match="a file is broken"):
        sweep(Call("score", [f"paths.work={tmp_path}", "seed=1,2"], multirun=True))
