"""The scan's benchmark runs, and its quadratic reference computes what the layer does."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
import torch

PATH = Path(__file__).parents[2] / "benchmarks" / "scan.py"


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    found = importlib.util.spec_from_file_location("benchmark_of_the_scan", PATH)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_former_form_is_the_same_layer(bench: ModuleType) -> None:
    tokens = torch.randn(2, 200, bench.WIDTH)
    ours, former = bench.layer("ours"), bench.layer("quadratic")
    torch.testing.assert_close(ours(tokens), former(tokens), rtol=1e-4, atol=1e-5)


def test_every_layer_is_timed(bench: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(PATH.parents[1] / "src"))
    lines = bench.table(((80, 2),), 1, "cpu")
    assert lines[0] == "ours: chunked torch (no GPU computes)"
    assert [line.split()[3] for line in lines[2:]] == ["ours", "quadratic", "gru", "mambapy"]
    assert all(float(line.split()[4]) > 0 for line in lines[2:5])


def test_a_reference_that_cannot_be_measured_is_told(
    bench: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "apart", lambda name, *size: (1.0, 10.0))
    # Installed or not here, both answers are tried.
    monkeypatch.setattr(bench.importlib.util, "find_spec", lambda name: object())
    *_, lacking = bench.table(((67_500, 1),), 1, "cpu")
    assert "left out beyond" in lacking
    monkeypatch.setattr(bench.importlib.util, "find_spec", lambda name: None)
    *_, lacking = bench.table(((80, 2),), 1, "cpu")
    assert lacking.split()[3:] == ["mambapy", "not", "installed"]


def test_mambapy_is_measured_at_our_width(bench: ModuleType) -> None:
    pytest.importorskip("mambapy", reason="mambapy is not installed: a reference alone")
    block = bench.layer("mambapy")
    tokens = torch.randn(2, 70, bench.WIDTH)
    assert block(tokens).shape == tokens.shape
    assert block.config.d_inner == bench.EXPAND * bench.WIDTH
