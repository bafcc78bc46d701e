"""Saturated and clipped exposures."""

import numpy as np
import pytest

from spectramind.calibration.steps.full_well import adc_clipped, habitual, piled_up, saturated
from spectramind.dataset.tables import AdcInfo

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


@pytest.mark.parametrize("exposures", [140, 5000])
def test_a_full_well_shows_in_the_pile_of_its_end_reads(exposures: int) -> None:
    """Always full, full out of transit, full in one read of five, bright, transiting, faint."""
    rng = np.random.default_rng(4)
    adc, read, well = AdcInfo(0.4369, -1000.0), 13.0, 45_000.0
    level = np.array([1.1, 1.01, 0.996, 0.95, 0.9, 0.035])[:, None] * well
    transit = np.where(np.arange(exposures) < exposures // 3, 0.98, 1.0)
    light = level * np.where(np.array([0, 1, 0, 0, 1, 0])[:, None], transit, 1.0)
    light = np.minimum(light + np.sqrt(level) * rng.standard_normal(light.shape), well)
    reads = np.stack([np.full_like(light, 900.0), light], axis=2).reshape(len(level), -1)
    reads += read * rng.standard_normal(reads.shape)
    raw = np.round((reads - adc.offset) * adc.gain).astype(np.uint16)
    found = piled_up(raw, np.full(len(level), read), adc)
    assert found[[0, 1]].all()
    assert found[2] or exposures < 1000
    assert not found[3:].any()


def test_one_hit_is_no_pile() -> None:
    rng = np.random.default_rng(5)
    raw = rng.normal(15_000, 80, (1, 2000)).astype(np.uint16)
    raw[0, 501] = 20_000
    assert not piled_up(raw, np.array([13.0]), AdcInfo(0.4369, -1000.0)).any()
