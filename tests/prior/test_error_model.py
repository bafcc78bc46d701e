"""Error factors: found where the stated errors are wrong, blind to single bad planets."""

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.contracts.measurement import Measurement
from spectramind.instrument.grid import N_BINS
from spectramind.prior.error_model import STATED, ErrorModel, fit_errors, robust_scale

Array = NDArray[np.float64]
LEVEL = 0.01
PLANETS = 300


def planets(
    rng: np.random.Generator,
    noise: float = 1e-4,
    visit: float = 0.0,
    lasting: float = 0.0,
    mode: float = 0.0,
    visits: int = 1,
    count: int = PLANETS,
) -> tuple[Array, list[list[Measurement]]]:
    """Flat spectra whose errors are stated as 100 ppm a bin and 50 ppm common to all bins."""
    truth = np.full((count, N_BINS), LEVEL)
    measured = []
    for spectrum in truth:
        lasts = lasting * LEVEL * rng.standard_normal()
        row = []
        for _ in range(visits):
            common = lasts + (mode + visit * LEVEL) * rng.standard_normal()
            depth = spectrum + noise * rng.standard_normal(N_BINS) + common
            row.append(Measurement(depth, np.full(N_BINS, 1e-8), np.full((N_BINS, 1), 5e-5)))
        measured.append(row)
    return truth, measured


def test_honest_errors_are_left_alone() -> None:
    errors = fit_errors(*planets(np.random.default_rng(0), mode=5e-5))
    assert errors.noise == pytest.approx(1.0, abs=0.03)
    np.testing.assert_allclose(errors.trust, 1.0, atol=0.2)
    assert errors.lasting.max() < 0.005  # half of what is stated


def test_understated_noise_is_found_out() -> None:
    errors = fit_errors(*planets(np.random.default_rng(1), noise=3e-4, mode=5e-5))
    assert errors.noise == pytest.approx(9.0, rel=0.1)
    # FGS1 is one bin: what it lacks is a relative error, 280 of 10,000 ppm.
    assert errors.lasting[0] == pytest.approx(0.0283, rel=0.15)


def test_overstated_common_errors_are_trusted_less() -> None:
    errors = fit_errors(*planets(np.random.default_rng(2), mode=2.5e-5))
    assert errors.trust[1] == pytest.approx(0.25, abs=0.06)
    assert not errors.lasting.any()


def test_one_bad_planet_changes_little() -> None:
    truth, measured = planets(np.random.default_rng(3), mode=5e-5, count=60)
    before = fit_errors(truth, measured)
    bad = measured[0][0]
    measured[0] = [Measurement(bad.depth + 0.005, bad.variance, bad.modes)]
    after = fit_errors(truth, measured)
    assert after.noise == pytest.approx(before.noise, rel=0.02)
    np.testing.assert_allclose(after.trust, before.trust, rtol=0.25)
    assert after.lasting.max() < 0.007  # one planet of 60, off by half its depth


def test_errors_new_in_each_visit_are_told_from_lasting_ones() -> None:
    rng = np.random.default_rng(4)
    new = fit_errors(*planets(rng, visit=0.02, visits=2))
    np.testing.assert_allclose(new.visit, 0.02, rtol=0.2)
    assert new.lasting.max() < 0.008
    old = fit_errors(*planets(rng, lasting=0.02, visits=2))
    np.testing.assert_allclose(old.lasting, 0.02, rtol=0.2)
    assert old.visit.max() < 0.008


def test_without_pairs_of_visits_an_error_lasts() -> None:
    errors = fit_errors(*planets(np.random.default_rng(5), visit=0.02))
    assert not errors.visit.any()
    np.testing.assert_allclose(errors.lasting, 0.02, rtol=0.2)


def test_few_planets_hardly_move_what_is_stated() -> None:
    many = fit_errors(*planets(np.random.default_rng(6), noise=3e-4))
    few = fit_errors(*planets(np.random.default_rng(6), noise=3e-4, count=3))
    assert 1 < few.noise < 0.8 * many.noise
    assert few.lasting[0] < 0.6 * many.lasting[0]


def test_two_visits_beat_a_visit_error_but_not_a_lasting_one() -> None:
    visit = planets(np.random.default_rng(7), count=1)[1][0][0]
    new = ErrorModel(1.0, np.ones(2), np.full(2, 0.05), np.zeros(2))
    lasts = ErrorModel(1.0, np.ones(2), np.zeros(2), np.full(2, 0.05))
    for errors, expected in ((new, 0.5), (lasts, 1.0)):
        one, two = (errors.combined([visit] * n).total_variance for n in (1, 2))
        np.testing.assert_allclose(two / one, expected, rtol=0.05)


def test_stated_errors_stay_stated() -> None:
    visit = planets(np.random.default_rng(8), count=1)[1][0][0]
    np.testing.assert_allclose(STATED.combined([visit]).covariance, visit.covariance)


def test_robust_scale_is_the_variance_of_gaussian_errors() -> None:
    z = 3 * np.random.default_rng(9).standard_normal(100_000)
    assert robust_scale(z**2) == pytest.approx(9.0, rel=0.02)
    z[:1000] = 1e3
    assert robust_scale(z**2) == pytest.approx(9.0, rel=0.1)


def test_ignorance_stays_ignorance() -> None:
    """FGS1 and AIRS agree by construction where nothing was measured: that is no knowledge."""
    blank = Measurement(np.full(N_BINS, LEVEL), np.full(N_BINS, 1e-8), np.full((N_BINS, 1), 0.03))
    doubted = ErrorModel(1.2, np.array([0.5, 0.8]), np.zeros(2), np.zeros(2)).combined([blank])
    contrast = np.zeros(N_BINS)
    contrast[0], contrast[1:] = 1.0, -1 / (N_BINS - 1)
    assert np.abs(contrast @ doubted.modes).max() < 1e-12
