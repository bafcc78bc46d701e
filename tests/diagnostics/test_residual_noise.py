"""White noise is told from peaks and from memory, with the chances that are promised."""

import numpy as np
import pytest
from scipy import stats

from spectramind.diagnostics.residual_noise import (
    ResidualCurve,
    autocorrelation,
    binned_excess,
    bump_chances,
    on_grid,
    peak_chances,
    periodogram,
    white_level,
    whitened,
)

STEP_H = 32 / 3600
N = 800


def curve(ppm: np.ndarray, keep: np.ndarray | None = None) -> ResidualCurve:
    time_h = STEP_H * np.arange(len(ppm))
    keep = np.ones(len(ppm), bool) if keep is None else keep
    return on_grid(time_h[keep], ppm[keep], 0, 0)


def ar1(rng: np.random.Generator, rho: float, n: int = N) -> np.ndarray:
    steps, values = rng.normal(size=n), np.zeros(n)
    for i in range(1, n):
        values[i] = rho * values[i - 1] + steps[i]
    return 100 * values


def test_white_noise_has_the_density_of_its_scatter() -> None:
    found = curve(100 * np.random.default_rng(1).normal(size=20_000))
    frequency, density = periodogram(found)
    assert frequency[-1] == pytest.approx(1e3 / 32 / 2, rel=1e-3)  # half a cycle a sample
    assert white_level(found) == pytest.approx(2 * 100**2 * 32 / 1e3, rel=0.03)
    assert density.mean() == pytest.approx(white_level(found), rel=0.03)


def test_missing_samples_change_no_level_and_no_correlation() -> None:
    rng = np.random.default_rng(2)
    keep = rng.uniform(size=20_000) > 0.3
    keep[5000:6000] = False
    keep[[0, -1]] = True
    found = curve(ar1(rng, 0.6, 20_000), keep)
    assert len(found.ppm) == 20_000
    assert found.there.sum() == keep.sum()
    assert periodogram(found)[1].mean() == pytest.approx(white_level(found), rel=0.05)
    np.testing.assert_allclose(autocorrelation(found, 3), [0.6, 0.36, 0.216], atol=0.04)


def test_the_chance_of_a_peak_is_uniform_in_white_noise() -> None:
    rng = np.random.default_rng(3)
    chances = []
    for _ in range(150):
        frequency, density = periodogram(curve(rng.normal(size=N)))
        chances.append(peak_chances(whitened(frequency, density), 10)[1])
    shares = [np.mean(np.concatenate(chances) < level) for level in (0.1, 0.01, 0.001)]
    np.testing.assert_allclose(shares, [0.1, 0.01, 0.001], rtol=0.35)


def test_a_jitter_of_a_tenth_is_found_at_its_frequency_also_in_red_noise() -> None:
    rng = np.random.default_rng(4)
    seconds = 32.0 * np.arange(N)
    for noise in (100 * rng.normal(size=N), ar1(rng, 0.7)):
        found = curve(noise + 60 * np.sin(2 * np.pi * 6.1e-3 * seconds))
        frequency, density = periodogram(found)
        ratio, chance = peak_chances(whitened(frequency, density), 10)
        best = int(chance.argmin())
        assert frequency[best] == pytest.approx(6.1, abs=0.04)
        assert chance[best] * len(chance) < 1e-4
        assert ratio[best] > 15


def test_red_noise_alone_makes_no_peak() -> None:
    rng = np.random.default_rng(5)
    alarms = []
    for _ in range(40):
        frequency, density = periodogram(curve(ar1(rng, 0.5)))
        chance = peak_chances(whitened(frequency, density), 10)[1]
        alarms.append(chance.min() * len(chance))
    assert np.mean(np.array(alarms) < 0.05) <= 0.1


def test_a_stack_shows_what_no_single_spectrum_does() -> None:
    rng = np.random.default_rng(6)
    powers = rng.exponential(size=(100, 300))
    powers[:, 120] *= 2
    assert peak_chances(powers[0], 10)[1][120] > 1e-3
    ratio, chance = peak_chances(powers.mean(axis=0), 10, 100)
    assert int(chance.argmin()) == 120
    assert chance[120] < 1e-6
    assert ratio[120] == pytest.approx(2, rel=0.25)


def test_means_of_white_noise_scatter_as_they_should_and_red_ones_more() -> None:
    rng = np.random.default_rng(7)
    white = [binned_excess(curve(rng.normal(size=N)), 20) for _ in range(300)]
    assert np.mean([excess**2 for excess, _ in white]) == pytest.approx(1, abs=0.03)
    assert stats.kstest([chance for _, chance in white], "uniform").pvalue > 1e-3
    excess, chance = binned_excess(curve(ar1(rng, 0.8)), 20)
    assert excess > 2
    assert chance < 1e-9


def test_too_few_means_judge_nothing() -> None:
    excess, chance = binned_excess(curve(np.ones(30)), 20)
    assert np.isnan(excess)
    assert chance == 1.0


def test_a_bump_is_told_beside_how_its_neighbours_scatter() -> None:
    rng = np.random.default_rng(8)
    rough = np.exp(0.5 * rng.normal(size=140))  # what all spectra do alike is no chance
    assert bump_chances(rough, 10)[1].min() * 140 > 0.01
    smooth = np.exp(0.02 * rng.normal(size=140))
    smooth[60] *= 1.5
    ratio, chance = bump_chances(smooth, 10)
    assert int(chance.argmin()) == 60
    assert chance[60] * 140 < 1e-6
    assert ratio[60] == pytest.approx(1.5, rel=0.05)
