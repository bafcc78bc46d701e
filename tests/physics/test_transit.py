import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.integrate import quad

from spectramind.errors import ConfigError
from spectramind.physics.transit import transit_flux

Array = NDArray[np.float64]
LAWS = [(0.0, 0.0), (0.4, 0.25), (0.1, 0.1), (1.0, -0.17)]


def brute_flux(d: float, k: float, u1: float, u2: float) -> float:
    """Cartesian integration over the planet's disc, slice by slice."""

    def intensity(x: float, y: float) -> float:
        fall = 1 - np.sqrt(max(0.0, 1 - x * x - y * y))
        return 1 - u1 * fall - u2 * fall**2

    def slice_light(x: float) -> float:
        top = min(np.sqrt(max(0.0, k * k - (x - d) ** 2)), np.sqrt(max(0.0, 1 - x * x)))
        return 2 * quad(lambda y: intensity(x, y), 0, top, epsabs=1e-11)[0]

    edge = (1 + d * d - k * k) / (2 * d)  # where the two rims cross
    left, right = max(-1.0, d - k), min(1.0, d + k)
    points = [edge] if left < edge < right else None
    hidden = quad(slice_light, left, right, epsabs=1e-10, limit=200, points=points)[0]
    return 1 - hidden / (np.pi * (1 - u1 / 3 - u2 / 6))


@pytest.mark.parametrize(("u1", "u2"), LAWS)
@pytest.mark.parametrize("k", [0.02, 0.12, 0.3])
def test_agrees_with_brute_force(k: float, u1: float, u2: float) -> None:
    separation = np.array([1e-3, 0.5 * k, k, 0.5, 1 - k - 1e-3, 1 - 0.4 * k, 1 + 0.6 * k])
    expected = [brute_flux(d, k, u1, u2) for d in separation]
    flux = transit_flux(separation, [k], [(u1, u2)])[0]
    np.testing.assert_allclose(flux, expected, atol=1e-7)


@pytest.mark.parametrize(("u1", "u2"), LAWS)
@pytest.mark.parametrize("k", [0.01, 0.1, 0.25])
def test_agrees_with_batman(k: float, u1: float, u2: float) -> None:
    batman = pytest.importorskip("batman")
    params = batman.TransitParams()
    params.t0, params.per, params.a, params.inc, params.ecc, params.w = 0.0, 1.0, 10.0, 90.0, 0, 90
    params.rp, params.limb_dark, params.u = k, "quadratic", [u1, u2]
    time = np.linspace(-0.02, 0.02, 2001)
    separation = 10 * np.abs(np.sin(2 * np.pi * time))
    expected = batman.TransitModel(params, time).light_curve(params)
    flux = transit_flux(separation, [k], [(u1, u2)])[0]
    np.testing.assert_allclose(flux, expected, atol=1e-7)


def test_uniform_star_loses_the_area_ratio() -> None:
    flux = transit_flux([0.0, 0.3, 0.8], [0.1, 0.05], np.zeros((2, 2)))
    np.testing.assert_allclose(flux, [[0.99] * 3, [0.9975] * 3], atol=1e-12)


def test_uniform_star_grazed_by_its_twin() -> None:
    # Two unit discs one radius apart overlap by 2 pi / 3 - sqrt(3) / 2.
    lens = 2 * np.pi / 3 - np.sqrt(3) / 2
    flux = transit_flux([1.0], [1.0], [(0.0, 0.0)])
    np.testing.assert_allclose(flux, [[1 - lens / np.pi]], atol=1e-7)


def test_tiny_planet_takes_the_local_brightness() -> None:
    k, u1, u2 = 1e-3, 0.5, 0.2
    mu = np.sqrt(1 - 0.6**2)
    local = 1 - u1 * (1 - mu) - u2 * (1 - mu) ** 2
    depth = 1 - transit_flux([0.6], [k], [(u1, u2)])[0, 0]
    assert depth == pytest.approx(k**2 * local / (1 - u1 / 3 - u2 / 6), rel=1e-4)


def test_planet_larger_than_its_star_hides_all_of_it() -> None:
    flux = transit_flux([0.0, 0.1, 3.0], [1.5], [(0.4, 0.2)])
    np.testing.assert_allclose(flux, [[0.0, 0.0, 1.0]], atol=1e-12)


def test_outside_contact_flux_is_exactly_one() -> None:
    flux = transit_flux([1.1, 1.1000001, 5.0, np.inf], [0.1], [(0.4, 0.2)])
    np.testing.assert_array_equal(flux, np.ones((1, 4)))


def test_no_planet_no_dip() -> None:
    np.testing.assert_array_equal(transit_flux([0.0, 0.5], [0.0], [(0.4, 0.2)]), np.ones((1, 2)))


@given(k=st.floats(0.005, 0.3), u1=st.floats(0, 0.7), u2=st.floats(0, 0.3))
def test_flux_rises_outward_and_is_continuous(k: float, u1: float, u2: float) -> None:
    separation = np.linspace(0, 1.4, 1401)
    flux = transit_flux(separation, [k], [(u1, u2)])[0]
    steps = np.diff(flux)
    assert steps.min() > -1e-8
    # No step hides more than a strip one grid step wide across the planet, at the centre's light.
    assert steps.max() < 2 * k * 1e-3 / (np.pi * (1 - u1 / 3 - u2 / 6)) * 1.5
    assert flux[-1] == 1.0


def test_inputs_are_left_alone() -> None:
    separation, k, u = np.linspace(0, 1, 5), np.full(2, 0.1), np.full((2, 2), 0.2)
    copies = separation.copy(), k.copy(), u.copy()
    assert transit_flux(separation, k, u).shape == (2, 5)
    for array, copy in zip((separation, k, u), copies, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize(
    ("separation", "k", "u", "message"),
    [
        ([0.1], [0.1], [0.1, 0.2], "shapes"),
        ([0.1], [0.1, 0.2], [(0.1, 0.2)], "shapes"),
        ([[0.1]], [0.1], [(0.1, 0.2)], "shapes"),
        ([np.nan], [0.1], [(0.1, 0.2)], "separation"),
        ([-0.1], [0.1], [(0.1, 0.2)], "separation"),
        ([0.1], [-0.1], [(0.1, 0.2)], "radius ratio"),
        ([0.1], [np.nan], [(0.1, 0.2)], "radius ratio"),
        ([0.1], [0.1], [(3.0, 0.2)], "no light"),
        ([0.1], [0.1], [(np.nan, 0.2)], "no light"),
    ],
)
def test_hostile_input_is_refused(separation: Array, k: Array, u: Array, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        transit_flux(separation, k, u)
