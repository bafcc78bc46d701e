"""The table of other names: each stands for a setting that is there, and does what it does."""

import pytest

from spectramind.config.aliases import KEYS, VALUES, as_table, real_key
from spectramind.config.compose import compose, composed, resource_dir
from spectramind.config.overrides import normalise


def test_every_alias_stands_for_a_setting_or_a_group() -> None:
    tree, groups = composed(), {path.name for path in resource_dir("configs").iterdir()}
    for alias, key in KEYS.items():
        node: object = tree
        for part in key.split("."):
            assert part in node, (alias, key)  # type: ignore[operator]
            node = node[part]  # type: ignore[index]
        assert alias not in tree
        assert alias.partition(".")[0] in groups | {*KEYS}
    for (key, alias), value in VALUES.items():
        assert compose([f"{key}={alias}"]) == compose([f"{key}={value}"])


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("training=default", "train=supervised"),
        ("training=default,mae", "train=supervised,mae"),
        ("training.lr=1e-4", "train.lr=1e-4"),
        ("training.optim.lr=1e-4", "train.lr=1e-4"),
        ("training.seed=3", "seed=3"),
        ("calibration.cache=true", "calib.cache=true"),
        ("calibration.corel.alpha=0.2", "calib.corel.alpha=0.2"),
        ("uq.corel=true", "calib.corel.enabled=true"),
        ("uq.temp_scale=false", "calib.temp.enabled=false"),
        ("uq.epistemic=ensemble", "uq.epistemic=ensemble"),
        ("diagnostics=dashboard", "diag=dashboard"),
        ("paths.diagnostics=/x", "paths.diagnostics=/x"),
        ("++loss.λ_sm=0.2", "loss.lambda_sm=0.2"),
        ("model.fusion.type=concat", "model.fusion.type=concat_mlp"),
    ],
)
def test_an_alias_is_replaced_and_nothing_else(typed: str, meant: str) -> None:
    assert normalise(typed) == meant


def test_an_alias_switches_what_it_names() -> None:
    assert compose(["uq.corel=false"]).calib.corel.enabled is False
    assert compose(["uq.temp_scale=false"]).calib.temp.enabled is False
    assert compose(["calibration.cache=false"]).calib.cache is False


def test_the_table_holds_them_all() -> None:
    shown = [alias for names in as_table().values() for alias, _ in names]
    assert len(shown) == len(set(shown)) >= len(KEYS) + len(VALUES)
    assert all(f"{alias}=" in shown for alias in KEYS)
    assert real_key("nothing.of.it") == "nothing.of.it"
