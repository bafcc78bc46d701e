"""How sure a component is, in words."""

import pytest

from spectramind.contracts.retrieved import sigma_said


@pytest.mark.parametrize(
    ("component", "words"),
    [
        ({"sigma": 7.44, "method": "sampled"}, "7.4"),
        ({"sigma": 7.44, "method": "bound"}, ">7.4"),
        ({"sigma": 0.0}, "0.0"),  # as older files tell it
    ],
)
def test_a_bounded_factor_is_at_least_that(component: dict[str, object], words: str) -> None:
    assert sigma_said(component) == words
