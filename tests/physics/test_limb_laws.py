"""Other laws of limb darkening: their limits, and light curves of any of them."""

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.errors import ConfigError
from spectramind.physics.limb_darkening import quadratic_coefficients
from spectramind.physics.limb_laws import FIT_MU, LimbLaw, fit_law
from spectramind.physics.power_transit import disc_light, power_transit_flux
from spectramind.physics.stellar_profile import centre_to_limb, hydrogen_ion_opacity
from spectramind.physics.transit import transit_flux

Array = NDArray[np.float64]
MU = np.linspace(0, 1, 51)
SEPARATION = np.linspace(0, 1.4, 701)
RATIO = np.array([0.05, 0.12, 0.3])
U = np.array([[0.42, 0.15], [0.12, 0.10], [0.6, 0.2]])


def curve(law: LimbLaw, separation: Array = SEPARATION, ratio: Array = RATIO) -> Array:
    return power_transit_flux(separation, ratio, *law.powers())


def test_the_quadratic_law_gives_the_known_light_curve() -> None:
    ours = curve(LimbLaw("quadratic", U))
    np.testing.assert_allclose(ours, transit_flux(SEPARATION, RATIO, U), atol=1e-8)


def test_four_parameters_hold_the_quadratic_law() -> None:
    """1 - u1 (1 - mu) - u2 (1 - mu)^2 has a2 = u1 + 2 u2, a4 = -u2."""
    u1, u2 = U.T
    four = LimbLaw("four_parameter", np.column_stack([0 * u1, u1 + 2 * u2, 0 * u1, -u2]))
    np.testing.assert_allclose(
        four.intensity(MU), LimbLaw("quadratic", U).intensity(MU), atol=1e-15
    )
    np.testing.assert_allclose(curve(four), transit_flux(SEPARATION, RATIO, U), atol=1e-8)
    fitted = fit_law("four_parameter", LimbLaw("quadratic", U).intensity(FIT_MU))
    np.testing.assert_allclose(fitted.coefficients, four.coefficients, atol=1e-9)


def test_power2_with_alpha_one_is_linear() -> None:
    linear = np.array([[0.6, 0.0], [0.3, 0.0], [0.1, 0.0]])
    power2 = LimbLaw("power2", np.array([[0.6, 1.0], [0.3, 1.0], [0.1, 1.0]]))
    np.testing.assert_allclose(curve(power2), transit_flux(SEPARATION, RATIO, linear), atol=1e-8)
    fitted = fit_law("power2", LimbLaw("quadratic", linear).intensity(FIT_MU))
    np.testing.assert_allclose(fitted.coefficients, power2.coefficients, atol=1e-5)


@pytest.mark.parametrize(
    "law",
    [
        LimbLaw("power2", np.array([[0.8, 0.4]])),
        LimbLaw("four_parameter", np.array([[0.3, 0.6, -0.4, 0.1]])),
    ],
    ids=lambda law: law.name,
)
def test_light_behind_the_planet_is_the_sum_over_its_disc(law: LimbLaw) -> None:
    """Against a sum over small squares, inside, at and across the limb."""
    k, cells = 0.1, 1000
    grid = k * ((np.arange(cells) + 0.5) / cells * 2 - 1)
    x, y = np.meshgrid(grid, grid)
    area = (2 * k / cells) ** 2
    star = disc_light(*law.powers())[0]
    for d in (0.0, 0.5, 0.89, 0.97, 1.05):
        r2 = (x + d) ** 2 + y**2
        seen = (x**2 + y**2 < k**2) & (r2 < 1)
        hidden = law.intensity(np.sqrt(1 - r2[seen]))[0].sum() * area
        found = curve(law, np.array([d]), np.array([k]))[0, 0]
        assert abs(found - (1 - hidden / star)) < 1e-6


def test_a_star_is_darker_at_its_limb_and_more_so_in_the_blue_and_when_cool() -> None:
    cool, hot = (centre_to_limb(teff, np.array([0.7, 2.0, 3.9]), MU) for teff in (4500, 6500))
    for profile in (cool, hot):
        np.testing.assert_allclose(profile[:, -1], 1)
        assert np.all(np.diff(profile, axis=1) > 0)
        assert np.all(profile > 0)
        assert np.all(np.diff(profile[:, MU.searchsorted(0.5)]) > 0)
    assert np.all(cool[:, :-1] < hot[:, :-1])


def test_the_hydrogen_ion_is_most_transparent_where_it_should_be() -> None:
    wavelength = np.linspace(0.5, 4.0, 351)
    opacity = hydrogen_ion_opacity(wavelength, 5500.0)
    assert abs(wavelength[opacity.argmin()] - 1.64) < 0.05
    near = (wavelength > 0.6) & (wavelength < 1.2)
    assert abs(wavelength[near][opacity[near].argmax()] - 0.85) < 0.06


@pytest.mark.parametrize("name", ["four_parameter", "power2"])
def test_laws_follow_the_profile_better_the_more_they_can(name: str) -> None:
    profile = centre_to_limb(5000.0, np.array([0.7, 1.95, 3.0, 3.9]), FIT_MU)
    weight = FIT_MU / FIT_MU.sum()

    def rms(law: LimbLaw) -> Array:
        return np.sqrt((law.intensity(FIT_MU) - profile) ** 2 @ weight)

    ours, quadratic = rms(fit_law(name, profile)), rms(fit_law("quadratic", profile))  # type: ignore[arg-type]
    assert np.all(ours < 0.01)
    if name == "four_parameter":
        assert np.all(ours < 0.4 * quadratic)
    # Another shape than the quadratic law's grey coefficients, by what a light curve shows.
    grey = quadratic_coefficients(5000.0, np.array([0.7, 1.95, 3.0, 3.9]))
    k = np.full(4, 0.12)
    differ = curve(fit_law(name, profile), ratio=k) - transit_flux(SEPARATION, k, grey)  # type: ignore[arg-type]
    assert np.all(np.abs(differ).max(axis=1) > 5e-5)


def test_factor_scales_what_is_lost() -> None:
    for law in (LimbLaw("quadratic", U), LimbLaw("power2", np.array([[0.6, 0.7]]))):
        lost, more = 1 - law.intensity(MU), 1 - law.stronger(1.15).intensity(MU)
        np.testing.assert_allclose(more, 1.15 * lost, atol=1e-12)
    with pytest.raises(ConfigError, match="limb_factor"):
        LimbLaw("power2", np.array([[0.9, 0.7]])).stronger(1.2)


def test_hostile_brightness_is_refused() -> None:
    one = np.ones((1, 1))
    for arguments in (
        ([0.5], [0.1, 0.2], one, one),
        ([-0.5], [0.1], one, one),
        ([np.nan], [0.1], one, one),
        ([0.5], [np.inf], one, one),
        ([0.5], [0.1], -one, one),
        ([0.5], [0.1], one, -one),
    ):
        with pytest.raises(ConfigError):
            power_transit_flux(*arguments)
    with pytest.raises(ConfigError, match="temperature"):
        centre_to_limb(1000.0, np.array([0.7]), MU)
    with pytest.raises(ConfigError, match="micrometres"):
        centre_to_limb(5000.0, np.array([700.0]), MU)
