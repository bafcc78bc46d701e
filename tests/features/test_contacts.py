"""When a transit begins and ends."""

import numpy as np
import pytest

from spectramind.contracts.star_row import StarRow
from spectramind.features.contacts import contacts

STAR = StarRow(3.0, 9.0, 89.0, 5500.0)


def test_contacts_are_where_the_discs_touch() -> None:
    found = contacts(4.2, np.log(9.0), 0.3, 0.1, STAR)
    # Winn (2010), eqs. 14 and 15.
    sin_i = np.sqrt(1 - (0.3 / 9) ** 2)
    spans = [
        3.0 * 24 / np.pi * np.arcsin(np.sqrt((1 + side * 0.1) ** 2 - 0.3**2) / 9 / sin_i)
        for side in (1, -1)
    ]
    assert found[3] - found[0] == pytest.approx(spans[0], abs=1e-4)
    assert found[2] - found[1] == pytest.approx(spans[1], abs=1e-4)
    assert (found[0] + found[3]) / 2 == pytest.approx(4.2, abs=1e-6)
    assert (np.diff(found) > 0).all()


def test_a_grazing_transit_has_no_inner_contacts_and_a_miss_none() -> None:
    grazing = contacts(4.2, np.log(9.0), 0.98, 0.1, STAR)
    assert np.isfinite(grazing[[0, 3]]).all()
    assert np.isnan(grazing[[1, 2]]).all()
    assert np.isnan(contacts(4.2, np.log(9.0), 1.2, 0.1, STAR)).all()
