"""Pointing, defocus, intra-pixel response, persistence, saturation, seam, last exposure."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.config.compose import compose
from spectramind.config.sim import SimulationConfig
from spectramind.config.sim_detector import JitterConfig, SeamConfig
from spectramind.instrument.detectors import AIRS, FGS1, Detector
from spectramind.simulation.defocus import draw_width
from spectramind.simulation.detector.adc import adc_info
from spectramind.simulation.detector.intra_pixel import draw_sensitivity
from spectramind.simulation.detector.persistence import Persistence, no_persistence
from spectramind.simulation.detector.saturation import saturate
from spectramind.simulation.detector.seam_step import column_gain
from spectramind.simulation.jitter import (
    airs_plate_scale,
    draw_track,
    mean_variance,
    noise,
    track_moments,
)
from spectramind.simulation.last_exposure import without_transit_at_last
from spectramind.simulation.planet_draw import SimulatedPlanet, draw_planet
from spectramind.simulation.psf import even_sensitivity, fgs1_basis, fgs1_motion
from spectramind.simulation.response_drift import draw_drift
from spectramind.simulation.streams import Streams
from spectramind.simulation.visit import Taken, draw_circumstances, expose_detector

Make = Callable[..., SimulationConfig]
DEFAULT = compose()


def jitter(**values: float) -> JitterConfig:
    return JitterConfig.model_validate({**DEFAULT.sim.jitter.model_dump(), **values})


@pytest.fixture(scope="module")
def planet() -> SimulatedPlanet:
    return draw_planet(np.random.default_rng(5), np.random.default_rng(6), DEFAULT.sim.population)


def taken(planet: SimulatedPlanet, config: SimulationConfig, detector: Detector) -> Taken:
    streams = Streams(1, 0, 0)
    return expose_detector(detector, draw_circumstances(planet, config, streams), config, streams)


def electrons(
    planet: SimulatedPlanet, config: SimulationConfig, detector: Detector
) -> NDArray[np.float64]:
    """(H, W, T, 2) reads as the ADC's settings decode them."""
    adc = adc_info(config.cadence)
    counts = taken(planet, config, detector).counts
    return (counts / adc.gain + adc.offset).reshape(detector.height, detector.width, -1, 2)


def test_jitter_has_the_measured_scatter_on_both_detectors() -> None:
    track = draw_track(np.random.default_rng(2), jitter(), 67_500)
    np.testing.assert_allclose(track.std(1), 0.10, rtol=0.05)
    scale = airs_plate_scale(jitter())
    airs = track_moments(scale * track, np.zeros(67_500), 12, 5625)
    np.testing.assert_allclose(airs[1:3].std(1), 0.013, rtol=0.15)


def test_jitter_grows_with_its_factor_and_only_that() -> None:
    calm, wild, none = (
        draw_track(np.random.default_rng(2), jitter(factor=f), 100) for f in (1.0, 4.0, 0.0)
    )
    np.testing.assert_allclose(wild, 4 * calm)
    assert not none.any()


def test_jitter_has_the_configured_power_spectrum() -> None:
    settings = jitter(slow_fraction=1.0, knee_hz=0.02)
    series = noise(np.random.default_rng(3), settings, 200, 4096)
    power = (np.abs(np.fft.rfft(series, axis=1)) ** 2).mean(0)[1:]
    frequency = np.fft.rfftfreq(4096, 0.4)[1:]
    level = power * (1 + (frequency / 0.02) ** 2)  # the same at every frequency
    bands = ((0.0, 0.01), (0.015, 0.03), (0.1, 0.2))
    found = [level[(low < frequency) & (frequency < high)].mean() for low, high in bands]
    np.testing.assert_allclose(found, np.mean(found), rtol=0.05)
    white = noise(np.random.default_rng(4), jitter(slow_fraction=0.0), 200, 4096)
    flat = (np.abs(np.fft.rfft(white, axis=1)) ** 2).mean(0)[1:]
    assert flat[:500].mean() == pytest.approx(flat[-500:].mean(), rel=0.03)


@pytest.mark.parametrize("slow_fraction", [0.0, 0.3, 1.0])
def test_mean_of_pointing_has_the_stated_variance(slow_fraction: float) -> None:
    settings = jitter(slow_fraction=slow_fraction, knee_hz=0.02)
    series = noise(np.random.default_rng(5), settings, 4000, 24)
    for samples in (1, 12, 24):
        found = series[:, :samples].mean(1).var()
        assert found == pytest.approx(mean_variance(settings, samples), rel=0.08)


