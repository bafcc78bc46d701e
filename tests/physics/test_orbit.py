import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectramind.errors import ConfigError
from spectramind.physics.orbit import (
    eccentric_anomaly,
    projected_separation,
    transit_duration_h,
)


def test_mid_transit_distance_is_the_impact_parameter() -> None:
    inclination = np.degrees(np.arccos(0.03))
    separation = projected_separation([5.0], 5.0, 3.0, 10.0, inclination)
    np.testing.assert_allclose(separation, [0.3], rtol=1e-12)


def test_a_quarter_orbit_later_the_planet_is_one_orbital_radius_away() -> None:
    # 24 h period: just before a quarter the planet is still in front, just after it is behind.
    separation = projected_separation([6 - 1e-9, 6 + 1e-3, 12.0, 23.9], 0.0, 1.0, 8.0, 90.0)
    assert separation[0] == pytest.approx(8.0)
    assert np.all(np.isinf(separation[1:3]))
    assert separation[3] == pytest.approx(8 * np.sin(2 * np.pi * 0.1 / 24))


def test_shape_of_time_is_kept_and_time_is_untouched() -> None:
    time = np.arange(6.0).reshape(2, 3)
    before = time.copy()
    assert projected_separation(time, 1.0, 3.0, 9.0, 88.0).shape == (2, 3)
    np.testing.assert_array_equal(time, before)


@given(
    period=st.floats(0.5, 50),
    a=st.floats(3, 60),
    impact=st.floats(0, 0.9),
    k=st.floats(0, 0.2),
)
def test_duration_is_the_time_within_contact(
    period: float, a: float, impact: float, k: float
) -> None:
    inclination = float(np.degrees(np.arccos(impact / a)))
    time = np.linspace(-period * 6, period * 6, 200_001)  # the half orbit in front
    separation = projected_separation(time, 0.0, period, a, inclination)
    brute = np.count_nonzero(separation < 1 + k) * (time[1] - time[0])
    duration = transit_duration_h(period, a, inclination, k)
    assert duration == pytest.approx(brute, abs=2.1 * (time[1] - time[0]))


def test_edge_on_duration_by_hand() -> None:
    # sin(half angle) = 1.1 / 2.2 = 1/2, so 30 deg either side: one sixth of 48 h.
    assert transit_duration_h(2.0, 2.2, 90.0, 0.1) == pytest.approx(8.0)


def test_no_transit_lasts_zero_hours() -> None:
    grazing = np.degrees(np.arccos(1.1 / 10))
    assert transit_duration_h(3.0, 10.0, grazing - 0.01, 0.1) == 0.0
    assert transit_duration_h(3.0, 10.0, grazing + 0.01, 0.1) > 0.0


@pytest.mark.parametrize(
    ("period", "a", "inclination", "message"),
    [
        (0.0, 10.0, 90.0, "period"),
        (np.nan, 10.0, 90.0, "period"),
        (3.0, 1.0, 90.0, "a/Rs"),
        (3.0, 10.0, 181.0, "inclination"),
        (3.0, 10.0, np.nan, "inclination"),
    ],
)
def test_impossible_orbits_are_refused(
    period: float, a: float, inclination: float, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        projected_separation([0.0], 0.0, period, a, inclination)
    with pytest.raises(ConfigError, match=message):
        transit_duration_h(period, a, inclination, 0.1)


@pytest.mark.parametrize("k", [-0.1, 1.0, np.nan])
def test_touching_bodies_are_refused(k: float) -> None:
    with pytest.raises(ConfigError, match="radius ratio"):
        transit_duration_h(3.0, 2.0, 90.0, k)


@pytest.mark.parametrize("eccentricity", [0.0, 0.3, 0.9, 0.999])
def test_keplers_equation_is_solved(eccentricity: float) -> None:
    mean = np.linspace(-20, 20, 4001)
    found = eccentric_anomaly(mean, eccentricity)
    again = found - eccentricity * np.sin(found)
    np.testing.assert_allclose(np.exp(1j * again), np.exp(1j * mean), atol=1e-12)


@pytest.mark.parametrize("eccentricity", [0.01, 0.3, 0.8])
@pytest.mark.parametrize("omega", [-40.0, 0.0, 90.0, 200.0, 270.0])
def test_eccentric_orbits_are_batmans(eccentricity: float, omega: float) -> None:
    batman = pytest.importorskip("batman._rsky")
    period, a, inclination = 5.0, 14.0, 88.0
    days = np.linspace(0.7, 1.3, 2001)
    args = (days, 1.0, period, a, np.radians(inclination), eccentricity, np.radians(omega), 1, 1)
    expected = batman._rsky(*args)
    found = projected_separation(days * 24, 24.0, period, a, inclination, eccentricity, omega)
    shown = expected < 50  # batman writes 100 behind the star
    assert shown.sum() > 100
    np.testing.assert_allclose(found[shown], expected[shown], rtol=1e-5, atol=1e-5)


def test_an_eccentricity_near_zero_is_a_circle() -> None:
    time = np.linspace(-6, 6, 101)
    circle = projected_separation(time, 0.0, 3.0, 9.0, 88.0)
    np.testing.assert_allclose(
        projected_separation(time, 0.0, 3.0, 9.0, 88.0, 1e-9, 30.0), circle, atol=1e-6
    )


@pytest.mark.parametrize("eccentricity", [-0.1, 1.0, np.nan])
def test_what_is_no_ellipse_is_refused(eccentricity: float) -> None:
    with pytest.raises(ConfigError, match="eccentricity"):
        projected_separation([0.0], 0.0, 3.0, 9.0, 88.0, eccentricity, 90.0)
