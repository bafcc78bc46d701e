"""Settings kept beside a run's record: the same when read again, wherever the folder went."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from spectramind.config.compose import compose
from spectramind.config.kept import keep_settings, kept_settings, kept_values
from spectramind.contracts.work_folder import RecordFolder
from spectramind.errors import SchemaError
from spectramind.run.record import read_events


@pytest.mark.parametrize("experiment", ["demo", "smoke", "exp_baseline", "exp_kaggle_fast"])
def test_kept_settings_are_the_same(experiment: str, tmp_path: Path) -> None:
    config = compose([f"experiment={experiment}", f"paths.work={tmp_path}", "data.raw=/tree"])
    path = RecordFolder(tmp_path).settings(config.hash)
    keep_settings(config, path)
    assert kept_settings(path) == config
    assert kept_settings(path).hash == config.hash == path.stem


def test_relative_paths_begin_where_the_command_ran(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = compose(["paths.work=runs/a", "data.raw=tree"])
    path = RecordFolder(config.paths.work).settings(config.hash)
    keep_settings(config, path)
    monkeypatch.chdir("/")
    found = kept_settings(tmp_path / path)
    assert found.paths.score == tmp_path / "runs/a/outputs/score.json"
    assert found.data.raw == tmp_path / "tree"
    assert found.paths.real is None
    assert found.science_hash == config.science_hash


def test_a_folder_that_moved_takes_its_paths_along(tmp_path: Path) -> None:
    before, now = tmp_path / "runs/a", tmp_path / "elsewhere/b"
    config = compose([f"paths.work={before}", "data.raw=/tree"])
    keep_settings(config, RecordFolder(before).settings(config.hash))
    now.parent.mkdir()
    before.rename(now)
    found = kept_settings(RecordFolder(now).settings(config.hash))
    assert found.paths.checkpoint == now / "outputs/checkpoints/best.pt"
    assert found.data.raw == Path("/tree")


def test_a_job_of_a_sweep_shares_its_sweeps_folder(tmp_path: Path) -> None:
    work, job = tmp_path / "a", Path("multirun/2026-01-01_00-00-00/3")
    config = compose([f"paths.work={work}", f"paths.checkpoint={work / job}/best.pt"])
    keep_settings(config, RecordFolder(work / job).settings(config.hash))
    (tmp_path / "a").rename(tmp_path / "b")
    found = kept_settings(RecordFolder(tmp_path / "b" / job).settings(config.hash))
    assert found.paths.work == tmp_path / "b"
    assert found.paths.checkpoint == tmp_path / "b" / job / "best.pt"


def test_values_stand_by_their_dotted_key(tmp_path: Path) -> None:
    config = compose(["train.lr=0.002", f"paths.work={tmp_path}"])
    path = RecordFolder(tmp_path).settings(config.hash)
    keep_settings(config, path)
    values = kept_values(path)
    assert (values["train.lr"], values["seed"]) == (0.002, config.seed)
    assert "cwd" not in values
    assert list(json.loads(path.read_text())) == sorted(json.loads(path.read_text()))


def test_they_are_written_once(tmp_path: Path) -> None:
    config = compose([f"paths.work={tmp_path}"])
    path = RecordFolder(tmp_path).settings(config.hash)
    keep_settings(config, path)
    first = path.stat()
    keep_settings(config, path)
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (first.st_mtime_ns, first.st_ino)
    path.write_text("{")
    keep_settings(config, path)
    assert kept_settings(path) == config


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "is missing"),
        ("{", "holds no settings"),
        ("[1]", "holds no settings"),
        ('{"seed": 1}', "holds no settings"),
        ('{"cwd": 5}', "holds no settings"),
        ('{"cwd": "/", "seed": 1}', r"another version of SpectraMind: config key 'level'"),
        ('{"cwd": "/", "old": {"key": 1}}', "another version of SpectraMind"),
    ],
)
def test_older_and_broken_files_are_one_line(tmp_path: Path, text: str | None, said: str) -> None:
    path = tmp_path / "0.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(SchemaError, match=said) as told:
        kept_settings(path)
    assert "\n" not in str(told.value)


def test_every_command_keeps_its_settings(spectramind: Callable[..., int], tmp_path: Path) -> None:
    typed = [f"paths.work={tmp_path}", "train.lr=0.002"]
    assert spectramind("score", *typed) != 0  # there is nothing to score
    (event,) = read_events(tmp_path)
    path = RecordFolder(tmp_path).settings(event["cfg_hash"])
    assert kept_settings(path) == compose(typed)
