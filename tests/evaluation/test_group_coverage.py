"""Reduced chi2, coverage and their bands, against numbers worked out by hand and by simulation."""

import numpy as np
import pytest
from scipy import stats

from spectramind.evaluation.coverage import coverage_band
from spectramind.evaluation.group_coverage import (
    AS_EXPECTED,
    NARROW,
    SOME,
    TOO_FEW,
    WIDE,
    GroupCoverage,
    ScoredErrors,
    chi2_band,
    interval_band,
    sigma_band,
)
from spectramind.evaluation.planet_groups import PlanetGroup
from spectramind.instrument.grid import N_BINS


def everybody(n: int) -> PlanetGroup:
    return PlanetGroup("all", np.arange(n))


def of(z: np.ndarray, half: float | None = None, n_calibration: int = 40) -> GroupCoverage:
    """One value of z a planet, the same in all bins."""
    full = np.tile(np.asarray(z, dtype=np.float64)[:, None], (1, N_BINS))
    wide = None if half is None else np.full_like(full, half)
    errors = ScoredErrors(full, wide, (n_calibration, 0.1))
    return errors.of("planets", everybody(len(full)))


def test_numbers_of_six_planets() -> None:
    found = of([0.5, -0.5, 1.0, -2.0, 3.0, 0.0], half=2.0)
    assert found.planets == 6
    assert found.chi2 == pytest.approx((0.25 + 0.25 + 1 + 4 + 9 + 0) / 6)
    assert found.chi2_median == pytest.approx((0.25 + 1) / 2)
    assert found.inside_sigma == pytest.approx(4 / 6)  # the edge is inside
    assert found.inside_sigma_error == pytest.approx(np.sqrt(6 / 5 * (4 / 6) * (2 / 6) / 6))
    assert found.inside_interval == pytest.approx(5 / 6)
    assert (found.inside_interval_low, found.inside_interval_high) == coverage_band(40, 0.1, 6)
    assert (found.inside_sigma_low, found.inside_sigma_high) == sigma_band(6)
    assert (found.chi2_low, found.chi2_high) == chi2_band(6)


def test_bins_and_rows_are_those_asked_for() -> None:
    z = np.zeros((8, N_BINS))
    z[2:, 10:20] = 2.0
    bins = np.zeros(N_BINS, dtype=bool)
    bins[15:25] = True
    found = ScoredErrors(z).of("region", PlanetGroup("some", np.arange(2, 8)), bins)
    assert found.chi2 == pytest.approx(0.5 * 4)
    assert found.inside_sigma == pytest.approx(0.5)
    assert found.inside_sigma_error == 0
    assert found.inside_interval is None


def test_bins_without_an_interval_are_left_out() -> None:
    z, half = np.full((5, N_BINS), 1.5), np.full((5, N_BINS), 1.0)
    half[:, :100] = np.nan
    half[:, 100:110] = 2.0
    found = ScoredErrors(z, half, (40, 0.1)).of("planets", everybody(5))
    assert found.inside_interval == pytest.approx(10 / 183)
    none = ScoredErrors(z, np.full_like(z, np.nan), (40, 0.1)).of("planets", everybody(5))
    assert none.inside_interval is None


def test_four_planets_are_too_few_to_say() -> None:
    found = of([9.0] * 4, half=1.0)
    assert found == GroupCoverage("planets", "all", 4, reading=TOO_FEW)
    assert found.chi2 is None


def test_bands_of_one_hundred() -> None:
    assert sigma_band(100) == (0.59, 0.77)
    assert chi2_band(100) == (pytest.approx(0.7422, abs=1e-4), pytest.approx(1.2956, abs=1e-4))
    assert interval_band(100, (40, 0.1)) == coverage_band(40, 0.1, 100)
    assert interval_band(100, None) is None
    assert interval_band(100, (8, 0.1)) == (1.0, 1.0)  # infinite intervals cover all


def test_honest_groups_fall_into_their_bands_as_often_as_said() -> None:
    """Planets whose bins err together, the case the bands are made for."""
    rng = np.random.default_rng(5)
    found = [of(rng.normal(size=12)) for _ in range(600)]
    chi2 = np.mean([row.chi2_low <= row.chi2 <= row.chi2_high for row in found])
    sigma = np.mean(
        [row.inside_sigma_low <= row.inside_sigma <= row.inside_sigma_high for row in found]
    )
    assert chi2 == pytest.approx(0.95, abs=0.03)
    assert 0.94 <= sigma <= 1  # counts are whole: the band holds at least 95 %


@pytest.mark.parametrize(("scale", "reading"), [(2.5, NARROW), (0.4, WIDE), (1.0, AS_EXPECTED)])
def test_the_reading_of_sigma_that_is_wrong_by_a_factor(scale: float, reading: str) -> None:
    z = stats.norm.ppf((np.arange(61) + 0.5) / 61)
    assert of(z * scale, half=1.645).reading == reading


def test_one_planet_far_off_does_not_blame_the_others() -> None:
    z = np.r_[np.tile([0.3, -0.3, 0.7, -0.7, 1.2, -1.2], 5), 9.0]
    found = of(z, half=1.645)
    assert found.reading == SOME
    assert found.chi2_median < 1 < found.chi2_high < found.chi2
