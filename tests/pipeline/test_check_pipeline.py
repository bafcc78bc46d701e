"""check-pipeline: it finds what differs between DAG, params.yaml, commands and settings."""

import shutil
from pathlib import Path

import pytest
import yaml

from spectramind.config.compose import compose
from spectramind.config.settings_file import overrides_of_file
from spectramind.errors import ConfigError, SchemaError
from spectramind.pipeline.check_pipeline import Agreement, check_pipeline
from spectramind.pipeline.params import made_with, params_text
from spectramind.run.record import RunRecord

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The two files, and what they depend on."""
    for name in ("dvc.yaml", "params.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "src/spectramind").mkdir(parents=True)
    return tmp_path


def checked(folder: Path) -> Agreement:
    return check_pipeline(compose(), RunRecord("check-pipeline", {}, folder), str(folder))


def test_the_committed_files_agree() -> None:
    """params.yaml is a product of the tree, and reads as what it was made with."""
    assert checked(ROOT).differs == ()
    text = (ROOT / "params.yaml").read_text()
    overrides = made_with(text)
    assert params_text(overrides) == text
    assert compose(overrides_of_file(str(ROOT / "params.yaml"))) == compose(overrides)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("spectramind predict --", "spectramind foresee --", "is no command of spectramind"),
        ("predict --config", "predict --quick --config", "has no option --quick"),
        ("predict --config params.yaml", "predict", "does not read its settings"),
        ("data.split, features, fit]", "data.split, features]", "depends on the setting fit."),
        ("[calib.temp]", "[calib.tmp]", "stage calibrate_temp depends on calib.tmp"),
        ("outputs/submission.csv:", "outputs/answer.csv:", "lacks the output runs/demo/outputs/"),
        ("data/features:", "data/feature:", "depends on runs/demo/data/features, which no stage"),
        ("src/spectramind,", "src/nothing,", "depends on src/nothing, which no stage makes"),
        ("data/features:", "data/calibrated:", "is an output of both calibrate and features"),
        ("deps: [src/spectramind]", "deps: ['${paths.work}/data/features']", "in a circle"),
    ],
)
def test_a_dag_that_differs_is_told(old: str, new: str, said: str, checkout: Path) -> None:
    path = checkout / "dvc.yaml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    found = checked(checkout)
    assert any(said in line for line in found.differs), found.differs
    assert isinstance(found.problem, SchemaError)


def test_a_stage_that_is_gone_is_missed(checkout: Path) -> None:
    held = yaml.safe_load((checkout / "dvc.yaml").read_text())
    del held["stages"]["submit"]
    (checkout / "dvc.yaml").write_text(yaml.safe_dump(held))
    assert "no stage of dvc.yaml runs `spectramind submit bundle`" in checked(checkout).differs


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("\nseed: 1337", "\nseed: 7", "seed is 7, configs/ say 1337"),
        ("level: telemetry\n", "", "lacks level of configs/"),
        ("\nseed: 1337", "\nseed: 1337\nseeds: 1", "has seeds, which configs/ does not"),
        ("\nseed: 1337", "\nseed: -1", "seed"),
        ("# Made by", "# By", "does not begin with"),
    ],
)
def test_settings_that_differ_are_told(old: str, new: str, said: str, checkout: Path) -> None:
    path = checkout / "params.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    assert any(said in line for line in checked(checkout).differs)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match=r"params\.yaml cannot be read"):
        checked(tmp_path)


def test_params_are_what_overrides_make_of_the_tree() -> None:
    typed = ["experiment=smoke", "data.raw=/a b", "train.lr=0.01"]
    held = yaml.safe_load(params_text(typed))
    assert held["paths"] == {"work": "runs/smoke", "spectra": None, "real": None}
    assert held["data"]["raw"] == "/a b"
    assert held["train"]["lr"] == 0.01
    assert made_with(params_text(typed)) == typed
    with pytest.raises(ConfigError):
        params_text(["train.lr=-1"])
