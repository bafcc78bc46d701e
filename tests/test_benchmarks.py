"""The benchmarks still run: what they call exists and writes what they time."""

import importlib.util
import json
import resource
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from omegaconf import OmegaConf

from spectramind.config.compose import compose, resource_dir
from spectramind.contracts.measurement import Measurement
from spectramind.contracts.series import read_series
from spectramind.contracts.star_row import StarRow
from spectramind.contracts.work_folder import CalibratedFolder
from spectramind.dataset.tree import KaggleTree, Visit
from spectramind.errors import ConfigError
from spectramind.instrument.detectors import AIRS, DETECTORS, FGS1, Detector
from spectramind.instrument.grid import bin_wavelengths, columns_to_bins
from spectramind.physics.limb_darkening import quadratic_coefficients
from spectramind.physics.orbit import projected_separation
from spectramind.physics.transit import transit_flux
from spectramind.prior.clusters import no_clusters
from spectramind.prior.error_model import STATED
from spectramind.prior.spectral_prior import SpectralPrior
from spectramind.prior.spotted import before
from spectramind.simulation.clock import make_clock
from spectramind.simulation.planet_draw import draw_planet
from spectramind.simulation.streams import Source, Streams
from spectramind.simulation.visit import build_scene, describe, draw_circumstances

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def benchmark(name: str) -> ModuleType:
    path = BENCHMARKS / f"{name}.py"
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
    start = time.perf_counter()
    seconds = simulation.simulate(tmp_path, 200, 2, level)
    assert 0.01 < seconds <= time.perf_counter() - start
    assert len(list((tmp_path / "raw" / "train").iterdir())) == 2


def test_the_reference_has_the_shape_of_both_signals(
    simulation: ModuleType, tmp_path: Path
) -> None:
    start = time.perf_counter()
    seconds = simulation.written(tmp_path / "random.parquet", 200)
    assert 1e-3 < seconds <= time.perf_counter() - start
    # The last one written; random counts cannot be packed.
    last, clock = DETECTORS[-1], make_clock(DETECTORS[-1], 7.5, 200)
    assert (tmp_path / "random.parquet").stat().st_size >= 2 * 2 * clock.pairs * last.pixels


def test_spectra_are_timed(simulation: ModuleType) -> None:
    start = time.perf_counter()
    seconds, reference = simulation.spectra(3)
    assert 1e-3 < 3 * seconds <= time.perf_counter() - start
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
    seen = draw_circumstances(
        draw_planet(streams(Source.POPULATION), streams(Source.LIMB_DARKENING), sim.population),
        sim,
        streams,
    )
    clock = make_clock(AIRS, sim.hours, cadence=1)
    scene = build_scene(seen, AIRS, sim, streams)
    light = columns_to_bins((scene.light / seen.light.airs[:, None]).T)
    truth = {name: np.asarray(value) for name, value in describe(seen).items()}
    ours = benchmark("noise").true_light(truth, clock.mid_time_h, slice(1, None), sim.hours)
    np.testing.assert_allclose(ours[:-1], light[:-1], rtol=1e-9)


def test_the_kill_chain_and_its_references_run(tree: KaggleTree, visit: Visit) -> None:
    module = benchmark("kill_chain")
    for work in (module.decode, module.one_thread, module.plain_numpy):
        work(visit, tree)
    (visit.signal_path(AIRS)).unlink()
    with pytest.raises(FileNotFoundError):
        module.decode(visit, tree)


def test_work_is_measured_when_warm(tree: KaggleTree, visit: Visit) -> None:
    """The first run, a slow one, does not count; waiting is no work."""
    lasting = [0.5, 0.05, 0.06, 0.3]

    def work(*_: object) -> None:
        time.sleep(lasting.pop(0))

    wall, cpu, peak = benchmark("kill_chain").measured(work, visit, tree, 3)
    assert not lasting
    assert 0.06 <= wall < 0.3
    assert cpu < 0.05
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    assert 0.5 * most < peak <= most


