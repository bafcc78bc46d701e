"""Each effect of the detector against its own equation."""

import numpy as np
import pytest

from spectramind.config.compose import compose
from spectramind.config.sim_detector import LinearityConfig
from spectramind.dataset.tables import AdcInfo
from spectramind.simulation.clock import Clock
from spectramind.simulation.detector.adc import adc_info, encode
from spectramind.simulation.detector.cosmic import Hits, add_hits, draw_hits, no_hits
from spectramind.simulation.detector.dark import draw_dark
from spectramind.simulation.detector.dead import draw_dead
from spectramind.simulation.detector.flat import draw_flat
from spectramind.simulation.detector.foreground import draw_foreground
from spectramind.simulation.detector.hot import draw_hot
from spectramind.simulation.detector.linearity import (
    coadded,
    draw_coefficients,
    identity,
    measure,
)
from spectramind.simulation.detector.photon import accumulate
from spectramind.simulation.detector.read import add_read_noise, draw_read_map

SHAPE = (32, 356)
DETECTOR = compose().sim.detector
LINEARITY = DETECTOR.linearity


def polynomial(x: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    return np.asarray(sum(c[:, None] * x**power for power, c in enumerate(coefficients)))


def test_adc_by_hand() -> None:
    adc = AdcInfo(gain=0.5, offset=-1000.0)
    electrons = np.array([-1000.0, -998.1, -998.0, 0.0, 3.9, -2000.0, 1e9])
    assert encode(electrons, adc).tolist() == [0, 0, 1, 500, 501, 0, 65535]


@pytest.mark.parametrize("cadence", [1, 40])
def test_adc_round_trip_is_within_one_count(cadence: int) -> None:
    adc = adc_info(cadence)
    electrons = np.random.default_rng(0).uniform(-900, 148_000, 10_000) * cadence
    decoded = encode(electrons, adc) / adc.gain + adc.offset
    lost = electrons - decoded
    assert lost.min() > -1e-6
    assert lost.max() < 1 / adc.gain + 1e-6


@pytest.mark.parametrize("cadence", [1, 40, 200])
def test_polynomial_undoes_the_non_linearity(cadence: int) -> None:
    rng = np.random.default_rng(1)
    coefficients = coadded(draw_coefficients(rng, SHAPE, LINEARITY), cadence).reshape(6, -1)
    linear = rng.uniform(-300, 150_000, (coefficients.shape[1], 8)) * cadence
    measured = measure(linear, coefficients)
    np.testing.assert_allclose(polynomial(measured, coefficients), linear, rtol=0, atol=1e-3)


def test_non_linearity_has_the_real_size() -> None:
    coefficients = draw_coefficients(np.random.default_rng(2), SHAPE, LINEARITY).reshape(6, -1)
    for electrons, low, high in ((1e4, 0.0005, 0.002), (3e4, 0.006, 0.011), (6e4, 0.024, 0.035)):
        excess = polynomial(np.full((1, 1), electrons), coefficients)[:, 0] / electrons - 1
        assert low < np.median(excess) < high


@pytest.mark.parametrize("factor", [0.0, 1.0, 5.0])
@pytest.mark.parametrize("scatter", [1, 2])
def test_linearity_curve_ascends_over_the_range_of_the_adc(factor: float, scatter: int) -> None:
    """Also at the ends of what the settings allow."""
    most = {"gain": 0.01, "high": 0.3, "outlier_factor": 8, "outlier_fraction": 0.2}
    values = LINEARITY.model_dump() | {"factor": factor} | (most if scatter == 2 else {})
    config = LinearityConfig.model_validate(values)
    coefficients = draw_coefficients(np.random.default_rng(3), SHAPE, config).reshape(6, -1)
    x = np.linspace(-1000, 149_000, 300)[None]
    assert np.all(np.diff(polynomial(x, coefficients), axis=1) > 0)


def test_a_sum_of_equal_cycles_is_linearised_by_the_coadded_coefficients() -> None:
    coefficients = draw_coefficients(np.random.default_rng(4), (1, 5), LINEARITY).reshape(6, -1)
    linear = np.array([[10.0, 3e4]] * 5)
    one = measure(linear, coefficients)
    total = polynomial(7 * one, coadded(coefficients[:, None], 7)[:, 0])
    np.testing.assert_allclose(total, 7 * linear, atol=1e-2)


def test_identity_measures_what_is_there() -> None:
    linear = np.array([[-5.0, 0.0, 1e5]])
    np.testing.assert_array_equal(measure(linear, identity((1, 1))[:, 0]), linear)


def test_pair_shares_its_charge() -> None:
    rate = np.full((4, 100_000), 1000.0)
    start, end = np.moveaxis(accumulate(rate, 0.1, 4.5, np.random.default_rng(5)), -1, 0)
    assert start.mean() == pytest.approx(100, rel=1e-3)
    assert end.mean() == pytest.approx(4600, rel=1e-3)
    assert start.var() == pytest.approx(100, rel=0.02)
    assert (end - start).var() == pytest.approx(4500, rel=0.02)
    assert np.cov(start.ravel(), end.ravel())[0, 1] == pytest.approx(100, abs=6)


def test_without_photon_noise_charge_is_rate_times_time() -> None:
    reads = accumulate(np.array([[2.0, 10.0]]), 0.5, 4.0, None)
    np.testing.assert_allclose(reads, [[[1.0, 9.0], [5.0, 45.0]]])


def test_photon_noise_accepts_a_rate_below_zero() -> None:
    reads = accumulate(np.array([[-1.0]]), 0.1, 4.5, np.random.default_rng(0))
    np.testing.assert_allclose(reads, [[[-0.1, -4.6]]])


def test_read_noise_has_its_map_as_sigma() -> None:
    sigma = np.array([13.0, 150.0])
    noisy = add_read_noise(np.zeros((2, 200_000)), sigma, np.random.default_rng(6))
    np.testing.assert_allclose(noisy.std(1), sigma, rtol=0.01)
    assert abs(np.corrcoef(noisy[0, 1:], noisy[0, :-1])[0, 1]) < 0.01


def test_cosmic_rays_are_as_rare_as_stated_and_early_in_proportion() -> None:
    clock = Clock(cadence=1, pairs=20_000, start_s=1.0, integration_s=3.0, cycle_s=5.0)
    counts, early = [], []
    for seed in range(20):
        hits = draw_hits(np.random.default_rng(seed), 500, clock, DETECTOR)
        counts.append(hits.charge.size)
        early.extend(hits.early)
        assert np.all((hits.pixel < 500) & (hits.exposure < 20_000) & (hits.charge > 0))
    assert np.mean(counts) == pytest.approx(6e-7 * 4 * 500 * 20_000, rel=0.15)
    assert np.mean(early) == pytest.approx(0.25, abs=0.08)


def test_an_early_hit_is_in_both_reads() -> None:
    hits = Hits(
        pixel=np.array([3, 4, 9]),
        exposure=np.array([0, 1, 0]),
        charge=np.array([10.0, 20.0, 99.0]),
        early=np.array([True, False, True]),
    )
    reads = np.ones((2, 2, 2))
    struck = add_hits(reads, hits.among(3, 2))
    np.testing.assert_array_equal(struck, [[[11, 11], [1, 1]], [[1, 1], [1, 21]]])
    assert np.all(reads == 1)
    np.testing.assert_array_equal(add_hits(reads, no_hits()), reads)


def test_maps_have_the_statistics_of_real_frames() -> None:
    rng = np.random.default_rng(9)
    flat = draw_flat(rng, SHAPE, DETECTOR)
    assert flat.std() == pytest.approx(0.0125, rel=0.05)
    dark = draw_dark(rng, SHAPE, DETECTOR)
    assert np.median(dark) == pytest.approx(0.0063, rel=0.03)
    assert dark.min() >= 0
    read = draw_read_map(rng, SHAPE, DETECTOR)
    assert np.median(read) == pytest.approx(13, rel=0.02)
    assert 0.025 < (read > 20).mean() < 0.045
    assert read.max() <= 150
    fractions = []
    for seed in range(20):
        hot = draw_hot(np.random.default_rng(seed), SHAPE, DETECTOR)
        assert hot.max() <= 12
        fractions.append((hot > 0).mean())
    assert max(fractions) < 0.02
    assert max(fractions) > 3 * min(fractions)


def test_dead_pixels_are_few_and_half_of_them_silent() -> None:
    silent_shares = []
    for seed in range(20):
        dead, response = draw_dead(np.random.default_rng(seed), SHAPE, DETECTOR)
        assert 0.0005 < dead.mean() < 0.014
        assert np.all(response[~dead] == 1)
        silent_shares.append((response[dead] < 0.01).mean())
    assert np.mean(silent_shares) == pytest.approx(0.5, abs=0.1)


def test_foreground_follows_the_throughput_at_about_six_per_mille() -> None:
    light = np.linspace(1e3, 1e5, 356)
    shares = []
    for seed in range(50):
        foreground = draw_foreground(np.random.default_rng(seed), light, 32, DETECTOR)
        assert foreground.shape == SHAPE
        assert np.all(foreground == foreground[0])
        shares.append(foreground.sum() / light.sum())
    assert np.median(shares) == pytest.approx(0.006, rel=0.2)
