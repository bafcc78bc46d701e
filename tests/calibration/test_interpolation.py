"""Filling masked samples."""

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.calibration.steps.interpolation import (
    fill_in_space,
    fill_in_time,
    neighbour_weights,
)
from spectramind.errors import SchemaError

WIDTH = (0.5, 0.5)


def rows(frames: NDArray[np.float64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Frames (T, H, W) as a row a pixel, and variances 4."""
    values = np.ascontiguousarray(frames.reshape(len(frames), -1).T, dtype=np.float32)
    return values, np.full_like(values, 4.0)


def only(pixel: int, shape: tuple[int, int]) -> NDArray[np.bool_]:
    return np.arange(shape[0] * shape[1]).reshape(shape) == pixel


def test_a_bad_pixel_takes_its_neighbours_mean() -> None:
    image = np.add.outer(np.arange(5.0), 10 * np.arange(5.0))  # a plane: the mean is exact
    frames, variance = rows(np.stack([image, 2 * image]))
    frames[12] = 1e9
    before = frames.copy()
    fill_in_space(frames, variance, only(12, (5, 5)), WIDTH, noise_floor=0.0)
    np.testing.assert_allclose(frames[12], [22.0, 44.0], rtol=1e-6)
    assert (variance[12] < 4.0).all()
    assert np.argwhere((frames != before).any(axis=1)).ravel().tolist() == [12]


def test_the_matrix_fills_as_the_filling_does() -> None:
    good = np.random.default_rng(1).random((6, 7)) > 0.3
    frames, variance = rows(np.random.default_rng(0).normal(0, 1, (3, 6, 7)))
    matrix = np.eye(good.size)
    for pixel in np.flatnonzero(~good):
        sources, weights = neighbour_weights(good, *divmod(int(pixel), 7), WIDTH)
        matrix[pixel] = np.bincount(sources, weights, minlength=good.size)
    by_matrix = matrix @ frames
    fill_in_space(frames, variance, ~good, WIDTH, noise_floor=0.0)
    np.testing.assert_allclose(by_matrix, frames, atol=1e-6)
    np.testing.assert_allclose(variance[:, 0], 4.0 * (matrix**2).sum(axis=1), rtol=1e-6)
    with pytest.raises(SchemaError, match="every pixel"):
        fill_in_space(frames[:4], variance[:4], np.ones((2, 2), dtype=bool), WIDTH, noise_floor=0.0)


def test_the_floor_is_a_fraction_of_the_value() -> None:
    values = []
    for floor in (0.0, 0.02):
        frames, variance = rows(np.full((1, 3, 3), 1000.0))
        fill_in_space(frames, variance, only(4, (3, 3)), WIDTH, floor)
        values.append(variance[4, 0])
    assert values[1] - values[0] == pytest.approx(400.0)


def test_a_hit_is_bridged_in_time() -> None:
    values, variance = np.array([0.0, 1.0, 1e6, 3.0, 4.0]), np.array([4.0, 4.0, 9e6, 6.0, 4.0])
    bad = np.arange(5) == 2
    filled, wider = fill_in_time(values, variance, bad, noise_floor=0.5)
    np.testing.assert_array_equal(filled, [0.0, 1.0, 2.0, 3.0, 4.0])
    np.testing.assert_array_equal(wider, [4.0, 4.0, 5.0 + (0.5 * 2.0) ** 2, 6.0, 4.0])
    assert values[2] == 1e6


def test_ends_take_the_nearest_good_exposure() -> None:
    bad = np.array([True, False, False, True, True])
    filled, wider = fill_in_time(np.arange(5.0), np.arange(5.0), bad, 0.0)
    np.testing.assert_array_equal(filled, [1.0, 1.0, 2.0, 2.0, 2.0])
    np.testing.assert_array_equal(wider, filled)


def test_a_series_without_good_exposures_stays() -> None:
    filled, wider = fill_in_time(np.arange(3.0), np.ones(3), np.ones(3, dtype=bool), 0.1)
    np.testing.assert_array_equal(filled, np.arange(3.0))
    np.testing.assert_array_equal(wider, np.ones(3))


def test_the_kernel_grows_until_it_meets_a_good_pixel() -> None:
    good = np.zeros((9, 9), dtype=bool)
    good[0, 0] = True
    sources, weights = neighbour_weights(good, 8, 8, WIDTH)
    assert sources.tolist() == [0]
    assert weights.tolist() == [1.0]


def test_a_dead_detector_is_an_error() -> None:
    frames, variance = rows(np.ones((2, 3, 3)))
    with pytest.raises(SchemaError, match="every pixel"):
        fill_in_space(frames, variance, np.ones((3, 3), dtype=bool), WIDTH, noise_floor=0.0)
