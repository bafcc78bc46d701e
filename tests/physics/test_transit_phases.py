"""Ingress and egress of transits whose contacts are known."""

import numpy as np
import pytest

from spectramind.physics.transit_phases import (
    EGRESS,
    INGRESS,
    INSIDE,
    OUT,
    inner_share,
    phases,
    transit_clock,
)


def trapezoid(time: np.ndarray, half: float, inner: float) -> np.ndarray:
    """Linear ingress from -half to -inner, and back."""
    return 1 - 0.01 * np.clip((half - np.abs(time)) / (half - inner), 0, 1)


def test_share_between_the_inner_contacts() -> None:
    assert inner_share(0.1, 0.0) == pytest.approx(0.9 / 1.1)
    assert inner_share(0.1, 0.5) == pytest.approx(np.sqrt((0.81 - 0.25) / (1.21 - 0.25)))
    assert inner_share(0.1, 0.95) == 0.0  # grazing
    assert inner_share(0.1, 1.2) == 0.0  # none at all


def test_phases_stand_between_the_contacts() -> None:
    time = np.linspace(-3, 3, 601)
    clock = transit_clock(trapezoid(time, 1.5, 1.2))
    np.testing.assert_allclose(clock, time / 1.5, atol=0.01)
    found = phases(clock, 1.2 / 1.5)
    size = np.abs(time)
    assert (found[size > 1.52] == OUT).all()
    assert (found[size < 1.18] == INSIDE).all()
    assert (found[(time > -1.48) & (time < -1.22)] == INGRESS).all()
    assert (found[(time < 1.48) & (time > 1.22)] == EGRESS).all()


def test_a_grazing_transit_has_no_inside_and_none_is_all_outside() -> None:
    time = np.linspace(-3, 3, 101)
    grazing = phases(transit_clock(trapezoid(time, 1.5, 0.0)), 0.0)
    assert set(grazing) == {OUT, INGRESS, EGRESS}
    assert (phases(transit_clock(np.ones(50)), 0.8) == OUT).all()
