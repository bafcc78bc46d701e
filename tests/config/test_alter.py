"""A frozen configuration changed by overrides: as composing them would have, or one line."""

import pytest

from spectramind.config.alter import altered
from spectramind.config.compose import compose
from spectramind.errors import ConfigError


@pytest.mark.parametrize(
    "overrides",
    [
        ["model.fusion.type=gate", "loss.λ_sm=0"],
        ["+model.decoder_mu.scales=[8,283]", "loss.seam=null"],
        ["training.lr=1e-4", "uq.members=7", 'train.start_from="/a (b)/c.pt"'],
        ["loss.ratio.bounds.ch4_h2o=[0.1,2.0]", "loss.regions=[{um:[2.4,2.5],weight:0.5}]"],
    ],
)
def test_changing_is_composing(overrides: list[str]) -> None:
    base = compose(["experiment=smoke"])
    before = base.hash
    assert altered(base, overrides) == compose(["experiment=smoke", *overrides])
    assert base.hash == before


def test_what_was_composed_before_stays() -> None:
    base = compose(["seed=7", "model.fusion.dim=32"])
    changed = altered(base, ["model.fusion.type=gate"])
    assert (changed.seed, changed.split.seed, changed.model.fusion.dim) == (7, 7, 32)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("model.fusion.typ=gate", "unknown config key 'model.fusion.typ': did you mean"),
        ("model.fusion.type.x=gate", "unknown config key"),
        ("model.fusion=gate", "is a section: name a key in it, model.fusion.type"),
        ("model.fusion.type=gate,concat", "must give a key one value"),
        ("~model.fusion.type", "must give a key one value"),
        ("model.fusion.type", "has no '='"),
        ("model.fusion.type=gat", "config key 'model.fusion.type'"),
        ("train.lr=[", "cannot be read"),
    ],
)
def test_a_mistake_is_one_line(override: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        altered(compose(), [override])
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
