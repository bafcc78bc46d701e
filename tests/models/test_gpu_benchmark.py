"""The GPU benchmark at small sizes on the CPU: it runs anywhere, judges, and survives failures."""

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import torch

from spectramind.config.compose import compose

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
# What a machine with a GPU need not have.
ABSENT = (
    *("numba", "scipy", "pandas", "pyarrow", "hydra", "omegaconf", "yaml", "sklearn"),
    *("typer", "rich", "plotly", "jsonschema", "threadpoolctl"),
)


def load(name: str) -> ModuleType:
    found = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def gpu() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        patch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        yield load("gpu")


@pytest.fixture(scope="module")
def checks(gpu: ModuleType) -> ModuleType:
    return gpu.load_checks()


@pytest.mark.parametrize("experiment", ["exp_baseline", "smoke"])
def test_settings_are_what_hydra_composes(experiment: str) -> None:
    tree = load("gpu_settings").read_settings(experiment)
    config = compose([f"experiment={experiment}"])
    for part, section in (("model", config.model), ("train", config.train), ("loss", config.loss)):
        assert type(section).model_validate(tree[part]) == section


def test_every_check_passes_on_the_cpu(
    gpu: ModuleType, checks: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "gpu.md"
    assert gpu.main(["--device", "cpu", "--out", str(table)]) == 0
    text = table.read_text()
    assert text in capsys.readouterr().out
    for name in checks.CHECKS:
        assert f"| {name} |" in text
    assert "small sizes" in text
    assert text.count("the same bits") == 2
    columns = {line.count("|") for line in text.splitlines() if line.startswith("|")}
    assert columns == {len(gpu.COLUMNS) + 1}
    assert not torch.are_deterministic_algorithms_enabled()


def test_a_failure_is_a_row_and_the_rest_goes_on(
    gpu: ModuleType, checks: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(bench: object) -> Iterator[tuple[str, ...]]:
        yield "before", "-", "-", "-", "ok"
        raise RuntimeError("no | kernel")

    monkeypatch.setattr(checks, "CHECKS", {"one": breaks, "two": lambda bench: iter([("a",) * 5])})
    rows = gpu.run(checks, "cpu", True, 60.0)
    assert [row[0] for row in rows] == ["one", "one", "two"]
    assert rows[1][-1] == "FAILED: RuntimeError: no / kernel"
    assert gpu.main(["--device", "cpu"]) == 1


def test_a_wrong_kernel_is_told(
    gpu: ModuleType, checks: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = checks.ssd_scan
    monkeypatch.setattr(checks, "ssd_scan", lambda *a: 1.01 * right(*a))
    monkeypatch.setattr(checks, "CHECKS", {"scan": checks.scan})
    rows = gpu.run(checks, "cpu", True, 60.0)
    assert rows[1][-1].startswith("OFF: more than 1e-03")


def test_what_there_is_no_time_for_is_left_out(gpu: ModuleType, checks: ModuleType) -> None:
    rows = gpu.run(checks, "cpu", True, -1.0)
    assert [row[0] for row in rows] == list(checks.CHECKS)
    assert all("left out" in row[-1] for row in rows)


def run_without(absent: tuple[str, ...], code: str, folder: Path) -> subprocess.CompletedProcess:
    hide = f"import sys; sys.modules.update(dict.fromkeys({absent!r})); "
    return subprocess.run(
        [sys.executable, "-c", f"{hide}sys.path.insert(0, {str(BENCHMARKS)!r}); {code}"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_torch_numpy_and_pydantic_are_enough(tmp_path: Path) -> None:
    done = run_without(ABSENT, "import gpu; print(list(gpu.load_checks().CHECKS))", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "exact resume" in done.stdout


def test_without_pydantic_one_line_says_so(
    gpu: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpu, "NEEDED", ("torch", "not_a_module"))
    with pytest.raises(SystemExit, match=r"^benchmarks/gpu\.py needs not_a_module: pip install"):
        gpu.load_checks()


def test_a_training_step_is_timed_at_any_length(
    gpu: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(BENCHMARKS.parent / "src"))
    step = load("training_step")
    sizes = ["--steps", "64", "--batch", "2", "--planets", "7"]
    _, head, line = step.main(["--small", *sizes])
    assert line in capsys.readouterr().out
    assert head.split()[-2:] == ["projected", "h"]
    steps, _, batch, seconds, _, rate, hours = line.split()
    assert (steps, batch) == ("64", "2")
    epochs = step.Bench("cpu", small=True).train.epochs
    assert float(rate) == pytest.approx(2 / float(seconds), rel=0.2)
    assert float(hours) == pytest.approx(7 * epochs / float(rate) / 3600, abs=0.06)