@pytest.fixture(scope="module")
def beside() -> Iterator[None]:
    """As for a script, the folder of the benchmarks is where they find each other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        yield


@pytest.fixture(scope="module")
def ablation(beside: None) -> ModuleType:
    return benchmark("ablation")


@pytest.fixture(scope="module")
def switches(beside: None) -> ModuleType:
    return benchmark("switches")


@pytest.fixture(scope="module")
def marks(beside: None) -> ModuleType:
    return benchmark("marks")


SMALL = (
    *("sim=smoke", "sim.planets=10", "sim.test_planets=2", "sim.two_visit_fraction=0"),
    *("level=lightcurves", "env.workers=1"),
)


@pytest.fixture(scope="module")
def read(marks: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """Overrides that read a small tree of light curves."""
    return marks.tree("nominal", None, tmp_path_factory.mktemp("trees"), SMALL)


def a_prior() -> SpectralPrior:
    rng = np.random.default_rng(0)
    size, weight = np.array([1.0, 3.0]), np.array([0.75, 0.25])
    shape, components = 1e-5 * rng.standard_normal(283), 1e-5 * rng.standard_normal((283, 4))
    remainder = np.full(283, 1e-12)
    none, quiet = no_clusters(283, 4), before(1e-9)
    return SpectralPrior(
        0.01, 0.01, size, weight, shape, components, remainder, STATED, quiet, 0.1, 2.5e-4, none
    )


def test_every_variant_is_a_setting_that_exists(ablation: ModuleType) -> None:
    usual = compose()
    for name, overrides in ablation.VARIANTS.items():
        assert (compose(overrides) == usual) == (name == ablation.FULL), name


def test_without_prior_the_measurement_is_the_answer(ablation: ModuleType) -> None:
    depth = 0.01 + 1e-4 * np.random.default_rng(1).standard_normal(283)
    measured = Measurement(depth, np.full(283, 1e-10), np.full((283, 1), 2e-5))
    found = ablation.no_prior(a_prior()).posterior([measured])
    np.testing.assert_allclose(found.mean, depth, atol=1e-8)
    np.testing.assert_allclose(found.sigma, np.sqrt(5e-10), rtol=1e-4)


def test_one_size_has_the_mean_and_covariance_of_the_mixture(ablation: ModuleType) -> None:
    prior = a_prior()
    means, covariances = [], []
    for size in prior.size:
        mean, components, remainder = prior.of_size(size)
        means.append(mean)
        covariances.append(components @ components.T + np.diag(remainder))
    mean = prior.weight @ means
    off = np.array(means) - mean
    covariance = np.tensordot(prior.weight, covariances, 1) + (off.T * prior.weight) @ off
    one = ablation.one_size(prior)
    got, components, remainder = one.of_size(float(one.size[0]))
    np.testing.assert_allclose(got, mean, rtol=1e-12)
    np.testing.assert_allclose(
        components @ components.T + np.diag(remainder), covariance, atol=1e-15
    )


@pytest.mark.slow
def test_variants_are_compared_planet_by_planet(
    ablation: ModuleType, read: tuple[str, ...], tmp_path: Path
) -> None:
    """Also: the kill chain's variant says that it lacks raw reads; a second run changes nothing."""
    parts = ["not in", "prior: off", "one factor"]
    names = ablation.chosen(parts)
    subject = ablation.Ablation(tmp_path, read, SMALL)
    rows = {row.variant: row for row in ablation.ablate(subject, names)}
    assert set(rows) == set(names) - {"pointing: not in calibrate"}
    assert rows["full"].difference_range == (0.0, 0.0)
    assert rows["full"].airs_shape_median < rows["prior: off"].airs_shape_median
    assert rows["prior: off"].difference_range[1] < 0
    assert rows["sigma: one factor"].fgs1_median == rows["full"].fgs1_median
    assert rows["pointing: not in fit"].airs_mean_median != rows["full"].airs_mean_median
    left_out = json.loads((tmp_path / "ablation.json").read_text())["left_out"]
    assert "no raw reads" in left_out["pointing: not in calibrate"]
    assert len(ablation.table(list(rows.values()))) == 1 + len(rows)
    fits = [*tmp_path.rglob("depths_*.npz")]
    written = [path.stat().st_mtime_ns for path in fits]
    subject.do("pointing: not in fit")
    assert [path.stat().st_mtime_ns for path in fits] == written


