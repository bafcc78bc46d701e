"""``--config FILE``: a file of settings means what the same overrides mean."""

from pathlib import Path

import pytest

from spectramind.config.compose import compose
from spectramind.config.settings_file import overrides_of_file
from spectramind.errors import ConfigError


def test_a_file_of_the_tree_is_a_choice_of_its_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    for typed in ("overrides/kaggle_fast.yaml", "overrides/kaggle_fast"):
        assert overrides_of_file(typed) == ["overrides=kaggle_fast"]
    assert overrides_of_file("config_v50.yaml") == []


def test_a_file_of_ones_own_is_its_values(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "defaults: [{override /sim: smoke}, _self_]\n"
        "training: {lr: 1e-4, mae: {mask: block}}\n"
        "loss.λ_sm: 0.3\n"
        "uq: {temp_scale: false}\n"
        "calib: {corel: {alpha: [0.1, 0.2]}}\n"
        "data: {raw: '/a b/c, d', link: null}\n"
        "paths: {work: /w, truth: '${paths.work}/t.csv'}\n"
    )
    config = compose(overrides_of_file(str(path)))
    assert (config.train.lr, config.train.mae.mask) == (1e-4, "block")
    assert config.loss.lambda_sm == 0.3
    assert config.calib.temp.enabled is False
    assert config.calib.corel.alpha == (0.1, 0.2)
    assert str(config.data.raw) == "/a b/c, d"
    assert (config.data.link, str(config.paths.truth)) == (None, "/w/t.csv")
    assert config.sim.planets == compose(["sim=smoke"]).sim.planets


def test_what_is_typed_has_the_last_word(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("train: {lr: 0.01, epochs: 2}\n")
    config = compose([*overrides_of_file(str(path)), "train.lr=0.02"])
    assert (config.train.lr, config.train.epochs) == (0.02, 2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a\n- b\n", "must hold settings, KEY: VALUE, and holds a list"),
        ("a: [1\n", "cannot be read as YAML settings"),
        ("train:\n  lr: 1\n  lr: 2\n", "cannot be read as YAML settings"),
        ("defaults: [sim]\n", "is no choice of a group"),
        ("train: {lr: [{a: 1}]}\n", "train.lr holds a mapping"),
        ("train: {lrr: 1}\n", "unknown config key 'train.lrr': did you mean 'train.lr'"),
        ("paths: {truth: '${paths.nowhere}/x'}\n", "nowhere"),
    ],
)
def test_a_file_that_is_none_is_refused_in_one_line(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        compose(overrides_of_file(str(path)))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("typed", ["none.yaml", "", "ablate/grids/parts.yaml", "experiment"])
def test_no_file_of_settings_is_named(typed: str) -> None:
    with pytest.raises(ConfigError, match="--config"):
        overrides_of_file(typed)
