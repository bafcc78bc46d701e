"""Rows of the star table, sound and not, as the fit uses them."""

import re

import numpy as np
import pandas as pd
import pytest

from spectramind.contracts.star_row import StarRow
from spectramind.features.star_rows import STAND_IN, duration_h, star_rows
from spectramind.physics.orbit import transit_duration_h

GOOD = {"Ts": 5500.0, "P": 3.3, "sma": 8.5, "i": 88.0, "e": 0.0, "omega": np.nan}


def row(**changes: float) -> StarRow:
    table = pd.DataFrame([GOOD | changes, GOOD], index=pd.Index(["1", "2"], name="planet_id"))
    rows = star_rows(table, ["1", "2"])
    assert rows["2"] == StarRow(3.3, 8.5, 88.0, 5500.0)  # a neighbour's fault is not its own
    return rows["1"]


def test_a_good_row_is_taken_as_it_is() -> None:
    assert row() == StarRow(3.3, 8.5, 88.0, 5500.0)
    assert not row().fault


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"P": np.nan}, "P is blank or no number"),
        ({"P": -2.9}, "P is -2.9: days, above 0"),
        ({"P": np.inf}, "P is blank"),
        ({"sma": 0.04}, "sma is 0.04: stellar radii, above 1"),
        ({"i": np.nan}, "i is blank"),
        ({"i": 1.5326}, r"make no transit \(impact parameter 8.5\)"),
        ({"i": 200.0}, "i is 200: degrees"),
        ({"e": 1.2}, "e is 1.2"),
        ({"P": 0.0, "sma": np.nan}, "P is 0.*sma is blank"),
    ],
)
def test_an_orbit_that_cannot_be(changes: dict[str, float], words: str) -> None:
    found = row(**changes)
    assert re.search(words, found.orbit_fault)
    assert (found.period_d, found.a_over_rs) == (STAND_IN.period_d, STAND_IN.a_over_rs)
    assert found.teff_k == 5500.0
    assert not found.limb_open


@pytest.mark.parametrize("teff", [0.0, np.nan, 300.0, 1e6, -5.0])
def test_a_temperature_that_no_star_has(teff: float) -> None:
    found = row(Ts=teff)
    assert "Ts is" in found.limb_fault
    assert found.limb_open
    assert found.teff_k == STAND_IN.teff_k
    assert found.period_d == 3.3


@pytest.mark.parametrize(("teff", "used"), [(2400.0, 2500.0), (13000.0, 12000.0)])
def test_a_temperature_beside_the_grid_is_clamped_and_said(teff: float, used: float) -> None:
    found = row(Ts=teff)
    assert found.teff_k == used
    assert f"{teff:g} K" in found.note
    assert not found.fault
    assert found.limb_open


def test_a_planet_without_row() -> None:
    table = pd.DataFrame([GOOD], index=pd.Index(["2"], name="planet_id"))
    found = star_rows(table, ["0012"])["0012"]
    assert "no row" in found.fault
    assert found.limb_open


def test_inclinations_beyond_90_are_the_same_orbit() -> None:
    assert row(i=92.0) == row()


def test_eccentricity() -> None:
    known = row(e=0.3, omega=20.0)
    assert known.computed == (0.3, 20.0)
    assert known.impact == pytest.approx(row().impact * 0.91 / (1 + 0.3 * np.sin(np.radians(20))))
    unknown = row(e=0.3)
    assert unknown.computed[0] == 0.0
    assert "without omega" in unknown.note
    assert row(e=0.01) == row()  # no matter
    assert "taken as a circle" in row(e=np.nan).note


def test_durations_are_those_of_the_orbit() -> None:
    circle = row()
    exact = transit_duration_h(3.3, 8.5, 88.0, 0.1)
    assert duration_h(circle) == pytest.approx(exact, rel=0.02)
    fast, slow = row(e=0.4, omega=90.0, i=90.0), row(e=0.4, omega=-90.0, i=90.0)
    assert duration_h(slow) / duration_h(fast) == pytest.approx(1.4 / 0.6)
