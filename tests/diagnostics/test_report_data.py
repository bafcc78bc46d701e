"""Shapes are checked where data enter; light curves are binned by means."""

from collections.abc import Callable

import numpy as np
import pytest

from spectramind.diagnostics.report_data import CorelTable, LightCurve, ReportData
from spectramind.errors import SchemaError
from spectramind.instrument.grid import N_BINS

Make = Callable[..., ReportData]


def test_binning_takes_means_and_leaves_nan_out() -> None:
    time = np.arange(5.0)
    flux = np.array([1.0, 3.0, np.nan, 4.0, np.nan])
    binned = LightCurve(time, flux, time, None, flux).binned(3)
    np.testing.assert_array_equal(binned.time_h, [0.5, 2.5, 4.0])
    np.testing.assert_array_equal(binned.fgs1, [2.0, 4.0, np.nan])
    np.testing.assert_array_equal(binned.model_airs, [2.0, 4.0, np.nan])
    assert binned.model_fgs1 is None
    assert np.isnan(flux[2])


def test_fewer_samples_than_points_stay_as_they_are() -> None:
    time = np.arange(4.0)
    np.testing.assert_array_equal(LightCurve(time, time, time).binned(300).fgs1, time)


def test_a_curve_of_another_length_is_refused() -> None:
    with pytest.raises(SchemaError, match="model_airs"):
        LightCurve(np.zeros(4), np.zeros(4), np.zeros(4), None, np.zeros(3))


@pytest.mark.parametrize("name", ["mu", "sigma", "truth", "half_width"])
def test_a_wrong_number_of_bins_is_refused(make_report: Make, name: str) -> None:
    with pytest.raises(SchemaError, match=name):
        make_report(n=5, **{name: np.ones((5, N_BINS - 1))})


@pytest.mark.parametrize(("name", "value"), [("mu", np.nan), ("sigma", 0.0), ("sigma", np.inf)])
def test_a_prediction_that_cannot_be_is_refused(make_report: Make, name: str, value: float) -> None:
    bad = getattr(make_report(n=5), name).copy()
    bad[2, 9] = value
    with pytest.raises(SchemaError, match=name):
        make_report(n=5, **{name: bad})


def test_a_quantile_for_every_bin() -> None:
    with pytest.raises(SchemaError, match=r"corel\.q"):
        CorelTable(np.ones(282), np.ones(N_BINS), 0.1, 110)
