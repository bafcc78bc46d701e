"""The stars' limb darkening: near the grey atmosphere's by as much as the settings say."""

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.config.compose import compose
from spectramind.config.sim_planets import LimbDarkeningConfig
from spectramind.errors import ConfigError
from spectramind.instrument.grid import bin_wavelengths
from spectramind.physics.limb_darkening import quadratic_coefficients
from spectramind.simulation.planet_draw import draw_planet
from spectramind.simulation.star_darkening import draw_limb_darkening
from spectramind.simulation.system import draw_system

POPULATION = compose().sim.population
NOMINAL = POPULATION.limb_darkening
GREY = LimbDarkeningConfig(
    fgs1_offset=(0, 0), airs_offset=(0, 0), fgs1_scatter=0, airs_scatter=0
)  # fmt: skip
TEFF_K = 5500.0


def grey(teff_K: float) -> NDArray[np.float64]:
    return quadratic_coefficients(teff_K, bin_wavelengths())


def differences(config: LimbDarkeningConfig, count: int) -> NDArray[np.float64]:
    """Of ``count`` stars from the grey atmosphere, (count, 283, 2)."""
    return np.stack(
        [
            draw_limb_darkening(np.random.default_rng([8, n]), config, TEFF_K) - grey(TEFF_K)
            for n in range(count)
        ]
    )


def test_offset_and_scatter_are_what_was_asked_for() -> None:
    found = differences(NOMINAL, 1000)
    # A mean of 1000 scatters by 0.001 in FGS1 and 0.0005 in AIRS, a scatter by 2.2 %.
    np.testing.assert_allclose(found[:, 0].mean(0), NOMINAL.fgs1_offset, atol=0.004)
    np.testing.assert_allclose(found[:, 0].std(0), NOMINAL.fgs1_scatter, rtol=0.09)
    np.testing.assert_allclose(found[:, 1].mean(0), NOMINAL.airs_offset, atol=0.002)
    np.testing.assert_allclose(found[:, 1].std(0), NOMINAL.airs_scatter, rtol=0.09)
    four = np.corrcoef(np.hstack([found[:, 0], found[:, 1]]).T)
    assert np.abs(four - np.eye(4)).max() < 0.15


def test_all_of_airs_differs_alike() -> None:
    airs = differences(NOMINAL, 3)[:, 1:]
    np.testing.assert_allclose(airs, np.broadcast_to(airs[:, :1], airs.shape), atol=1e-12)


def test_the_median_star_is_as_dark_at_its_limb_as_real_ones() -> None:
    found = []
    for n in range(400):
        star = draw_system(np.random.default_rng([4, n]), POPULATION).star
        law = draw_limb_darkening(np.random.default_rng([8, n]), NOMINAL, star.teff_K)
        found.append((law[0], law[1:].mean(0)))
    fgs1, airs = np.median(found, axis=0)
    np.testing.assert_allclose(fgs1, [0.42, 0.15], atol=0.012)
    np.testing.assert_allclose(airs, [0.12, 0.10], atol=0.006)


def test_zero_gives_the_grey_law() -> None:
    law = draw_limb_darkening(np.random.default_rng(0), GREY, TEFF_K)
    np.testing.assert_array_equal(law, grey(TEFF_K))


def test_same_seed_same_law_and_nothing_else_moves() -> None:
    def planet(limb_seed: int, config: LimbDarkeningConfig):  # type: ignore[no-untyped-def]
        population = POPULATION.model_copy(update={"limb_darkening": config})
        return draw_planet(np.random.default_rng(3), np.random.default_rng(limb_seed), population)

    one, again, other, plain = (
        planet(1, NOMINAL),
        planet(1, NOMINAL),
        planet(2, NOMINAL),
        planet(1, GREY),
    )
    np.testing.assert_array_equal(one.limb_darkening, again.limb_darkening)
    assert np.all(one.limb_darkening != other.limb_darkening)
    for x in (other, plain):
        np.testing.assert_array_equal(x.spectrum, one.spectrum)
        np.testing.assert_array_equal(x.spots.factor, one.spots.factor)
        assert x.listed == one.listed


@pytest.mark.parametrize("teff_K", [2600.0, 4200.0, 8000.0])
def test_widest_scatter_stays_physical(teff_K: float) -> None:
    wide = NOMINAL.model_copy(update={"fgs1_scatter": 0.1, "airs_scatter": 0.1})
    mu = np.linspace(0, 1, 21)
    for n in range(100):
        u1, u2 = draw_limb_darkening(np.random.default_rng(n), wide, teff_K).T[:, :, None]
        intensity = 1 - u1 * (1 - mu) - u2 * (1 - mu) ** 2
        assert intensity.min() > 0
        assert np.all(np.diff(intensity, axis=1) > 0)


def test_settings_without_a_physical_law_are_refused() -> None:
    dark = GREY.model_copy(update={"fgs1_offset": (0.1, 0.1)})
    with pytest.raises(ConfigError, match="limb_darkening"):
        draw_limb_darkening(np.random.default_rng(0), dark, 2600.0)
