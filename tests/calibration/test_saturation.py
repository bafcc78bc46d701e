"""Saturated and clipped exposures."""

import numpy as np

from spectramind.calibration.saturation import adc_clipped, habitual, saturated

RAW = np.array([[437, 437, 437, 0], [59_999, 60_000, 65_535, 437]], np.uint16)


def test_saturation_begins_at_the_limit_and_spoils_the_pair() -> None:
    assert saturated(RAW, 60_000).tolist() == [[False, True, True, False]]
    assert saturated(RAW[::-1], 60_000).tolist() == [[False, True, True, False]]


def test_both_rails_clip() -> None:
    assert adc_clipped(RAW).tolist() == [[False, False, True, True]]


def test_a_habit_is_more_than_two_in_a_thousand_that_no_hit_explains() -> None:
    clipped = np.zeros((1000, 3), dtype=bool)
    clipped[:2, 0] = clipped[:3, 1] = clipped[:3, 2] = True
    struck = np.zeros_like(clipped)
    struck[0, 2] = True
    assert habitual(clipped, struck).tolist() == [False, True, False]
