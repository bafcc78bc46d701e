"""Light curves drawn directly against the same visits taken through detector and calibration."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.calibration.chain import calibrate_detector
from spectramind.calibration.run import calibrate
from spectramind.config.compose import compose
from spectramind.config.root import Config
from spectramind.dataset.tables import Timing, read_star_info, read_truth
from spectramind.dataset.tree import KaggleTree
from spectramind.errors import ConfigError, SchemaError
from spectramind.features.extraction import Spectra, extract_spectra
from spectramind.features.photometry import Photometry, measure
from spectramind.features.run import curve_paths, extract
from spectramind.instrument.detectors import AIRS, FGS1, Detector
from spectramind.instrument.grid import columns_to_bins
from spectramind.pipeline.light_curves import (
    Chain,
    light_curves_level,
    read_photometry,
    read_spectra,
)
from spectramind.simulation.clock import make_clock
from spectramind.simulation.detector.adc import adc_info
from spectramind.simulation.population import draw_planet
from spectramind.simulation.run import simulate
from spectramind.simulation.streams import Source, Streams
from spectramind.simulation.visit import (
    Circumstances,
    build_scene,
    draw_circumstances,
    expose_detector,
)

Array = NDArray[np.float64]
PLANETS = 3
DRAWS = 12  # of the noise of light curves; telemetry, far dearer, has one


@pytest.fixture(scope="module")
def long() -> Config:
    """The demo's cadence, visits twice as long: noise is measured to a few per cent."""
    return compose(["experiment=demo", "sim.hours=16"])