@pytest.mark.slow
def test_a_checkpoint_applied_to_its_own_tree_gives_its_own_estimate(
    marks: ModuleType, read: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other tree is the same tree: estimate and oracle must agree, on every path to them."""
    run = marks.chain(tmp_path / "nominal", read, SMALL)
    bound = marks.scores(run.config)["oracle"]["score"]
    own = marks.standing("own", run, bound)
    other = marks.applied(run, run)
    oracle = marks.oracle_of(run.config)
    assert marks.standing("own", other, bound, oracle) == own
    assert own.score != own.oracle
    assert other.folder != run.folder
    monkeypatch.setattr(marks, "CORES", 1)  # no processes to start
    assert np.isfinite(marks.seconds_a_planet(run, 1))
    assert [mark.what for mark in marks.nominal_marks(run, 0.5) if mark.mark == 1.3] == [
        f"median error over the oracle's, {part}" for part in ("FGS1", "AIRS mean", "AIRS shape")
    ]


def test_marks_by_hand(marks: ModuleType) -> None:
    nominal = marks.Standing("nominal", 0.8, 0.85, 0.85, 2.0, 0, 100)
    hostile = marks.Standing("hostile", 0.6, 0.5, 0.7, 7.0, 3, 30)
    found = marks.other_marks(hostile, nominal)
    assert [mark.value for mark in found] == pytest.approx([7.0, 0.05])  # fell 0.2, oracle 0.15
    assert [mark.reached for mark in found] == [False, False]
    assert marks.Mark("", "", 0.95, 0.95, at_least=True).reached
    assert not marks.Mark("", "", 0.94, 0.95, at_least=True).reached
    said = "\n".join(marks.lines([nominal, hostile], found))
    assert "3 of 30" in said
    assert said.count("fail") == 2


def test_every_foreign_setting_belongs_to_one_switch(switches: ModuleType) -> None:
    each = switches.switches()
    assert set(each) == {
        *("airs_motion", "red_noise", "fgs1_own_drift", "odd_drift", "breathing", "flat_error"),
        *("curvature_error", "stray_gradient", "limb_darkening", "opacities", "eccentricity"),
        *("faculae", "crossed_spots", "moon", "spots"),
    }
    assert len(each["limb_darkening"]) == 2
    turned = [one.partition("=")[0] for some in each.values() for one in some]
    profile = OmegaConf.to_container(OmegaConf.load(resource_dir("configs") / "sim/foreign.yaml"))
    written = {f"sim.{key}" for key in leaves(profile) if key not in (*switches.SIZE, "defaults")}
    assert sorted(turned) == sorted(written)
    together = switches.rows()["all"]
    assert compose([*switches.usual(), *together]).sim == compose(["sim=foreign"]).sim


def leaves(node: object, path: str = "") -> list[str]:
    """Keys of all settings below a node, dotted."""
    if not isinstance(node, dict):
        return [path]
    below = [leaves(child, f"{path}.{name}" if path else name) for name, child in node.items()]
    return [key for keys in below for key in keys]


def test_rows_of_the_table_of_switches(switches: ModuleType) -> None:
    assert list(switches.chosen([])) == ["none", *switches.switches(), "all"]
    assert switches.chosen(["moon", "none"]).keys() == {"none", "moon"}
    assert switches.chosen(["none"]) == {"none": ()}
    with pytest.raises(ConfigError, match="no switch of sim=foreign is called mooon"):
        switches.chosen(["mooon", "moon"])
    rows = [
        switches.Outcome("moon", 0.7012, 1.151, 4.96, 2, 30),
        switches.Outcome("all", 0.5, np.nan, np.nan, 30, 30),
    ]
    head, moon, all_on = switches.lines(rows)
    assert moon.split() == ["moon", "0.7012", "1.15", "4.96", "2", "of", "30"]
    assert all_on.split()[2:4] == ["nan", "nan"]
    assert len(head) == len(moon) == len(all_on)


def test_marks_of_the_foreign_tree_by_hand(marks: ModuleType) -> None:
    ours = marks.Outcome("foreign", 0.62, 1.2, 4.9, 1, 30)
    found = marks.foreign_marks(ours, marks.Outcome("informed", 0.65, 1.0, 2.0, 0, 30))
    assert [mark.value for mark in found] == pytest.approx([0.62 / 0.65, 1.2, 4.9])
    assert [mark.reached for mark in found] == [True, False, True]
    lost = marks.Outcome("foreign", 0.1, np.nan, np.nan, 30, 30)
    worthless = marks.Outcome("informed", 0.0, 1.0, 2.0, 0, 30)
    assert not any(mark.reached for mark in marks.foreign_marks(lost, worthless))


NO_NOISE = tuple(
    f"sim.effects.{name}=false"
    for name in (
        *("photon", "read", "dark", "hot", "dead", "flat", "nonlinearity", "saturation", "cosmic"),
        *("persistence", "jitter", "defocus", "intra_pixel", "drift", "foreground"),
    )
)
RIDDLES = {
    "airs": ("airs_motion.own_px=0.01", "red_noise.airs=3e-5", "odd_drift.settling=1.5e-4"),
    "fgs1": ("red_noise.fgs1=5e-5", "odd_drift.cycling=6e-5"),
}


def test_informed_light_curves_hold_no_more_than_a_transit(
    marks: ModuleType, beside: None, tmp_path: Path
) -> None:
    """What is left is the transit that the fit expects; also: what is done is not done again."""
    module = benchmark("informed")
    sim = ("sim=full", "sim.cadence=40", "sim.planets=1", "sim.test_planets=1", *NO_NOISE)
    size = ("sim.two_visit_fraction=0", "level=lightcurves", "env.workers=1")
    telescope = (f"sim.foreign.telescope.{one}" for some in RIDDLES.values() for one in some)
    sky = ("sim.foreign.sky.limb_darkening_law=four_parameter", "sim.foreign.sky.limb_factor=1.15")
    run = marks.Run(tmp_path, (*sim, *size, *telescope, *sky))
    run.stages("simulate")
    tree, folder = KaggleTree(run.config.data.raw), tmp_path / "informed"
    read = module.informed(run, folder)
    assert compose(read).paths.calibrated == folder
    left = {}
    for visit, star in module.star_rows(tree, "train"):
        truth = np.load(tree.root / "truth" / f"{visit}.npz")
        for name, root in (("before", run.config.paths.calibrated), ("after", folder)):
            for detector, curves in module.CURVES.items():
                path = CalibratedFolder(root).series(detector, visit)
                series = read_series(path, curves)
                light = expected_light(series.time_h, truth, star.teff_k, detector)
                rest = (series.flux / light)[:-1]
                left[name, detector.key] = slow_rms_ppm(rest / rest.mean(axis=0) - 1)
    assert min(left["before", key] for key in ("airs", "fgs1")) > 50
    assert max(left["after", key] for key in ("airs", "fgs1")) < 12
    files = sorted(folder.rglob("*.*"))
    assert len(files) == 6
    written = [path.stat().st_mtime_ns for path in files]
    module.informed(run, folder)
    assert [path.stat().st_mtime_ns for path in files] == written


def slow_rms_ppm(rest: np.ndarray) -> float:
    """Of half hours and groups of bins: the counts' rounding, white, averages out."""
    groups = 6 if rest.shape[1] > 6 else 1
    count = len(rest) // 14
    means = rest[: 14 * count].reshape(14, count, groups, -1).mean(axis=(1, 3))
    return 1e6 * float(np.sqrt((means**2).mean()))


def expected_light(
    time_h: np.ndarray, truth: Mapping[str, np.ndarray], teff_k: float, detector: Detector
) -> np.ndarray:
    """Transit of a visit before a star of the grey atmosphere, by instants a minute apart."""
    bins = slice(0, 1) if detector == FGS1 else slice(1, None)
    step_h = np.diff(time_h).min()
    count = int(np.ceil(60 * step_h))
    instants = (time_h[:, None] + step_h * ((np.arange(count) + 0.5) / count - 0.5)).ravel()
    orbit = (float(truth[key]) for key in ("period_d", "a_over_rs", "inclination_deg"))
    separation = projected_separation(instants, float(truth["mid_time_h"]), *orbit)
    limb = quadratic_coefficients(teff_k, bin_wavelengths())[bins]
    flux = transit_flux(separation, np.sqrt(truth["spectrum"][bins]), limb)
    mean = flux.reshape(len(flux), len(time_h), -1).mean(axis=2)
    return (1 - truth["spot_factor"][bins, None] * (1 - mean)).T


def test_rules_are_held_against_truths(tmp_path: Path) -> None:
    rules = benchmark("rules_on_truth")
    spectra = np.stack([0.01 + 1e-4 * np.sin(bin_wavelengths() * k) for k in (1.0, 1.5, 2.0)])
    (tmp_path / "truth").mkdir()
    table = pd.DataFrame(spectra, columns=[f"wl_{i}" for i in range(1, 284)])
    table.insert(0, "planet_id", ["1", "2", "3"])
    table.to_csv(tmp_path / "train.csv", index=False)
    table.to_csv(tmp_path / "truth" / "test.csv", index=False)
    found = rules.main(["--planets", "2", "--trees", str(tmp_path)])
    assert {cost.spectra for cost in found} == {"simulated", "atmospheres", str(tmp_path)}
    smooth = {cost.spectra: cost for cost in found if cost.rule == "sm"}
    assert all(cost.truth < 0.1 * cost.noise for cost in smooth.values())
    assert not any(cost.mis_set for cost in smooth.values())
    assert len(rules.of_tree(tmp_path)) == 6


def test_a_rule_that_likes_noise_no_less_than_truth_is_mis_set() -> None:
    cost = benchmark("rules_on_truth").Cost
    assert cost("a", "coh", truth=0.1, truth_often=0.2, noise=0.15, nats=0.01).mis_set
    assert not cost("a", "coh", truth=0.1, truth_often=0.2, noise=0.3, nats=0.01).mis_set
    assert not cost("a", "coh", truth=0.1, truth_often=0.2, noise=0.15, nats=1e-4).mis_set


@pytest.mark.parametrize("group", ["default", "full"])
def test_the_forward_models_that_are_timed_give_spectra(group: str) -> None:
    module = benchmark("forward_model")
    assert np.shape(module.simulated(2)()) == (2, 283)
    for opacity in (None, module.made_up()):
        found = module.retrieved(group, module.numpy_namespace(np.float32), opacity, 2)()
        assert found.shape == (2, 283)


def test_what_taurex_is_given_is_what_we_read(tmp_path: Path) -> None:
    pytest.importorskip("h5py")
    from spectramind.physics.opacity_files.open_tables import read_gas_tables

    module = benchmark("taurex_check")
    module.write_files(tmp_path, {"H2O": 1e-3, "CH4": 1e-4}, True)
    tables, others = read_gas_tables(tmp_path)
    assert sorted(tables) == ["ch4", "h2o"]
    assert not others
    expected = module.section("CH4", tables["ch4"].pressure_pa / 1e5, np.array([300.0]), True)
    np.testing.assert_allclose(tables["ch4"].section_cm2[:, 0, :, 0], expected[:, 0], rtol=1e-9)
