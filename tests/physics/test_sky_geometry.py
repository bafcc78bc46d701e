"""Places on the sky, and what discs have in common."""

import numpy as np
import pytest

from spectramind.physics.discs import common_area
from spectramind.physics.orbit import (
    conjunction_distance,
    projected_separation,
    sky_position,
    transit_speed,
)

TIME = np.linspace(-5, 5, 501)
ORBITS = [
    (4.0, 10.0, 88.0, 0.0, 90.0),
    (4.0, 10.0, 88.0, 0.3, -40.0),
    (4.0, 10.0, 88.0, 0.4, 160.0),
]


@pytest.mark.parametrize("orbit", ORBITS)
def test_a_place_on_the_sky_is_as_far_as_the_separation(orbit: tuple[float, ...]) -> None:
    along, across = sky_position(TIME, 0.3, *orbit)
    separation = projected_separation(TIME, 0.3, *orbit)
    np.testing.assert_allclose(np.hypot(along, across), separation, rtol=1e-12)
    period, a, inclination, e, omega = orbit
    at = np.abs(TIME - 0.3).argmin()
    step = 1e-4
    before, after = sky_position([0.3 - step, 0.3 + step], 0.3, *orbit)[0]
    np.testing.assert_allclose((after - before) / (2 * step), transit_speed(period, a, e, omega))
    assert abs(along[at]) < 1e-9
    impact = conjunction_distance(a, e, omega) * np.cos(np.radians(inclination))
    np.testing.assert_allclose(across[at], impact)


def test_behind_the_star_there_is_no_place() -> None:
    assert np.isnan(sky_position([2.0 * 24], 0.0, *ORBITS[0])).all()


def test_common_area() -> None:
    """Apart, touching, within, same size half hidden; against a sum over small squares."""
    np.testing.assert_allclose(common_area([3.0, 1.5, np.nan], 1.0, 0.5), 0)
    np.testing.assert_allclose(common_area([0.0, 0.2, 0.5], 1.0, 0.5), np.pi * 0.25)
    np.testing.assert_allclose(common_area([0.0, 0.2], 0.5, 1.0), np.pi * 0.25)
    np.testing.assert_allclose(common_area(1.0, 1.0, 1.0), 2 * np.pi / 3 - np.sqrt(3) / 2)
    grid = (np.arange(2000) + 0.5) / 2000 * 1.2 - 0.6
    x, y = np.meshgrid(grid, grid)
    for d in (0.55, 0.9, 1.3):
        inside = (x**2 + y**2 < 0.25) & ((x - d) ** 2 + y**2 < 1)
        np.testing.assert_allclose(common_area(d, 0.5, 1.0), inside.mean() * 1.44, atol=1e-4)
    assert common_area(np.ones(3), np.ones((2, 1)), 0.1).shape == (2, 3)
