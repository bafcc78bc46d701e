"""One factor a set, from its own residuals: by hand, never below 1, parts apart."""

import numpy as np
import pytest

from spectramind.contracts.predictive import Intervals, Predictive, SigmaParts
from spectramind.contracts.spectra import Spectra
from spectramind.contracts.traits import TRAITS, Traits
from spectramind.uncertainty.instance_scale import instance_factor, widened

NAMES = list(TRAITS)


def planets(count: int, fgs1: float, airs: float) -> Traits:
    """Chi2 around these values."""
    values = np.full((count, len(TRAITS)), np.nan)
    spread = np.linspace(-0.1, 0.1, count)
    values[:, NAMES.index("chi2_fgs1")] = np.log(fgs1) + spread
    values[:, NAMES.index("chi2_airs")] = np.log(airs) + spread
    return Traits(tuple(str(n) for n in range(count)), values)


def test_the_worse_detector_decides() -> None:
    seen = planets(21, 1.1, 0.9)
    assert instance_factor(seen, planets(11, 1.1, 0.9 * 4)) == pytest.approx(2.0)
    assert instance_factor(seen, planets(11, 1.1 * 2.25, 0.9 * 2)) == pytest.approx(1.5)


def test_a_quiet_set_narrows_nothing() -> None:
    assert instance_factor(planets(21, 1.1, 0.9), planets(11, 0.2, 0.3)) == 1.0


def test_one_odd_planet_changes_little() -> None:
    new = planets(11, 1.0, 1.0)
    new.values[-1] = 20.0
    assert instance_factor(planets(11, 1.0, 1.0), new) == pytest.approx(1.0, abs=0.02)


def test_few_measured_planets_tell_nothing() -> None:
    new = planets(9, 1.0, 9.0)
    new.values[:2] = np.nan
    assert instance_factor(planets(21, 1.0, 1.0), new) is None


def test_all_of_sigma_widens_alike() -> None:
    rng = np.random.default_rng(0)
    aleatoric, epistemic = rng.uniform(1e-5, 1e-4, (2, 3, 283))
    spectra = Spectra(("1", "2", "3"), np.full((3, 283), 0.01), np.hypot(aleatoric, epistemic))
    answer = Predictive(
        spectra, Intervals(0.9, 2 * spectra.sigma), SigmaParts(aleatoric, epistemic)
    )
    wide = widened(answer, 1.5)
    np.testing.assert_array_equal(wide.spectra.mu, spectra.mu)
    np.testing.assert_allclose(wide.spectra.sigma, 1.5 * spectra.sigma)
    assert wide.parts is not None
    assert wide.intervals is not None
    np.testing.assert_allclose(
        wide.parts.aleatoric**2 + wide.parts.epistemic**2, wide.spectra.sigma**2
    )
    np.testing.assert_allclose(wide.parts.epistemic, 1.5 * epistemic)
    np.testing.assert_allclose(wide.intervals.half_width, 3 * spectra.sigma)
