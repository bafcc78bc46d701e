"""What comes out of the simulator, decoded with the reader, against the truth and real numbers."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.config.compose import compose
from spectramind.config.sim import SimulationConfig
from spectramind.dataset.frames import read_references, read_signal
from spectramind.dataset.tables import read_adc_info, read_timing
from spectramind.dataset.tree import KaggleTree, Visit
from spectramind.instrument.detectors import AIRS, AIRS_SCIENCE, FGS1, Detector
from spectramind.simulation.detector.adc import adc_info
from spectramind.simulation.detector.sensor import draw_frames
from spectramind.simulation.planet_draw import SimulatedPlanet, draw_planet
from spectramind.simulation.streams import Source, Streams
from spectramind.simulation.visit import build_scene, draw_circumstances, expose_detector

Make = Callable[..., SimulationConfig]
CADENCE = 200  # of the ``tree`` fixture


def linear_reads(tree: KaggleTree, visit: Visit, detector: Detector) -> NDArray[np.float64]:
    """Electrons of each read of one cycle, non-linearity undone, (reads, H, W)."""
    adc = read_adc_info(tree, detector, visit.planet_id)
    measured = read_signal(visit, detector) / adc.gain + adc.offset
    coefficients = read_references(visit, detector).linear_corr.reshape(6, -1)
    linear = sum(c * measured**power for power, c in enumerate(coefficients))
    return np.asarray(linear).reshape(-1, detector.height, detector.width) / CADENCE


@pytest.fixture(scope="module")
def planet() -> SimulatedPlanet:
    return draw_planet(np.random.default_rng(5), np.random.default_rng(6), compose().sim.population)


def counts_of(
    planet: SimulatedPlanet, config: SimulationConfig, detector: Detector
) -> NDArray[np.uint16]:
    streams = Streams(1, 0, 0)
    seen = draw_circumstances(planet, config, streams)
    return expose_detector(detector, seen, config, streams).counts


def test_flux_lies_where_real_flux_lies(tree: KaggleTree) -> None:
    for visit in tree.visits("train"):
        airs, fgs1 = (linear_reads(tree, visit, d) for d in (AIRS, FGS1))
        # Outside transit, dead pixels fill in nothing: allow a few per cent.
        image = np.median(airs[1::2] - airs[0::2], axis=0)
        columns = image[:, AIRS_SCIENCE].sum(0)
        assert 1.1e7 < columns.sum() < 1.80e7
        assert 3e3 < columns.min() < 8e3
        assert 2.5e4 < np.median(columns) < 5e4
        assert 1.1e5 < columns.max() < 2.1e5
        assert AIRS_SCIENCE.start + np.argmax(columns) > 290  # peaks near 2 um
        rows = image / image.sum(0)
        assert set(np.argmax(rows[:, [60, 180, 300]], axis=0)) <= {15, 16}
        # Two rows hold 44-64 %; a dead pixel takes its column out of that.
        two_rows = np.quantile(rows[15:17, AIRS_SCIENCE].sum(0), [0.05, 0.95])
        assert two_rows == pytest.approx([0.45, 0.65], abs=0.03)
        assert 2.0e5 < np.median((fgs1[1::2] - fgs1[0::2]).sum((1, 2))) < 3.2e5


def test_faint_start_reads_decode_to_nearly_zero(tree: KaggleTree) -> None:
    visit = tree.visits("train")[0]
    starts = linear_reads(tree, visit, AIRS)[0::2]
    calm = read_references(visit, AIRS).dark < 0.02
    faint = starts[:, :6][:, calm[:6]].mean()
    assert -3 < faint < 3


def test_white_light_curve_shows_the_injected_transit(tree: KaggleTree) -> None:
    visit = tree.visits("test")[0]
    truth = np.load(tree.root / "truth" / f"{visit.name}.npz")
    reads = linear_reads(tree, visit, AIRS)
    white = (reads[1::2] - reads[0::2])[:, :, AIRS_SCIENCE].sum((1, 2))
    away_h = np.abs(truth["airs_time_h"] - truth["mid_time_h"])
    inside, outside = white[away_h < 0.5].mean(), white[away_h > away_h.max() - 0.5].mean()
    # Limb darkening makes the middle deeper than (Rp/Rs)^2; foreground makes it 0.6 % shallower.
    assert 1 - inside / outside == pytest.approx(truth["spectrum"][1:].mean(), rel=0.15)
    deepest = np.average(truth["airs_time_h"], weights=np.maximum(outside - white, 0))
    assert deepest == pytest.approx(truth["mid_time_h"], abs=0.15)


def test_reader_and_simulator_agree_on_time(tree: KaggleTree) -> None:
    visit = tree.visits("test")[0]
    truth = np.load(tree.root / "truth" / f"{visit.name}.npz")
    for detector, start, integration in ((AIRS, 0.1, 4.5), (FGS1, 0.1, 0.1)):
        timing = read_timing(tree, detector, len(read_signal(visit, detector)))
        np.testing.assert_allclose(timing.mid_time_h, truth[f"{detector.key}_time_h"], rtol=1e-12)
        expected = CADENCE * np.array([start, start + integration])
        np.testing.assert_allclose(timing.read_time_s, expected)


def test_truth_holds_what_acted_on_the_detectors(tree: KaggleTree) -> None:
    visit = tree.visits("test")[0]
    truth = np.load(tree.root / "truth" / f"{visit.name}.npz")
    settings = compose().sim.detector
    for detector in (AIRS, FGS1):
        own = {k.split("_", 1)[1]: truth[k] for k in truth.files if k.startswith(detector.key)}
        references = read_references(visit, detector)
        np.testing.assert_array_equal(own["dead"], references.dead)
        assert np.all(references.dark[own["hot"]] > 0.015)
        assert np.median(references.dark[~own["hot"]]) < 0.01
        assert own["displacement_px"].shape == (2, own["time_h"].size)
        assert own["displacement_square_px2"].shape == (3, own["time_h"].size)
        assert own["foreground_e_s"].min() > 0
        assert own["full"].shape == own["dead"].shape
        assert np.all(own["seam_gain"] == 1)
        fraction, release_s, before = own["persistence"]
        assert (fraction, release_s) == (settings.persistence_fraction, settings.persistence_s)
        assert 0 <= before <= 2
        hits = {own[f"cosmic_{name}"].size for name in ("pixel", "exposure", "charge_e", "early")}
        assert len(hits) == 1
    assert truth["drift_legendre"].shape == (5,)
    assert truth["drift_spectrum"].shape == truth["spectrum"].shape == (283,)
    assert truth["limb_darkening"].shape == (283, 2)
    assert {"period_d", "a_over_rs", "inclination_deg", "mid_time_h"} <= set(truth.files)


@pytest.mark.parametrize("detector", [FGS1, AIRS])
def test_coadded_cycles_hold_the_same_electrons(
    make_config: Make, planet: SimulatedPlanet, detector: Detector
) -> None:
    means = []
    for cadence in (1, 5):
        config = make_config(hours=0.5, cadence=cadence, only=("nonlinearity", "flat", "dark"))
        counts = counts_of(planet, config, detector).astype(np.float64)
        adc = adc_info(cadence)
        electrons = (counts + 0.5) / adc.gain + adc.offset
        means.append(electrons.reshape(detector.pixels, -1, 2).mean(1) / cadence)
    np.testing.assert_allclose(means[1], means[0], rtol=1e-4, atol=1.5)


@pytest.mark.parametrize("detector", [FGS1, AIRS])
def test_noise_of_a_coadded_sum_is_the_photons_and_two_reads(
    make_config: Make, planet: SimulatedPlanet, detector: Detector
) -> None:
    config = make_config(hours=1.0, cadence=4, only=("photon", "read"))
    quiet = make_config(hours=1.0, cadence=4, only=())
    adc = adc_info(config.cadence)

    def exposures(which: SimulationConfig) -> NDArray[np.float64]:
        electrons = counts_of(planet, which, detector) / adc.gain + adc.offset
        return np.asarray(electrons[:, 1::2] - electrons[:, 0::2])

    noisy, clean = exposures(config), exposures(quiet)
    read = draw_frames(detector, config, Streams(1, 0, 0)).read.ravel()
    bright = clean.mean(1) > np.quantile(clean.mean(1), 0.9)
    rounding = 3 / 12 / adc.gain**2  # of two noisy reads, and of two clean ones where light varies
    expected = clean.mean(1) + 2 * read**2 + rounding
    ratio = (noisy - clean).var(1) / expected
    assert ratio[bright].mean() == pytest.approx(1.0, abs=0.04)
    assert ratio[~bright].mean() == pytest.approx(1.0, abs=0.02)


def test_an_effect_leaves_what_others_draw_as_it_was(
    make_config: Make, planet: SimulatedPlanet
) -> None:
    with_hits = counts_of(planet, make_config(), FGS1)
    without = counts_of(planet, make_config(off=("cosmic",)), FGS1)
    assert 0 < (with_hits != without).mean() < 0.01

    streams = Streams(1, 0, 0)
    all_on = draw_frames(AIRS, make_config(), streams)
    for name, frame in (("flat", "flat"), ("dark", "dark"), ("hot", "dark"), ("dead", "dead")):
        some = draw_frames(AIRS, make_config(off=(name,)), streams)
        others = {"dark", "dead", "flat", "linear_corr", "read"} - {frame}
        if name == "dead":
            others -= {"flat"}  # a silent pixel's flat is its response
        for other in others:
            np.testing.assert_array_equal(getattr(some, other), getattr(all_on, other))
        assert not np.array_equal(getattr(some, frame), getattr(all_on, frame))


def test_without_effects_the_reference_frames_are_neutral(make_config: Make) -> None:
    frames = draw_frames(AIRS, make_config(only=()), Streams(1, 0, 0))
    assert np.all(frames.flat == 1)
    assert not frames.dead.any()
    assert not frames.dark.any()
    assert not frames.read.any()
    assert np.all(frames.linear_corr == np.eye(6)[1][:, None, None])


@pytest.mark.parametrize("name", ["drift", "foreground", "jitter", "defocus", "intra_pixel"])
def test_each_effect_on_the_light_changes_the_scene(
    make_config: Make, planet: SimulatedPlanet, name: str
) -> None:
    streams = Streams(1, 0, 0)
    scenes = []
    for only in ((name,), ()):
        config = make_config(only=only)
        seen = draw_circumstances(planet, config, streams)
        scenes.append(build_scene(seen, AIRS, config, streams))
    on, off = (scene.rate(16) for scene in scenes)
    change = np.abs(on / off - 1)[AIRS_SCIENCE]
    assert 1e-6 < np.median(change) < 0.1


def test_every_seed_source_has_its_own_stream() -> None:
    drawn = {
        (source, visit, detector): Streams(1, 2, visit)(source, detector).integers(2**62)
        for source in Source
        for visit in (0, 1)
        for detector in (None, FGS1, AIRS)
    }
    assert len(set(drawn.values())) == len(drawn)
