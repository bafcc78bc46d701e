"""ADC reversal."""

import numpy as np
import pytest

from spectramind.calibration.steps.adc_reversal import quantisation_variance, reverse
from spectramind.dataset.tables import AdcInfo


def test_divides_by_the_gain() -> None:
    raw = np.array([[0, 500]], np.uint16)
    np.testing.assert_allclose(reverse(raw, AdcInfo(0.5, -1000.0)), [[-1000.0, 0.0]])


def test_encoding_and_back_costs_half_a_count() -> None:
    info = AdcInfo(0.4369, -1000.0)
    electrons = np.linspace(-900, 60_000, 20_001)
    raw = np.floor((electrons - info.offset) * info.gain).astype(np.uint16)
    error = reverse(raw, info) - electrons
    assert error.mean() == pytest.approx(-0.5 / info.gain, abs=0.02)
    assert error.var() == pytest.approx(quantisation_variance(info), rel=0.02)