def test_defocus_widens_the_image_and_keeps_its_light_and_place() -> None:
    width = draw_width(np.random.default_rng(6), jitter(), 50_000)
    assert width.std() == pytest.approx(0.002, rel=0.05)
    assert abs(width.mean()) < 2e-4
    motion = fgs1_motion(0.6)
    images = np.einsum(
        "bhw,bt->thw",
        fgs1_basis(motion, even_sensitivity((32, 32))),
        motion.moments(np.zeros((2, 2)), np.array([0.0, 0.05]), 1, 2),
    )[:, 8:23, 8:23]  # the wings' own width is that of the frame
    row = np.arange(15)[:, None]
    mean = [(image * row).sum() / image.sum() for image in images]
    spread = [
        (image * row**2).sum() / image.sum() - m**2 for image, m in zip(images, mean, strict=True)
    ]
    assert images[1].sum() == pytest.approx(images[0].sum(), rel=1e-3)
    assert mean[1] == pytest.approx(mean[0], abs=2e-3)
    assert spread[1] - spread[0] == pytest.approx(0.05, rel=0.1)
    assert images[1].max() < images[0].max()


def test_intra_pixel_response_averages_to_one_and_drops_to_the_edges() -> None:
    sensitivity = draw_sensitivity(np.random.default_rng(7), (32, 32), 0.08)
    u = (np.arange(5) - 2) / 5
    grid = np.stack(
        [
            np.ones((5, 5)),
            *np.meshgrid(u, u, indexing="ij"),
            u[:, None] ** 2 + u**2 - 2 * (u**2).mean(),
        ]
    )
    response = np.einsum("khw,kuv->hwuv", sensitivity, grid)
    np.testing.assert_allclose(response.mean((2, 3)), 1, atol=1e-12)
    centre = response[:, :, 2, 2]
    edge = np.mean([response[:, :, 0, 2], response[:, :, 4, 2]], axis=0)
    np.testing.assert_allclose(centre - edge, 4 * 0.08 * 0.4**2, atol=1e-12)


def test_intra_pixel_response_makes_detected_light_depend_on_the_place() -> None:
    motion = fgs1_motion(0.6)
    track = np.array([[0.0, 0.1, 0.0], [0.0, 0.0, 0.1]])
    moments = motion.moments(track, np.zeros(3), 1, 3)
    sensitivities = (
        draw_sensitivity(np.random.default_rng(8), (32, 32), 0.08),
        even_sensitivity((32, 32)),
    )
    uneven, even = (fgs1_basis(motion, s).sum((1, 2)) @ moments for s in sensitivities)
    assert uneven[0] == pytest.approx(even[0], rel=0.01)
    assert np.abs(uneven - uneven[0]).max() > 5 * np.abs(even - even[0]).max()
    np.testing.assert_array_equal(
        draw_sensitivity(np.random.default_rng(8), (2, 2), 0.0), even_sensitivity((2, 2))
    )


def test_persistence_fills_and_drains_exponentially() -> None:
    tau, cycle = 100.0, 10.0
    rate = np.full((1, 60), 1000.0)
    time = cycle * np.arange(60)
    # Mean over an exposure of 1 - exp(-t / tau): nothing before the visit.
    mean = 1 - tau / cycle * (np.exp(-time / tau) - np.exp(-(time + cycle) / tau))
    released = Persistence(0.01, tau, 0.0).release(rate, cycle)[0]
    np.testing.assert_allclose(released, 10 * mean, rtol=1e-12)
    steady = Persistence(0.01, tau, 1.0).release(rate, cycle)
    np.testing.assert_allclose(steady, 10.0, rtol=1e-12)
    dark = np.where(np.arange(60) < 1, 1000.0, 0.0)[None]
    drained = Persistence(0.01, tau, 1.0).release(dark, cycle)[0, 1:]
    np.testing.assert_allclose(drained[1:] / drained[:-1], np.exp(-cycle / tau), rtol=1e-12)
    assert not no_persistence().release(rate, cycle).any()


def test_persistence_of_a_sum_of_cycles_is_the_mean_of_theirs() -> None:
    rate = np.repeat(np.random.default_rng(9).uniform(0, 1e4, (3, 20)), 8, axis=1)
    trap = Persistence(1e-3, 77.0, 0.4)
    fine = trap.release(rate, 4.8).reshape(3, 20, 8).mean(-1)
    np.testing.assert_allclose(trap.release(rate[:, ::8], 8 * 4.8), fine, rtol=1e-10)


