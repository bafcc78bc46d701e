"""What is in the pack: every file of ``symbolic/rules``, with a weight in the settings."""

from pathlib import Path

import pytest
import torch
from pydantic import Field

from spectramind.config.loss import LossConfig
from spectramind.symbolic import rule, rules
from spectramind.symbolic.pack import SymbolicPack
from spectramind.symbolic.rule import known_rules

CEILING = '''
"""No bin above five units."""
import torch
from spectramind.symbolic.rule import Rule

class Ceiling(Rule):
    name = "ceil"

    @classmethod
    def build(cls, config):
        return cls()

    def forward(self, depth):
        return torch.relu(depth - 5.0)
'''


class WithCeiling(LossConfig):
    lambda_ceil: float = Field(ge=0)


@pytest.fixture
def drop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """``drop(name, text)``: a file that seems to lie in ``symbolic/rules``."""
    monkeypatch.setattr(rules, "__path__", [*rules.__path__, str(tmp_path)])

    def write(name: str, text: str) -> None:
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")

    return write


def test_every_file_is_a_rule_with_a_weight() -> None:
    found = known_rules()
    files = {p.stem for p in Path(rules.__file__).parent.glob("*.py")} - {"__init__"}
    assert {kind.__module__.rpartition(".")[2] for kind in found.values()} == files
    weights = [key for key in LossConfig.model_fields if key.startswith("lambda_")]
    assert [f"lambda_{name}" for name in found] == weights


def test_a_file_and_a_weight_are_all_it_takes(
    drop, make_config, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop("ceiling", CEILING)
    monkeypatch.setattr(rule, "LossConfig", WithCeiling)
    config = WithCeiling.model_validate(make_config().model_dump() | {"lambda_ceil": 2.0})
    mu = torch.full((1, 283), 3e-4)
    mu[0, 7] = 9e-4
    total, parts = SymbolicPack(config)(mu)
    assert parts["ceil"].item() == pytest.approx(4.0, rel=1e-5)
    rest, _ = SymbolicPack(config.model_copy(update={"lambda_ceil": 0.0}))(mu)
    assert (total - rest).item() == pytest.approx(8.0, rel=1e-4)
    assert SymbolicPack(config).per_bin(mu)["ceil"][0].nonzero().flatten().tolist() == [7]


def test_a_rule_without_a_weight_is_refused(drop) -> None:
    drop("ceiling_unweighted", CEILING)
    with pytest.raises(TypeError, match="without the other: ceil"):
        known_rules()


def test_two_rules_of_one_name_are_refused(drop) -> None:
    drop("ceiling_again", CEILING.replace('"ceil"', '"nn"'))
    with pytest.raises(TypeError, match="a rule named nn already"):
        known_rules()


def test_a_file_holds_one_rule(drop) -> None:
    drop("no_rule", "LIMIT = 5\n")
    with pytest.raises(TypeError, match="no_rule defines 0 rules"):
        known_rules()
