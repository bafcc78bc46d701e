"""The benchmarks still run: what they call exists and writes what they time."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def simulation() -> ModuleType:
    path = Path(__file__).parents[1] / "benchmarks" / "simulation.py"
    found = importlib.util.spec_from_file_location("benchmark_of_simulation", path)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.mark.parametrize("level", ["telemetry", "lightcurves"])
def test_a_planet_is_simulated_and_timed(
    simulation: ModuleType, tmp_path: Path, level: str
) -> None:
    assert simulation.simulate(tmp_path, 200, 2, level) > 0
    assert len(list((tmp_path / "raw" / "train").iterdir())) == 2


def test_the_reference_has_the_shape_of_both_signals(
    simulation: ModuleType, tmp_path: Path
) -> None:
    assert simulation.written(tmp_path / "random.parquet", 200) > 0
    # The last one written is AIRS or FGS1; either holds at least its 2 bytes a read.
    assert (tmp_path / "random.parquet").stat().st_size > 2 * 56 * 1024


def test_spectra_are_timed(simulation: ModuleType) -> None:
    seconds, reference = simulation.spectra(3)
    assert seconds > 0
    assert reference == 0
