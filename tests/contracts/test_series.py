"""Light curves as `calibrate` leaves them: binning, files, errors."""

from pathlib import Path

import numpy as np
import pytest

from spectramind.contracts.series import (
    Series,
    cycle_bounds,
    read_series,
    usual_step,
    write_series,
)
from spectramind.errors import SchemaError

MINUTE_H = 1 / 60


def series(count: int, step_min: float = 1.0) -> Series:
    samples = np.arange(count, dtype=np.float64)
    columns = np.stack([samples, 10 * samples], axis=1).astype(np.float32)
    return Series(
        time_h=samples * step_min * MINUTE_H,
        flux=columns,
        variance=np.full((count, 2), 6.0, np.float32),
        pointing=np.tile(samples[:, None], 3).astype(np.float32),
    )


def test_three_samples_become_one_with_a_third_of_the_variance() -> None:
    binned = series(7).binned(3.0)
    np.testing.assert_allclose(binned.time_h / MINUTE_H, [1, 4, 6])
    np.testing.assert_allclose(binned.flux, [[1, 10], [4, 40], [6, 60]])
    np.testing.assert_allclose(binned.variance[:, 0], [2, 2, 6])  # the last one holds one sample
    np.testing.assert_allclose(binned.pointing[:, 2], [1, 4, 6])
    assert binned.flux.dtype == binned.variance.dtype == binned.pointing.dtype == np.float32


@pytest.mark.parametrize("cadence_min", [0.0, 0.4, 1.4])
def test_samples_that_last_as_long_stay_as_they_are(cadence_min: float) -> None:
    whole = series(5)
    assert whole.binned(cadence_min) is whole


@pytest.mark.parametrize("count", [1, 2])
def test_short_series_can_be_binned(count: int) -> None:
    assert len(series(count).binned(7.5).time_h) == 1


def test_a_light_curve_that_no_pixel_reads_keeps_its_infinite_variance() -> None:
    whole = series(4)
    whole.variance[:, 1] = np.inf
    assert np.isinf(whole.binned(2.0).variance[:, 1]).all()


def test_a_file_holds_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "airs" / "airs_1.npz"
    write_series(path, series(4), trace_meta=np.array("{}"))
    again = read_series(path, 2)
    for name in ("time_h", "flux", "variance", "pointing"):
        np.testing.assert_array_equal(getattr(again, name), getattr(series(4), name))
    with np.load(path) as archive:
        assert str(archive["trace_meta"]) == "{}"


def test_another_number_of_light_curves_is_refused(tmp_path: Path) -> None:
    write_series(tmp_path / "a.npz", series(4))
    with pytest.raises(SchemaError, match=r"expected finite \(T,\), \(T, 3\)"):
        read_series(tmp_path / "a.npz", 3)


@pytest.mark.parametrize("key", ["time_h", "flux", "pointing"])
def test_values_that_are_not_finite_are_refused(tmp_path: Path, key: str) -> None:
    broken = series(4)
    getattr(broken, key)[2] = np.nan
    write_series(tmp_path / "a.npz", broken)
    with pytest.raises(SchemaError, match="finite"):
        read_series(tmp_path / "a.npz", 2)


def test_means_do_not_reach_across_a_gap() -> None:
    """Twelve samples of a minute; of cells of three the second lost two, the third all."""
    whole = series(12)
    kept = np.delete(np.arange(12), [4, 5, 6, 7, 8])
    seen = Series(whole.time_h[kept], whole.flux[kept], whole.variance[kept], whole.pointing[kept])
    binned = seen.binned(3.0)
    np.testing.assert_allclose(binned.time_h / MINUTE_H, [1, 10])  # one sample of three: left out
    np.testing.assert_allclose(binned.variance[:, 0], [2, 2])


def test_a_clock_with_a_gap_has_no_long_cycles() -> None:
    """An hour's gap after the second cycle: neither neighbour takes what was seen meanwhile."""
    clock = np.array([0.0, 1.0, 2.0, 62.0, 63.0, 64.0])
    first, stop = cycle_bounds(np.arange(0.0, 65.0, 0.5), clock)
    np.testing.assert_array_equal(first, [0, 1, 3, 123, 125, 127])
    np.testing.assert_array_equal(stop, [1, 3, 5, 125, 127, 129])


@pytest.mark.parametrize("unit", [3600.0, -1.0, 0.0])
def test_times_that_are_no_hours_or_do_not_ascend_are_refused(tmp_path: Path, unit: float) -> None:
    path = tmp_path / "airs.npz"
    whole = series(4)
    write_series(path, Series(whole.time_h * unit, whole.flux, whole.variance, whole.pointing))
    with pytest.raises(SchemaError, match="must ascend, in hours"):
        read_series(path, 2)


def test_the_usual_step_survives_the_loss_of_half_of_the_samples() -> None:
    rng = np.random.default_rng(0)
    time_h = np.sort(rng.permutation(200)[:100]) * MINUTE_H
    assert usual_step(time_h) == pytest.approx(MINUTE_H)
    assert usual_step(np.array([1.0, 3.0])) == 2.0
