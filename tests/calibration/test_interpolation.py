"""Filling masked samples."""

import numpy as np
import pytest

from spectramind.calibration.interpolation import fill_masked, fill_matrix, neighbour_weights
from spectramind.calibration.kernel import Cube
from spectramind.errors import SchemaError

WIDTH = (0.5, 0.5)


def cube(frames: np.ndarray) -> Cube:
    values = frames.astype(np.float32)
    flat = values.reshape(len(values), -1)
    return Cube(flat, np.full_like(flat, 4.0), np.zeros(flat.shape, np.uint8))


def test_a_bad_pixel_takes_its_neighbours_mean() -> None:
    image = np.add.outer(np.arange(5.0), 10 * np.arange(5.0))  # a plane: the mean is exact
    filled = cube(np.stack([image, 2 * image]))
    filled.frames[:, 12] = 1e9
    filled.flags[:, 12] = 2
    result = fill_masked(filled, (5, 5), WIDTH, noise_floor=0.0)
    np.testing.assert_allclose(filled.frames[:, 12], [22.0, 44.0], rtol=1e-6)
    assert (filled.variance[:, 12] < 4.0).all()
    assert result.mask[:, 12].all()
    assert result.mask.sum() == 2
    assert (result.in_time, result.in_space) == (0.0, 1 / 25)


def test_the_matrix_fills_as_the_filling_does() -> None:
    good = np.random.default_rng(1).random((6, 7)) > 0.3
    filled = cube(np.random.default_rng(0).normal(0, 1, (3, 6, 7)))
    filled.flags[:, ~good.ravel()] = 2
    matrix = fill_matrix(good, WIDTH)
    by_matrix = filled.frames @ matrix.T
    fill_masked(filled, (6, 7), WIDTH, noise_floor=0.0)
    np.testing.assert_allclose(by_matrix, filled.frames, atol=1e-6)
    np.testing.assert_allclose(filled.variance[0], 4.0 * matrix.power(2).sum(axis=1), rtol=1e-6)
    with pytest.raises(SchemaError, match="every pixel"):
        fill_matrix(np.zeros((2, 2), dtype=bool), WIDTH)


def test_only_flagged_samples_change() -> None:
    filled = cube(np.random.default_rng(0).normal(0, 1, (9, 4, 4)))
    before = filled.frames.copy()
    filled.flags[4, 3] = 64
    filled.flags[:, 8] = 2
    fill_masked(filled, (4, 4), WIDTH, noise_floor=0.1)
    changed = filled.frames != before
    assert changed[4, 3]
    assert changed[:, 8].all()
    assert changed.sum() == 10


def test_a_hit_is_bridged_in_time() -> None:
    frames = np.zeros((5, 3, 3)) + np.arange(5.0)[:, None, None]
    filled = cube(frames)
    filled.frames[2, 4] = 1e6
    filled.flags[2, 4] = 64
    result = fill_masked(filled, (3, 3), WIDTH, noise_floor=0.5)
    assert filled.frames[2, 4] == 2.0
    assert filled.variance[2, 4] == 4.0 + (0.5 * 2.0) ** 2
    assert result.in_time == pytest.approx(1 / 45)


def test_the_floor_is_a_fraction_of_the_value() -> None:
    values = []
    for floor in (0.0, 0.02):
        filled = cube(np.full((1, 3, 3), 1000.0))
        filled.flags[:, 4] = 2
        fill_masked(filled, (3, 3), WIDTH, noise_floor=floor)
        values.append(filled.variance[0, 4])
    assert values[1] - values[0] == pytest.approx(400.0)


def test_mostly_flagged_is_masked_throughout() -> None:
    filled = cube(np.random.default_rng(0).normal(0, 1, (4, 3, 3)))
    filled.flags[:3, 4] = 1
    result = fill_masked(filled, (3, 3), WIDTH, noise_floor=0.0)
    assert result.mask[:, 4].all()
    assert result.in_space == pytest.approx(1 / 9)


def test_the_kernel_grows_until_it_meets_a_good_pixel() -> None:
    good = np.zeros((9, 9), dtype=bool)
    good[0, 0] = True
    sources, weights = neighbour_weights(good, 8, 8, WIDTH)
    assert sources.tolist() == [0]
    assert weights.tolist() == [1.0]


def test_a_dead_detector_is_an_error() -> None:
    filled = cube(np.ones((2, 3, 3)))
    filled.flags[:] = 2
    with pytest.raises(SchemaError, match="every pixel"):
        fill_masked(filled, (3, 3), WIDTH, noise_floor=0.0)
