"""Forms of exposures by their moments, against the exposures themselves."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.sparse import csr_array

from spectramind.config.sim import SimulationConfig
from spectramind.instrument.detectors import AIRS, DETECTORS, FGS1, Detector
from spectramind.simulation.clock import make_clock
from spectramind.simulation.detector.sensor import draw_sensor
from spectramind.simulation.exposures import Exposures, make_exposures
from spectramind.simulation.planet_draw import draw_planet
from spectramind.simulation.streams import Source, Streams
from spectramind.simulation.visit import build_scene, draw_circumstances

Make = Callable[..., SimulationConfig]


def expect(config: SimulationConfig, detector: Detector) -> Exposures:
    streams = Streams(4, 0, 0)
    planet = draw_planet(
        streams(Source.POPULATION), streams(Source.LIMB_DARKENING), config.population
    )
    seen = draw_circumstances(planet, config, streams)
    clock = make_clock(detector, config.hours, config.cadence)
    sensor = draw_sensor(detector, clock, config, streams)
    return make_exposures(
        build_scene(seen, detector, config, streams), sensor, clock, config.effects
    )


def some_forms(detector: Detector, count: int = 3) -> csr_array:
    weights = np.random.default_rng(0).normal(size=(count, detector.pixels))
    weights[np.abs(weights) < 1] = 0
    return csr_array(weights)


@pytest.mark.parametrize("detector", DETECTORS)
def test_means_are_the_sums_over_all_pixels(make_config: Make, detector: Detector) -> None:
    exposures = expect(make_config(hours=3.0, cadence=200, off=("persistence",)), detector)
    rows = [exposures.scene.rate(row) for row in range(detector.height)]
    frames = np.concatenate(rows) * exposures.clock.integration_s
    forms = some_forms(detector)
    before = forms.toarray()
    np.testing.assert_allclose(exposures.means(forms), forms @ frames, rtol=1e-9)
    np.testing.assert_allclose(exposures.image, frames.mean(axis=1), rtol=1e-9)
    np.testing.assert_array_equal(forms.toarray(), before)


def test_persistence_comes_back_in_the_means(make_config: Make) -> None:
    strong = make_config(hours=3.0, cadence=200)
    detector = strong.detector.model_copy(update={"persistence_fraction": 0.01})
    on = expect(strong.model_copy(update={"detector": detector}), FGS1)
    off = expect(make_config(hours=3.0, cadence=200, off=("persistence",)), FGS1)
    everything = csr_array(np.ones((1, FGS1.pixels)))
    excess = on.means(everything) / off.means(everything) - 1
    assert 0.005 < np.median(excess) < 0.015


def test_noise_is_the_pixels_own_and_shared_by_forms(make_config: Make) -> None:
    exposures = expect(make_config(hours=12.0, cadence=10), FGS1)
    weights = np.zeros((3, FGS1.pixels))
    weights[0, 500], weights[1, 500], weights[1, 501], weights[2, 900] = 1.0, 1.0, 1.0, 2.0
    forms = csr_array(weights)
    noise = exposures.draw(forms, np.random.default_rng(1)) - exposures.means(forms)
    variance = exposures.variance
    expected = [variance[500], variance[500] + variance[501], 4 * variance[900]]
    np.testing.assert_allclose(noise.var(axis=1), expected, rtol=0.06)
    shared = np.sqrt(variance[500] / (variance[500] + variance[501]))
    assert np.corrcoef(noise)[0, 1] == pytest.approx(shared, abs=0.03)
    assert abs(np.corrcoef(noise)[0, 2]) < 0.05
    stated = exposures.variances(forms.power(2)).mean(axis=1)
    np.testing.assert_allclose(stated, expected, rtol=1e-3)


def test_switched_off_noise_is_gone(make_config: Make) -> None:
    noisy = expect(make_config(hours=3.0, cadence=200), AIRS)
    quiet = expect(make_config(hours=3.0, cadence=200, off=("photon",)), AIRS)
    silent = expect(
        make_config(hours=3.0, cadence=200, off=("photon", "read", "dark", "hot")), AIRS
    )
    brightest = csr_array(np.eye(1, AIRS.pixels, int(np.argmax(noisy.image))))

    def scatter(exposures: Exposures) -> float:
        drawn = exposures.draw(brightest, np.random.default_rng(2))
        return float((drawn - exposures.means(brightest)).std())

    counts = 200 / 0.4369  # electrons a count of the sum
    assert scatter(silent) == pytest.approx(counts / np.sqrt(6), rel=0.3)
    assert scatter(silent) < scatter(quiet) < 0.5 * scatter(noisy)


def test_a_form_of_nothing_reads_nothing(make_config: Make) -> None:
    exposures = expect(make_config(hours=3.0, cadence=200), FGS1)
    nothing = csr_array(np.zeros((2, FGS1.pixels)))
    assert not exposures.draw(nothing, np.random.default_rng(0)).any()
