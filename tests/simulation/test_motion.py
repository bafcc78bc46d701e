"""The star's image as it moves, against rendering it where it is."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from spectramind.config.compose import compose
from spectramind.config.sim import SimulationConfig
from spectramind.instrument.detectors import AIRS_SCIENCE, FGS1
from spectramind.simulation import psf
from spectramind.simulation.detector.intra_pixel import draw_sensitivity
from spectramind.simulation.jitter import airs_plate_scale, draw_track, track_moments
from spectramind.simulation.motion import reach_of
from spectramind.simulation.planet_draw import draw_planet
from spectramind.simulation.psf import airs_basis, even_sensitivity, fgs1_basis, fgs1_motion
from spectramind.simulation.scene import Scene
from spectramind.simulation.star import draw_light
from spectramind.simulation.streams import Source, Streams
from spectramind.simulation.visit import build_scene, draw_circumstances

Array = NDArray[np.float64]
Make = Callable[..., SimulationConfig]
UNEVEN = draw_sensitivity(np.random.default_rng(1), (32, 32), 0.08)
# Absolute errors summed over the pixels, of all light. Photons leave 2e-3 in an exposure: an
# extraction that sees all of this is still 20 times better than they are.
ALLOWED = 1e-4


def moved(track: Array, width: Array, samples: int = 1) -> Array:
    """Mean images over exposures, (T, 32, 32), as the simulator makes them."""
    motion = fgs1_motion(reach_of(track))
    moments = motion.moments(track, width, samples, len(width) // samples)
    return np.einsum("khw,kt->thw", fgs1_basis(motion, UNEVEN), moments)


def rendered(track: Array) -> Array:
    """The image at every displacement, (T, 32, 32)."""
    images = [np.einsum("khw,khw->hw", UNEVEN, psf._fgs1_image(r, c)) for r, c in track.T]
    return np.stack(images)


def widened_cores(width: float) -> tuple[tuple[float, ...], ...]:
    cores = []
    for weight, row, column, sigma_row, sigma_column, rho in psf._FGS1_CORES:
        row_2, column_2 = sigma_row**2 + width, sigma_column**2 + width
        correlation = rho * sigma_row * sigma_column / np.sqrt(row_2 * column_2)
        cores.append((weight, row, column, row_2**0.5, column_2**0.5, float(correlation)))
    return tuple(cores)


def scene_of(config: SimulationConfig, factor: float) -> Scene:
    pointing = config.jitter.model_copy(update={"factor": factor})
    config = config.model_copy(update={"jitter": pointing})
    streams = Streams(4, 0, 0)
    planet = draw_planet(
        streams(Source.POPULATION), streams(Source.LIMB_DARKENING), config.population
    )
    return build_scene(draw_circumstances(planet, config, streams), FGS1, config, streams)


@pytest.mark.parametrize("reach", [0.05, 0.6, 1.2, 2.4])
def test_a_moved_image_is_the_image_rendered_there(reach: float) -> None:
    track = reach * np.random.default_rng(2).uniform(-1, 1, (2, 40))
    track[:, :4] = reach * np.array([[1, -1, 1, -1], [1, 1, -1, -1]])
    error = moved(track, np.zeros(40)) - rendered(track)
    assert np.abs(error).sum((1, 2)).max() < ALLOWED
    assert np.abs(error.sum((1, 2))).max() < ALLOWED / 4


@pytest.mark.parametrize("width", [-0.03, -0.008, 0.008, 0.03])
def test_a_widened_image_is_one_rendered_wider(
    monkeypatch: pytest.MonkeyPatch, width: float
) -> None:
    track = np.clip(0.4 * np.random.default_rng(3).normal(size=(2, 40)), -1.6, 1.6)
    made, unchanged = moved(track, np.full(40, width)), rendered(track)
    monkeypatch.setattr(psf, "_FGS1_CORES", widened_cores(width))
    wider = rendered(track)
    assert np.abs(made - wider).sum((1, 2)).max() < ALLOWED
    assert np.abs(unchanged - wider).sum((1, 2)).min() > 20 * ALLOWED


def test_the_mean_of_an_exposure_is_the_mean_of_its_samples() -> None:
    track = 0.4 * np.random.default_rng(4).normal(size=(2, 43))
    by_sample = rendered(track[:, :40]).reshape(4, 10, 32, 32).mean(axis=1)
    error = moved(track, np.zeros(43), samples=10) - by_sample
    assert np.abs(error).sum((1, 2)).max() < ALLOWED


def test_long_visits_are_the_same_as_their_parts() -> None:
    track = 0.1 * np.random.default_rng(5).normal(size=(2, 3000))
    motion, width = fgs1_motion(0.6), np.zeros(3000)
    whole = motion.moments(track, width, 1, 3000)
    parts = [motion.moments(track[:, s : s + 60], width[:60], 1, 60) for s in range(0, 3000, 60)]
    np.testing.assert_allclose(whole, np.hstack(parts), rtol=1e-9, atol=1e-13)


def test_a_track_beyond_the_reach_is_refused() -> None:
    assert reach_of(np.full((2, 3), -0.6)) == 0.6
    assert reach_of(np.full((2, 3), 0.61)) == 1.2
    with pytest.raises(ValueError, match=r"beyond the 0\.6 px"):
        fgs1_motion(0.6).moments(np.full((2, 3), 0.61), np.zeros(3), 1, 3)


def test_no_pixel_is_negative_at_four_times_the_real_jitter(make_config: Make) -> None:
    config = make_config(hours=1.0, cadence=1, only=("jitter", "defocus", "intra_pixel"))
    scene = scene_of(config, 4.0)
    light = np.stack([scene.rate(row) for row in range(32)]) / scene.light
    assert light.min() > 5e-6  # the frame's corners
    assert np.abs(scene.displacement[:2]).max() > 1.2
    assert np.ptp(light[15, 15]) > 0.5 * light[15, 15].mean()


def test_all_light_stays_but_what_crosses_the_edge_of_the_frame(make_config: Make) -> None:
    scene = scene_of(make_config(hours=1.0, cadence=1, only=("jitter", "defocus")), 4.0)
    total = scene.basis.sum((1, 2)) @ scene.moments
    away = np.abs(total - np.median(total)) / np.hypot(*scene.displacement[:2]).clip(0.1)
    assert away.max() < 1e-3


def test_an_image_without_jitter_stands_still(make_config: Make) -> None:
    scene = scene_of(make_config(hours=0.5, cadence=1, only=("jitter", "defocus")), 0.0)
    image = np.einsum("khw,kt->thw", scene.basis, scene.moments)
    assert np.ptp(scene.moments, axis=1).max() < 1e-15
    np.testing.assert_array_equal(scene.displacement, 0)
    assert np.abs(image[0] - psf._fgs1_image(0, 0)[0]).sum() < ALLOWED


def test_airs_needs_no_more_than_its_taylor_series(make_config: Make) -> None:
    """At four times the real jitter extracted light is wrong by far less than photon noise."""
    jitter = make_config().jitter.model_copy(update={"factor": 4.0})
    exposures = 20
    track = airs_plate_scale(jitter) * draw_track(np.random.default_rng(6), jitter, 12 * exposures)
    light = draw_light(np.random.default_rng(1), 5800.0, compose().sim.population.star_light).airs
    moments = track_moments(track, np.zeros(12 * exposures), 12, exposures)
    basis = airs_basis(light, even_sensitivity((32, 356)))
    series = 4.5 * np.einsum("khw,kt->thw", basis, moments) * light
    column = np.arange(356.0)
    images = [
        CubicSpline(column, psf._airs_profile(r)[0] * light, axis=1)(column - c) for r, c in track.T
    ]
    means = 4.5 * np.stack(images).reshape(exposures, 12, 32, 356).mean(axis=1)
    series, means = (frames[:, :, AIRS_SCIENCE] for frames in (series, means))
    weights = 1 / (1 + 200 / means.mean(axis=0))  # photons against two reads of 10 electrons
    error = ((series - means) * weights).sum(axis=1)
    noise = np.sqrt((means.mean(axis=0) * weights).sum(axis=0))
    assert (error.std(axis=0) / noise).max() < 0.05
    assert np.median(error.std(axis=0) / noise) < 2e-3
