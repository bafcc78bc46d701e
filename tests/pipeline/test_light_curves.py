"""Light curves drawn directly against the same visits taken through detector and calibration."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.calibration.calibrate_split import calibrate
from spectramind.calibration.chain import extract_visit
from spectramind.calibration.kernel.stream import Stream
from spectramind.config.compose import compose
from spectramind.config.root import Config
from spectramind.contracts.series import Series
from spectramind.contracts.work_folder import CalibratedFolder, FeaturesFolder
from spectramind.dataset.tables import Timing, read_star_info, read_truth
from spectramind.dataset.tree import KaggleTree
from spectramind.errors import ConfigError, SchemaError
from spectramind.features.extract import Extraction, extract
from spectramind.instrument.detectors import AIRS, DETECTORS, FGS1, Detector
from spectramind.instrument.grid import columns_to_bins
from spectramind.pipeline.draw_light_curves import Chain, light_curves_level, read_light_curves
from spectramind.run.pool import Workers
from spectramind.simulation.clock import make_clock
from spectramind.simulation.detector.adc import adc_info
from spectramind.simulation.planet_draw import draw_planet
from spectramind.simulation.simulate_tree import simulate
from spectramind.simulation.streams import Source, Streams
from spectramind.simulation.visit import (
    Circumstances,
    build_scene,
    draw_circumstances,
    expose_detector,
)

Array = NDArray[np.float64]
Curves = dict[Detector, Series]
PLANETS = 3
DRAWS = 12  # of the noise of light curves; telemetry, far dearer, has one


@pytest.fixture(scope="module")
def long() -> Config:
    """The demo's cadence, visits twice as long: noise is measured to a few per cent.

    The pointing stays in the light curves: that both hold the same of it is half of the test.
    """
    return compose(["experiment=demo", "sim.hours=16", "calib.pointing.regress=false"])


class Counts:
    """Raw reads in memory, as a signal file gives them."""

    def __init__(self, counts: NDArray[np.uint16]) -> None:
        self._counts = counts
        self.n_reads = counts.shape[1]

    def pixels(self, block: NDArray[np.int64]) -> NDArray[np.uint16]:
        return self._counts[block]

    def reopened(self) -> "Counts":
        return self


def calibrated(seen: Circumstances, config: Config, streams: Streams) -> Curves:
    """Light curves after the whole way through detectors and kill chain."""

    def open_stream(detector: Detector) -> Stream:
        clock = make_clock(detector, config.sim.hours, config.sim.cadence)
        taken = expose_detector(detector, seen, config.sim, streams)
        reads = np.array([clock.start_s, clock.start_s + clock.integration_s])
        stream = Stream(
            detector,
            Counts(taken.counts),  # type: ignore[arg-type]
            taken.frames,
            adc_info(config.sim.cadence),
            Timing(reads, clock.mid_time_h, clock.integration_s),
            config.calib,
        )
        if detector == FGS1:
            stream.hold(samples=False)
        return stream

    found = extract_visit(open_stream, config.calib, threads=1)
    return {detector: curves.native for detector, curves in found.curves.items()}


@dataclass(frozen=True)
class Both:
    """One visit at both levels, and what the star alone does: its light, (T, 282) and (T, 1)."""

    light: dict[Detector, Array]
    telemetry: Curves
    drawn: list[Curves]

    def residuals(self, detector: Detector) -> tuple[Array, list[Array]]:
        """Of the telemetry and of every draw."""
        light = self.light[detector]
        drawn = [residual(curves[detector].flux, light) for curves in self.drawn]
        return residual(self.telemetry[detector].flux, light), drawn


@pytest.fixture(scope="module")
def visits(long: Config) -> list[Both]:
    found = []
    for index in range(PLANETS):
        streams = Streams(3, index, 0)
        planet = draw_planet(
            streams(Source.POPULATION), streams(Source.LIMB_DARKENING), long.sim.population
        )
        seen = draw_circumstances(planet, long.sim, streams)
        light = {d: build_scene(seen, d, long.sim, streams).light.T for d in DETECTORS}
        light[AIRS] = np.asarray(columns_to_bins(light[AIRS]))
        chains = {d: Chain(seen, d, long.sim, streams, long.calib) for d in DETECTORS}
        draws = [read_light_curves(chains[FGS1], chains[AIRS]) for _ in range(DRAWS)]
        drawn = [dict(zip((FGS1, AIRS), pair, strict=True)) for pair in draws]
        found.append(Both(light, calibrated(seen, long, streams), drawn))
    return found


def residual(flux: NDArray[np.float32], light: Array) -> Array:
    """What is left of a light curve without transit and drift, relative."""
    ratio = flux / light
    return np.asarray(ratio / ratio.mean(axis=0) - 1)


def neighbours(values: Array, lag: int) -> float:
    """Mean correlation of bins ``lag`` apart."""
    standard = values / values.std(axis=0)
    return float((standard[:, lag:] * standard[:, :-lag]).mean())


def test_every_bin_is_as_noisy(visits: list[Both]) -> None:
    pairs = [visit.residuals(AIRS) for visit in visits]
    through = np.mean([telemetry.var(axis=0) for telemetry, _ in pairs], axis=0)
    drawn = np.mean([r.var(axis=0) for _, many in pairs for r in many], axis=0)
    ratio = drawn / through
    blocks = np.array([block.mean() for block in np.array_split(ratio, 12)])
    np.testing.assert_allclose(blocks, 1.0, atol=0.05)
    assert np.mean(np.abs(ratio - 1) < 0.1) > 0.9  # each is measured to 5 %
    assert np.abs(ratio - 1).max() < 0.3


def test_white_light_and_neighbours_agree(visits: list[Both]) -> None:
    pairs = [visit.residuals(AIRS) for visit in visits]
    white = [
        np.average(r, axis=1, weights=visit.light[AIRS].mean(axis=0)).var()
        for visit, (telemetry, many) in zip(visits, pairs, strict=True)
        for r in (telemetry, *many)
    ]
    by_visit = np.reshape(white, (PLANETS, 1 + DRAWS))
    assert by_visit[:, 1:].mean() / by_visit[:, 0].mean() == pytest.approx(1.0, abs=0.1)
    for lag in (1, 2, 10):
        through = np.mean([neighbours(telemetry, lag) for telemetry, _ in pairs])
        drawn = np.mean([neighbours(r, lag) for _, many in pairs for r in many])
        assert drawn == pytest.approx(through, abs=0.01)


def test_fgs1_agrees_in_flux(visits: list[Both]) -> None:
    for visit in visits:
        telemetry, drawn = visit.residuals(FGS1)
        noise = np.mean([values.var(axis=0) for values in drawn], axis=0)
        assert noise / telemetry.var(axis=0) == pytest.approx(1.0, abs=0.1)  # image and aperture


def test_pointing_agrees(visits: list[Both]) -> None:
    for visit in visits:
        for detector, alike in ((FGS1, 0.9), (AIRS, 0.8)):
            ours, through = visit.drawn[0][detector].pointing, visit.telemetry[detector].pointing
            scatter = ours.std(axis=0) / through.std(axis=0)
            np.testing.assert_allclose(scatter[:2], 1.0, atol=0.15)
            assert np.corrcoef(ours[:, 0], through[:, 0])[0, 1] > alike


def test_stated_variance_agrees(visits: list[Both]) -> None:
    for visit in visits:
        airs = visit.drawn[0][AIRS].variance / visit.telemetry[AIRS].variance
        assert np.median(airs) == pytest.approx(1.0, abs=0.005)
        assert np.abs(np.median(airs, axis=0) - 1).max() < 0.1
        stars = visit.drawn[0][FGS1].variance / visit.telemetry[FGS1].variance
        np.testing.assert_allclose(np.median(stars, axis=0), 1.0, atol=0.005)


@pytest.fixture(scope="module")
def foreign_visit() -> dict[str, list[Curves]]:
    """One visit with all that a foreign telescope does, at both levels, and without it."""
    found = {}
    strong = [
        "sim.foreign.telescope.red_noise.airs=2e-4",
        "sim.foreign.telescope.red_noise.fgs1=3e-4",
    ]
    for profile, more in (("foreign", strong), ("lite", [])):
        config = compose([f"sim={profile}", "calib.pointing.regress=false", *more])
        streams = Streams(3, 0, 0)
        planet = draw_planet(
            streams(Source.POPULATION), streams(Source.LIMB_DARKENING), config.sim.population
        )
        seen = draw_circumstances(planet, config.sim, streams)
        chains = {d: Chain(seen, d, config.sim, streams, config.calib) for d in DETECTORS}
        draws = [read_light_curves(chains[FGS1], chains[AIRS]) for _ in range(DRAWS)]
        found[profile] = [dict(zip((FGS1, AIRS), pair, strict=True)) for pair in draws]
        if profile == "foreign":
            found["telemetry"] = [calibrated(seen, config, streams)]
    return found


@pytest.mark.parametrize(("detector", "noise"), [(FGS1, 3.0e-5), (AIRS, 1.2e-5)])
def test_a_foreign_telescope_acts_alike_at_both_levels(
    foreign_visit: dict[str, list[Curves]], detector: Detector, noise: float
) -> None:
    """White light in tenths of the visit, whose noise is that of the one telemetry."""

    def white(profile: str) -> Array:
        whole = slice(0, 1) if detector == FGS1 else slice(None)
        flux = np.mean([c[detector].flux[:, whole].sum(1) for c in foreign_visit[profile]], axis=0)
        return np.array([tenth.mean() for tenth in np.array_split(flux / flux.mean(), 10)])

    drawn, through, plain = (white(profile) for profile in ("foreign", "telemetry", "lite"))
    assert (drawn - through).std() < 2 * noise
    assert (drawn - plain).std() > 4 * noise  # what acted is larger than that
    ours, theirs = (foreign_visit[name][0][detector] for name in ("foreign", "telemetry"))
    level = ours.flux.mean(axis=0) / theirs.flux.mean(axis=0) - 1
    assert np.median(np.abs(level)) < 2e-4
    assert np.abs(level).max() < 2e-3
    for axis, alike in ((0, 0.98), (2, 0.95)):  # the shift along the slit, and the width
        shifts = ours.pointing[:, axis], theirs.pointing[:, axis]
        assert np.corrcoef(*shifts)[0, 1] > alike


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """Three visits of two planets, at the coarsest cadence, already simulated."""
    work = tmp_path_factory.mktemp("light_curves")
    config = compose(
        [
            "experiment=smoke",
            "level=lightcurves",
            "sim.planets=1",
            "sim.test_planets=1",
            "sim.two_visit_fraction=0.5",
            f"paths.work={work}",
        ]
    )
    simulate(config.sim, config.data.raw, config.seed, Workers(1), light_curves_level(config))
    return config


def test_the_planets_are_those_of_telemetry(small: Config, tmp_path: Path) -> None:
    simulate(small.sim, tmp_path / "raw", small.seed, workers=Workers(1))
    ours, telemetry = KaggleTree(small.data.raw), KaggleTree(tmp_path / "raw")
    for split in ("train", "test"):
        names = [visit.name for visit in ours.visits(split)]
        assert names == [visit.name for visit in telemetry.visits(split)]
        assert read_star_info(ours, split).equals(read_star_info(telemetry, split))
        path = Path("truth") / f"{split}.csv"
        assert read_truth(ours.root / path).equals(read_truth(telemetry.root / path))
        for name in names:
            a, b = (np.load(t.root / "truth" / f"{name}.npz") for t in (ours, telemetry))
            assert set(a.files) <= set(b.files)
            for key in a.files:
                np.testing.assert_array_equal(a[key], b[key])


def test_the_next_steps_take_them_as_they_are(small: Config, tmp_path: Path) -> None:
    tree, left = KaggleTree(small.data.raw), small.paths.calibrated
    assert (
        calibrate(small.calib, tree, "test", CalibratedFolder(left), workers=Workers(1)).to_do == ()
    )
    visits = tree.visits("test")

    def again() -> Extraction:
        folders = CalibratedFolder(left), FeaturesFolder(tmp_path)
        return extract(small.features, visits, *folders, Workers(1))

    assert again() == Extraction(visits, {})
    paths = [FeaturesFolder(tmp_path).airs_bins(visit.name) for visit in visits]
    assert all(path.is_file() for path in paths)
    assert not again().done

    other = small.calib.photometry.model_copy(update={"aperture_px": 9.0})
    changed = small.calib.model_copy(update={"photometry": other})
    with pytest.raises(ConfigError, match="calib"):
        calibrate(changed, tree, "test", CalibratedFolder(left), workers=Workers(1))
    with pytest.raises(SchemaError, match="level=lightcurves"):
        calibrate(
            small.calib, tree, "test", CalibratedFolder(tmp_path / "elsewhere"), workers=Workers(1)
        )


def test_a_broken_note_is_named(small: Config) -> None:
    tree = KaggleTree(small.data.raw)
    (visit,) = tree.visits("test")[:1]
    kept = visit.light_curves_path.read_text()
    visit.light_curves_path.write_text(json.dumps([1]))
    try:
        with pytest.raises(SchemaError, match=visit.light_curves_path.name):
            calibrate(
                small.calib,
                tree,
                "test",
                CalibratedFolder(small.paths.calibrated),
                workers=Workers(1),
            )
    finally:
        visit.light_curves_path.write_text(kept)


def test_the_tree_is_of_one_level_and_one_set_of_settings(small: Config) -> None:
    with pytest.raises(ConfigError, match="level"):
        simulate(small.sim, small.data.raw, small.seed, workers=Workers(1))
    one_floor = small.calib.interpolation.model_copy(update={"noise_floor": 0.5})
    calib = small.calib.model_copy(update={"interpolation": one_floor})
    changed = small.model_copy(update={"calib": calib})
    with pytest.raises(ConfigError, match="calib"):
        simulate(small.sim, small.data.raw, small.seed, Workers(1), light_curves_level(changed))


def test_same_seed_same_bytes(small: Config, tmp_path: Path) -> None:
    paths = small.paths.model_copy(update={"calibrated": tmp_path / "calibrated"})
    again = small.model_copy(update={"paths": paths})
    simulate(small.sim, tmp_path / "raw", small.seed, Workers(1), light_curves_level(again))
    for visit in KaggleTree(small.data.raw).visits("train"):
        for detector in DETECTORS:
            ours, anew = (
                CalibratedFolder(c.paths.calibrated).series(detector, visit.name).read_bytes()
                for c in (small, again)
            )
            assert ours == anew
