"""The grid of an ablation: every mistake is told before anything is trained."""

from pathlib import Path

import pytest

from spectramind.config.compose import compose
from spectramind.config.root import Config
from spectramind.errors import ConfigError
from spectramind.pipeline.ablation_grid import BASE, read_grid

ONE = "{name: a, overrides: [train.lr=1e-4]}"


def asked(tmp_path: Path, text: str, *overrides: str) -> Config:
    path = tmp_path / "grid.yaml"
    path.write_text(text, encoding="utf-8")
    return compose([f"ablate.grid={path}", *overrides])


def test_the_shipped_grid_can_be_trained_and_covers_the_parts() -> None:
    grid = read_grid(compose())
    names = [variant.name for variant in grid.variants]
    assert names[0] == BASE
    kinds = {name.partition(":")[0] for name in [*names[1:], *grid.unchanged]}
    assert kinds >= {"fusion", "encoder", "head", "pretraining", "networks", "smoothness", "seam"}
    pretrained = {v.pretrain for v in grid.variants} | {v.config.train.phase for v in grid.variants}
    assert pretrained >= {"mae", "contrastive", "all"}
    for rule in ("sm", "nn", "coh", "ratio", "fft", "asym"):
        off = [v for v in grid.variants if v.overrides == (f"loss.lambda_{rule}=0",)]
        assert [getattr(v.config.loss, f"lambda_{rule}") for v in off] == [0.0]


def test_what_changes_nothing_is_left_out_whatever_the_base() -> None:
    usual = read_grid(compose()).unchanged
    assert {"fusion: concat_mlp", "smoothness: on", "seam: off", "head: gaussian"} <= set(usual)
    other = read_grid(compose(["model.fusion.type=gate", "loss.lambda_sm=0"])).unchanged
    assert "fusion: gate" in other
    assert {"fusion: concat_mlp", "smoothness: on"} & set(other) == set()


def test_a_variant_keeps_the_rest_of_the_base(tmp_path: Path) -> None:
    base = asked(tmp_path, f"variants: [{ONE}]", "model.fusion.dim=32", "train.epochs=3")
    _, variant = read_grid(base).variants
    assert variant.config.train == base.train.model_copy(update={"lr": 1e-4})
    assert variant.config.model == base.model


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("variants: [{name: a, overrides: [model.fusion.typ=x]}]", "did you mean 'model.fusion.ty"),
        ("variants: [{name: a, overrides: [model.fusion.type=x]}]", "'model.fusion.type': Input"),
        ("variants: [{name: a, overrides: [fit.samples=512]}]", "is shared with the base"),
        ("variants: [{name: a, overrides: [seed=3]}]", "is shared with the base"),
        ("variants: [{name: a, overrides: [train=all]}]", "is shared with the base"),
        ("variants: [{name: a, overrides: [train.phase=mae]}]", "write `pretrain: mae`"),
        ("variants: [{name: a, pretrain: mae, overrides: [train.phase=all]}]", "by itself"),
        ("variants: [{name: a, overrides: [model.prior.source=atmosphere]}]", "no network"),
        ("variants: [{name: a, overrides: [train.start_from=/no.pt]}]", "/no.pt is missing"),
        (
            "variants: [{name: a, pretrain: mae, overrides: [model.fgs1_mamba.blind=true]}]",
            "sees nothing",
        ),
        ("variants: [{name: a, overrides: ['model.decoder_mu.scales=[8]']}]", "scales must"),
        (f"variants: [{ONE}, {ONE}]", "'a' would share a folder"),
        ("variants: [{name: base, overrides: [train.lr=1e-4]}]", "would share a folder"),
        ("variants: [{name: '::', overrides: [train.lr=1e-4]}]", "a letter or a digit"),
        ("variants: [{name: a, overrides: [train.redraw=0.5]}]", "no variant changes anything"),
        ("variants: [{name: a, override: []}]", "variants.0.override: extra inputs"),
        ("variants: []", "a grid is a file of"),
        ("", "variants: field required"),
        ("variants: [{name: a", "cannot be read"),
        ("- a", "a grid is a file of"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_file(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_grid(asked(tmp_path, text))
    assert said in str(caught.value)
    assert str(tmp_path / "grid.yaml") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_grid_that_is_missing_or_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is missing"):
        read_grid(compose([f"ablate.grid={tmp_path / 'no.yaml'}"]))
    with pytest.raises(ConfigError, match="cannot be read"):
        read_grid(compose([f"ablate.grid={tmp_path}"]))
