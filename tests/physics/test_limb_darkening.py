import numpy as np
import pytest
from scipy.integrate import quad

from spectramind.errors import ConfigError
from spectramind.physics.limb_darkening import grey_intensity, quadratic_coefficients

C2 = 14387.77


def brute_intensity(teff: float, wavelength: float, mu: float) -> float:
    def integrand(tau: float) -> float:
        temperature = teff * (0.75 * (tau + 2 / 3)) ** 0.25
        return np.exp(-tau / mu) / mu / np.expm1(C2 / (wavelength * temperature))

    return quad(integrand, 0, 60 * mu, epsrel=1e-10)[0]


@pytest.mark.parametrize("teff", [2500.0, 5772.0, 12000.0])
@pytest.mark.parametrize("wavelength", [0.6, 3.9])
def test_intensity_is_the_formal_solution(teff: float, wavelength: float) -> None:
    mu = np.array([0.05, 0.4, 1.0])
    centre = brute_intensity(teff, wavelength, 1.0)
    expected = [brute_intensity(teff, wavelength, m) / centre for m in mu]
    np.testing.assert_allclose(grey_intensity(teff, [wavelength], mu)[0], expected, rtol=1e-5)


def test_long_waves_follow_temperature_to_the_fourth_root() -> None:
    # Rayleigh-Jeans at the limb (mu -> 0) sees T(0), proportional to (2/3)^(1/4).
    mu = np.array([1e-6])
    warm = quad(lambda tau: (tau + 2 / 3) ** 0.25 * np.exp(-tau), 0, 60)[0]
    expected = (2 / 3) ** 0.25 / warm
    assert grey_intensity(12000.0, [1e4], mu)[0, 0] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("teff", [3500.0, 5772.0, 9000.0])
def test_quadratic_law_follows_the_intensity(teff: float) -> None:
    mu = np.linspace(0.1, 1, 19)
    wavelength = np.array([0.7, 2.0, 3.9])
    u = quadratic_coefficients(teff, wavelength)
    law = 1 - u[:, :1] * (1 - mu) - u[:, 1:] * (1 - mu) ** 2
    np.testing.assert_allclose(law, grey_intensity(teff, wavelength, mu), atol=6e-3)


def test_sun_in_red_light() -> None:
    # Tables give u1 + u2 of 0.65 or so; the grey atmosphere is known to be 0.1 low.
    total = quadratic_coefficients(5772.0, np.array([0.7])).sum()
    assert total == pytest.approx(0.65 - 0.1, abs=0.04)


def test_darkening_fades_with_wavelength_and_with_temperature() -> None:
    wavelength = np.array([0.7, 1.95, 2.5, 3.2, 3.9])
    cool = quadratic_coefficients(4000.0, wavelength).sum(axis=1)
    hot = quadratic_coefficients(7000.0, wavelength).sum(axis=1)
    assert np.all(np.diff(cool) < 0)
    assert np.all(hot < cool)
    assert np.all(hot > 0)


@pytest.mark.parametrize("teff", [2499.0, 12001.0, np.nan])
def test_temperature_out_of_range(teff: float) -> None:
    with pytest.raises(ConfigError, match=r"2500\.\.12000 K"):
        quadratic_coefficients(teff, np.array([1.0]))


@pytest.mark.parametrize("wavelength", [[0.0], [7000.0], [np.nan], [[1.0]]])
def test_wavelength_out_of_range(wavelength: list[float]) -> None:
    with pytest.raises(ConfigError, match="micrometres"):
        quadratic_coefficients(5000.0, wavelength)