def test_full_well_by_hand() -> None:
    reads = np.array([[-5.0, 99.0, 100.0, 1e9]])
    np.testing.assert_array_equal(saturate(reads, 100.0), [[-5.0, 99.0, 100.0, 100.0]])


@pytest.mark.parametrize("cadence", [1, 5])
def test_full_pixels_stop_at_the_well_and_are_recorded(
    make_config: Make, planet: SimulatedPlanet, cadence: int
) -> None:
    values = {"hours": 0.1 * cadence + 0.4, "cadence": cadence, "only": ("saturation",)}
    plain = make_config(**values)
    detector = plain.detector.model_copy(update={"full_well_e": 30_000.0})
    shallow = plain.model_copy(update={"detector": detector})
    free, cut = electrons(planet, plain, AIRS), electrons(planet, shallow, AIRS)
    well = 30_000.0 * cadence
    rounding = 1 / adc_info(cadence).gain
    assert free.max() > 1.2 * well
    np.testing.assert_allclose(cut, np.minimum(free, well), atol=rounding)
    full = taken(planet, shallow, AIRS).injected["full"]
    np.testing.assert_array_equal(full, (cut > well - 1.01 * rounding).any((2, 3)))


def test_seam_steps_the_gain_of_airs_alone(make_config: Make, planet: SimulatedPlanet) -> None:
    seam = SeamConfig(column=200, step=0.05)
    np.testing.assert_array_equal(column_gain(seam, FGS1), 1.0)
    np.testing.assert_array_equal(column_gain(SeamConfig(column=None, step=0.05), AIRS), 1.0)
    plain = make_config(only=(), hours=0.5, cadence=5)
    stepped = plain.model_copy(update={"seam": seam})
    free, seamed = electrons(planet, plain, AIRS), electrons(planet, stepped, AIRS)
    np.testing.assert_array_equal(seamed[:, :200], free[:, :200])
    bright = free[:, 200:].min((2, 3)) > 100
    ratio = (seamed[:, 200:] / free[:, 200:])[bright]
    assert np.median(ratio) == pytest.approx(1.05, abs=1e-3)


def test_last_exposure_shows_the_star_alone() -> None:
    change = np.array([[1.0, 0.99, 0.98], [1.0, 1.0, 1.0]])
    wrong = without_transit_at_last(change, 1)
    np.testing.assert_array_equal(wrong, [[1.0, 0.99, 1.0], [1.0, 1.0, 1.0]])
    np.testing.assert_allclose(without_transit_at_last(change, 4)[0, -1], 0.985)
    assert change[0, -1] == 0.98


def test_drift_grows_with_its_factor() -> None:
    detector = compose().sim.detector
    one, three = (
        draw_drift(np.random.default_rng(1), detector.model_copy(update={"drift_factor": factor}))
        for factor in (1.0, 3.0)
    )
    np.testing.assert_allclose(three.spectrum, 3 * one.spectrum)
    np.testing.assert_array_equal(three.legendre, one.legendre)


@pytest.mark.parametrize(
    "name", ["jitter", "defocus", "intra_pixel", "persistence", "foreground", "drift"]
)
def test_a_switch_changes_its_own_record_alone(
    make_config: Make, planet: SimulatedPlanet, name: str
) -> None:
    """What the other effects draw, and the photon and read noise, stay as they were."""
    config = make_config(hours=0.5, cadence=10)
    off = make_config(hours=0.5, cadence=10, off=(name,))
    own = {
        "jitter": {"displacement_px", "displacement_square_px2"},
        "defocus": {"displacement_square_px2"},
        "persistence": {"persistence"},
        "foreground": {"foreground_e_s"},
    }.get(name, set())
    with_it, without = taken(planet, config, FGS1), taken(planet, off, FGS1)
    for key, value in with_it.injected.items():
        same = np.array_equal(np.asarray(value), np.asarray(without.injected[key]))
        assert same == (key not in own), key
    for frame in ("dark", "dead", "flat", "linear_corr", "read"):
        np.testing.assert_array_equal(
            getattr(with_it.frames, frame), getattr(without.frames, frame)
        )
    change = with_it.counts.astype(np.int64) - without.counts
    assert np.abs(change).max() > 0
    # Far less than if the noise had been drawn anew.
    assert np.median(change.std(1)) < 0.5 * np.median(with_it.counts[:, ::2].std(1))
