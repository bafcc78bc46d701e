"""Attributions by phase and along the transit, of planets made by hand."""

import numpy as np

from spectramind.diagnostics.attribution_course import PlanetCourse, along_transit, by_phase
from spectramind.physics.transit_phases import EGRESS, INGRESS, INSIDE, OUT, phases


def planet(sign: float) -> PlanetCourse:
    """25 samples over four half transits; 1 in ingress, 2 inside, 3 in egress, none outside."""
    clock = np.linspace(-2, 2, 25)
    phase = phases(clock, 0.5)
    given = np.select([phase == INGRESS, phase == INSIDE, phase == EGRESS], [1.0, 2.0, 3.0], 0.0)
    return PlanetCourse(clock, phase, np.stack([sign * given, np.zeros(25)]))


def test_sums_of_phases_and_their_errors() -> None:
    one = planet(1.0)
    count = np.bincount(one.phase, minlength=4)
    mean, error = by_phase([one, planet(-1.0)])
    assert mean.shape == error.shape == (4, 2)
    np.testing.assert_allclose(
        mean[[OUT, INGRESS, INSIDE, EGRESS], 0],
        [0, count[INGRESS], 2 * count[INSIDE], 3 * count[EGRESS]],
    )
    assert not error.any()  # of one size, whatever the sign
    assert not mean[:, 1].any()
    assert np.isnan(by_phase([one])[1]).all()


def test_the_course_holds_every_sample_once() -> None:
    clock, course = along_transit([planet(1.0), planet(-1.0)])
    assert clock.shape == (72,)
    assert course.shape == (2, 72)
    assert np.nansum(course[0]) == np.abs(planet(1.0).given[0]).sum()
    assert np.isnan(course[0, clock < -2.1]).all()  # no planet has samples there
    blind = PlanetCourse(np.full(25, np.nan), np.zeros(25, dtype=np.int64), np.ones((2, 25)))
    _, both = along_transit([planet(1.0), blind])
    np.testing.assert_array_equal(both, along_transit([planet(1.0)])[1])
