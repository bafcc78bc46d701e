"""The benchmarks still run: what they call exists and writes what they time."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from spectramind.config.compose import compose
from spectramind.dataset.tree import KaggleTree, Visit
from spectramind.features.white_fit import StarRow
from spectramind.instrument.detectors import AIRS
from spectramind.instrument.grid import columns_to_bins
from spectramind.physics.orbit import projected_separation
from spectramind.physics.transit import transit_flux
from spectramind.simulation.clock import make_clock
from spectramind.simulation.population import draw_planet
from spectramind.simulation.streams import Source, Streams
from spectramind.simulation.visit import build_scene, describe, draw_circumstances


def benchmark(name: str) -> ModuleType:
    path = Path(__file__).parents[1] / "benchmarks" / f"{name}.py"
    found = importlib.util.spec_from_file_location(f"benchmark_of_{name}", path)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module  # dataclasses look their module up
    found.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def simulation() -> ModuleType:
    return benchmark("simulation")


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


def test_noise_at_the_limit_is_called_so() -> None:
    """White noise of the stated variance gives 1 at every cadence, and a depth of one sigma."""
    rng = np.random.default_rng(0)
    count, bins, sigma = 2000, 300, 1e-3
    light = 1 - 0.01 * (np.abs(np.arange(count) - 1000) < 400)[:, None] * np.ones(bins)
    flux = 5e4 * light * (1 + sigma * rng.standard_normal((count, bins)))
    found = benchmark("noise").noise(flux, np.full_like(flux, (5e4 * sigma) ** 2), light, (1, 20))
    assert found.limit_ppm == pytest.approx(1000, rel=0.01)
    assert found.excess == pytest.approx([1, 1], rel=0.05)
    assert found.depth == pytest.approx(1, rel=0.25)


def test_a_free_fit_finds_the_depth_of_a_quiet_transit() -> None:
    """batman's light curve is not used to make the data: the peer stands on its own feet."""
    time_h = np.linspace(0, 7.5, 400)
    star = StarRow(4.0, 11.0, 89.0, 5800.0)
    separation = projected_separation(time_h, 3.7, 4.0, 10.0, 88.5)
    depths, limb = np.array([0.012, 0.013]), np.array([[0.4, 0.2], [0.1, 0.15]])
    transit = transit_flux(separation, np.sqrt(depths), limb).T
    drift = 1 + np.outer(np.linspace(-1, 1, 400), [3e-4, -5e-4])
    noise = 2e-5 * np.random.default_rng(0).standard_normal(transit.shape)
    found = benchmark("transit_fit").free_fit(time_h, transit * drift + noise, star)
    np.testing.assert_allclose(found, depths, atol=3e-5)


def test_both_fits_are_compared_on_simulated_visits(tmp_path: Path) -> None:
    fits = benchmark("transit_fit")
    sim = ["sim=full", "sim.cadence=40", "sim.planets=2", "sim.test_planets=1"]
    more = ["sim.two_visit_fraction=0", "level=lightcurves", f"paths.work={tmp_path}"]
    found = fits.outcomes(compose([*sim, *more, "env.workers=1"]))
    assert len(found) == 2
    for one in found:
        if not one.reason:
            assert np.abs(one.ours).max() < 500
        assert one.name in fits.line(one)
    assert "ours is nearer" in fits.verdict(found)[0]


def test_true_light_is_what_was_injected() -> None:
    sim = compose(["sim=full"]).sim
    streams = Streams(5, 0, 0)
    seen = draw_circumstances(draw_planet(streams(Source.POPULATION), sim.population), sim, streams)
    clock = make_clock(AIRS, sim.hours, cadence=1)
    scene = build_scene(seen, AIRS, sim, streams)
    light = columns_to_bins((scene.light / seen.light.airs[:, None]).T)
    truth = {name: np.asarray(value) for name, value in describe(seen).items()}
    ours = benchmark("noise").true_light(truth, clock.mid_time_h, slice(1, None), sim.hours)
    np.testing.assert_allclose(ours[:-1], light[:-1], rtol=1e-9)


def test_the_kill_chain_and_its_references_run(tree: KaggleTree, visit: Visit) -> None:
    module = benchmark("kill_chain")
    for work in (module.decode, module.one_thread, module.plain_numpy):
        wall, cpu, peak = module.measured(work, visit, tree, 1)
        assert min(wall, cpu, peak) > 0
    (visit.signal_path(AIRS)).unlink()
    with pytest.raises(FileNotFoundError):
        module.decode(visit, tree)
