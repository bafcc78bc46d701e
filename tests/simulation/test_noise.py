"""The noise of whole exposures: as much as each model states, no more."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.config.compose import compose
from spectramind.config.sim import SimulationConfig
from spectramind.instrument.detectors import AIRS, FGS1, Detector
from spectramind.simulation.clock import Clock
from spectramind.simulation.detector import adc, cosmic, photon, read
from spectramind.simulation.planet_draw import SimulatedPlanet, draw_planet
from spectramind.simulation.streams import Streams
from spectramind.simulation.visit import draw_circumstances, expose_detector

Make = Callable[..., SimulationConfig]


@pytest.fixture(scope="module")
def planet() -> SimulatedPlanet:
    return draw_planet(np.random.default_rng(5), np.random.default_rng(6), compose().sim.population)


def reads(
    planet: SimulatedPlanet, config: SimulationConfig, detector: Detector
) -> NDArray[np.float64]:
    """(pixels, T, 2) [e]."""
    streams = Streams(1, 0, 0)
    seen = draw_circumstances(planet, config, streams)
    counts = expose_detector(detector, seen, config, streams).counts
    info = adc.adc_info(config.cadence)
    return (counts / info.gain + info.offset).reshape(detector.pixels, -1, 2)


@pytest.mark.parametrize("detector", [FGS1, AIRS])
def test_photon_transfer_curve_has_slope_one(
    make_config: Make, planet: SimulatedPlanet, detector: Detector
) -> None:
    settings = {"hours": 0.5, "cadence": 1}
    noisy = reads(planet, make_config(only=("photon",), **settings), detector)
    clean = reads(planet, make_config(only=(), **settings), detector)  # the light itself varies
    sample, light = noisy[..., 1] - noisy[..., 0], clean[..., 1] - clean[..., 0]
    mean = light.mean(1)
    bright = mean > np.quantile(mean, 0.7)
    variance = (sample - light).var(1)
    slope = (mean * variance)[bright].sum() / (mean**2)[bright].sum()
    assert slope == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("detector", [FGS1, AIRS])
def test_start_and_end_read_share_the_charge_before_the_start_read(
    make_config: Make, planet: SimulatedPlanet, detector: Detector
) -> None:
    settings = {"hours": 0.5, "cadence": 1}
    noisy = reads(planet, make_config(only=("photon",), **settings), detector)
    clean = reads(planet, make_config(only=(), **settings), detector)
    start, end = np.moveaxis(noisy - clean, -1, 0)
    bright = clean[..., 0].mean(1) > np.quantile(clean[..., 0].mean(1), 0.95)
    shared = (start * end).mean(1)[bright].mean()
    assert shared == pytest.approx(clean[bright, :, 0].mean(), rel=0.05)


def test_read_noise_of_a_double_sample_is_as_stated() -> None:
    sigma = np.array([13.0, 60.0])
    noisy = read.add_read_noise(np.zeros((2, 200_000)), sigma, np.random.default_rng(1))
    sample = noisy[:, 1::2] - noisy[:, 0::2]
    np.testing.assert_allclose(sample.var(1), read.variance(sigma), rtol=0.02)


def test_photon_noise_of_a_double_sample_is_as_stated() -> None:
    rate = np.array([[100.0], [1e4]])
    pairs = photon.accumulate(np.tile(rate, (1, 100_000)), 0.1, 4.5, np.random.default_rng(2))
    sample = pairs[..., 1] - pairs[..., 0]
    np.testing.assert_allclose(sample.var(1), 4.5 * rate[:, 0], rtol=0.02)


@pytest.mark.parametrize("cadence", [1, 40])
def test_rounding_of_a_double_sample_is_as_stated(cadence: int) -> None:
    info = adc.adc_info(cadence)
    electrons = np.random.default_rng(3).uniform(0, 1e5 * cadence, (200_000, 2))
    error = adc.encode(electrons, info) / info.gain - (electrons - info.offset)
    assert (error[:, 1] - error[:, 0]).var() == pytest.approx(adc.variance(info), rel=0.02)


def test_cosmic_rays_of_a_double_sample_are_as_stated() -> None:
    clock = Clock(cadence=1, pairs=50_000, start_s=1.0, integration_s=3.0, cycle_s=5.0)
    often = compose().sim.detector.model_copy(update={"cosmic_a_pixel_s": 0.01})
    hits = cosmic.draw_hits(np.random.default_rng(4), 20, clock, often)
    charged = cosmic.add_hits(np.zeros((20, clock.pairs, 2)), hits)
    sample = charged[..., 1] - charged[..., 0]
    # Hits are rare: the mean square is the variance to a part in a hundred.
    mean_square = often.cosmic_median_e**2 * np.exp(2 * often.cosmic_log_scatter**2)
    assert (sample**2).mean() == pytest.approx(0.01 * 3.0 * mean_square, rel=0.15)