def calibrated(
    seen: Circumstances, detector: Detector, config: Config, streams: Streams
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Frames and variance after the whole way through detector and kill chain."""
    clock = make_clock(detector, config.sim.hours, config.sim.cadence)
    taken = expose_detector(detector, seen, config.sim, streams)
    reads = np.array([clock.start_s, clock.start_s + clock.integration_s])
    cube = calibrate_detector(
        lambda pixels: taken.counts[pixels],
        2 * clock.pairs,
        detector,
        taken.frames,
        adc_info(config.sim.cadence),
        Timing(reads, clock.mid_time_h, clock.integration_s),
        config.calib,
    )
    return cube.frames, cube.variance


@dataclass(frozen=True)
class Both:
    """One visit at both levels, and what the star alone does: its light, (T, 282) and (T,)."""

    airs_light: Array
    fgs1_light: Array
    airs: tuple[Spectra, list[Spectra]]
    fgs1: tuple[Photometry, list[Photometry]]


@pytest.fixture(scope="module")
def visits(long: Config) -> list[Both]:
    found = []
    for index in range(PLANETS):
        streams = Streams(3, index, 0)
        planet = draw_planet(streams(Source.POPULATION), long.sim.population)
        seen = draw_circumstances(planet, long.sim, streams)
        light = {d: build_scene(seen, d, long.sim, streams).light for d in (FGS1, AIRS)}
        cubes = {d: calibrated(seen, d, long, streams) for d in (FGS1, AIRS)}
        chains = {d: Chain(seen, d, long.sim, streams, long.calib) for d in (FGS1, AIRS)}
        star = long.features.photometry
        found.append(
            Both(
                np.asarray(columns_to_bins(light[AIRS].T)),
                light[FGS1][0],
                (extract_spectra(*cubes[AIRS]), [read_spectra(chains[AIRS]) for _ in range(DRAWS)]),
                (
                    measure(*cubes[FGS1], star),
                    [read_photometry(chains[FGS1], star) for _ in range(DRAWS)],
                ),
            )
        )
    return found


def residual(flux: NDArray[np.float32], light: Array) -> Array:
    """What is left of a light curve without transit and drift, relative."""
    ratio = flux / light
    return np.asarray(ratio / ratio.mean(axis=0) - 1)


def airs_residuals(visit: Both) -> tuple[Array, list[Array]]:
    telemetry, drawn = visit.airs
    return (
        residual(telemetry.flux, visit.airs_light),
        [residual(spectra.flux, visit.airs_light) for spectra in drawn],
    )


def neighbours(values: Array, lag: int) -> float:
    """Mean correlation of bins ``lag`` apart."""
    standard = values / values.std(axis=0)
    return float((standard[:, lag:] * standard[:, :-lag]).mean())


def test_every_bin_is_as_noisy(visits: list[Both]) -> None:
    pairs = [airs_residuals(visit) for visit in visits]
    through = np.mean([telemetry.var(axis=0) for telemetry, _ in pairs], axis=0)
    drawn = np.mean([r.var(axis=0) for _, many in pairs for r in many], axis=0)
    ratio = drawn / through
    blocks = np.array([block.mean() for block in np.array_split(ratio, 12)])
    np.testing.assert_allclose(blocks, 1.0, atol=0.05)
    assert np.mean(np.abs(ratio - 1) < 0.1) > 0.9  # each is measured to 5 %
    assert np.abs(ratio - 1).max() < 0.3


def test_white_light_and_neighbours_agree(visits: list[Both]) -> None:
    pairs = [airs_residuals(visit) for visit in visits]
    white = [
        np.average(r, axis=1, weights=visit.airs_light.mean(axis=0)).var()
        for visit, (telemetry, many) in zip(visits, pairs, strict=True)
        for r in (telemetry, *many)
    ]
    by_visit = np.reshape(white, (PLANETS, 1 + DRAWS))
    assert by_visit[:, 1:].mean() / by_visit[:, 0].mean() == pytest.approx(1.0, abs=0.1)
    for lag in (1, 2, 10):
        through = np.mean([neighbours(telemetry, lag) for telemetry, _ in pairs])
        drawn = np.mean([neighbours(r, lag) for _, many in pairs for r in many])
        assert drawn == pytest.approx(through, abs=0.01)


def test_fgs1_agrees_in_flux_and_pointing(visits: list[Both]) -> None:
    for visit in visits:
        telemetry, drawn = visit.fgs1
        noise = residual(telemetry.flux, visit.fgs1_light).var()
        ours = np.mean([residual(star.flux, visit.fgs1_light).var() for star in drawn])
        assert ours / noise == pytest.approx(1.0, abs=0.1)
        assert np.mean([star.centroid.std(axis=0) for star in drawn], axis=0) == pytest.approx(
            telemetry.centroid.std(axis=0), rel=0.02
        )
        assert np.corrcoef(drawn[0].centroid[:, 0], telemetry.centroid[:, 0])[0, 1] > 0.9


def test_stated_variance_agrees(visits: list[Both]) -> None:
    for visit in visits:
        ratio = visit.airs[1][0].variance / visit.airs[0].variance
        assert np.median(ratio) == pytest.approx(1.0, abs=0.005)
        assert np.abs(np.median(ratio, axis=0) - 1).max() < 0.1
        stars = visit.fgs1[1][0].variance / visit.fgs1[0].variance
        assert np.median(stars) == pytest.approx(1.0, abs=0.005)


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
    simulate(config.sim, config.data.raw, config.seed, 1, light_curves_level(config))
    return config


def test_the_planets_are_those_of_telemetry(small: Config, tmp_path: Path) -> None:
    simulate(small.sim, tmp_path / "raw", small.seed, workers=1)
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


def test_features_takes_them_as_they_are(small: Config, tmp_path: Path) -> None:
    tree, photometry = KaggleTree(small.data.raw), small.features.photometry
    empty = tmp_path / "calibrated"
    assert calibrate(small.calib, tree, "test", empty, workers=1).to_do == ()
    assert not extract(small.features, tree, "test", empty, small.paths.features, workers=1)
    assert not empty.exists()

    other = photometry.model_copy(update={"aperture_px": photometry.aperture_px - 1})
    changed = small.features.model_copy(update={"photometry": other})
    with pytest.raises(ConfigError, match="photometry"):
        extract(changed, tree, "test", empty, small.paths.features, workers=1)
    with pytest.raises(SchemaError, match="level=lightcurves"):
        extract(small.features, tree, "test", empty, tmp_path / "elsewhere", workers=1)


def test_a_broken_note_is_named(small: Config, tmp_path: Path) -> None:
    tree = KaggleTree(small.data.raw)
    (visit,) = tree.visits("test")[:1]
    kept = visit.light_curves_path.read_text()
    visit.light_curves_path.write_text(json.dumps([1]))
    try:
        with pytest.raises(SchemaError, match=visit.light_curves_path.name):
            extract(small.features, tree, "test", tmp_path, small.paths.features, workers=1)
    finally:
        visit.light_curves_path.write_text(kept)


def test_the_tree_is_of_one_level_and_one_set_of_settings(small: Config) -> None:
    with pytest.raises(ConfigError, match="level"):
        simulate(small.sim, small.data.raw, small.seed, workers=1)
    one_floor = small.calib.interpolation.model_copy(update={"noise_floor": 0.5})
    calib = small.calib.model_copy(update={"interpolation": one_floor})
    changed = small.model_copy(update={"calib": calib})
    with pytest.raises(ConfigError, match="calib"):
        simulate(small.sim, small.data.raw, small.seed, 1, light_curves_level(changed))


def test_same_seed_same_bytes(small: Config, tmp_path: Path) -> None:
    work = tmp_path / "again"
    paths = small.paths.model_copy(update={"features": work / "features"})
    again = small.model_copy(update={"paths": paths})
    simulate(small.sim, work / "raw", small.seed, 1, light_curves_level(again))
    for visit in KaggleTree(small.data.raw).visits("train"):
        ours, anew = (curve_paths(c.paths.features, visit) for c in (small, again))
        assert all(ours[kind].read_bytes() == anew[kind].read_bytes() for kind in ours)
