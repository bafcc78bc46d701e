"""AIRS extraction."""

import warnings

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.calibration.extraction import (
    AirsSeries,
    airs_forms,
    airs_series,
    amplitude_weights,
    join,
    joint_weights,
    spectrum_slope,
)

Array = NDArray[np.float64]
WIDTH = 60
ROWS = np.arange(32)[:, None]
COLUMNS = np.arange(WIDTH)
LINE = 1 - 0.3 * np.exp(-0.5 * ((COLUMNS - 30) / 2.0) ** 2)  # makes the dispersion's shift visible
ALL_GOOD = np.ones((32, WIDTH), dtype=bool)


def trace(scale: float = 1.0, row: float = 15.5, width: float = 1.0) -> Array:
    """Core and wings that reach every row; flux falls with the column."""
    core = np.exp(-0.5 * ((ROWS - row) / width) ** 2) / width
    return scale * (core + 0.02 / (1 + ((ROWS - row) / 3) ** 2)) * np.linspace(2e4, 2e3, WIDTH)


def extracted(images: list[Array] | Array, bad: NDArray[np.bool_] | None = None) -> AirsSeries:
    """Series of exposures with photon and 338 e^2 of read noise."""
    frames = np.stack(list(images))
    image = frames.mean(axis=0)
    nothing = ~ALL_GOOD if bad is None else bad
    forms = airs_forms(image, np.maximum(image, 0) + 338.0, np.ones_like(image), nothing)
    seen = np.where(nothing, 0.0, frames)
    return airs_series(np.einsum("frc,trc->ftc", forms.weights, seen), forms)


def test_weights_pick_the_amplitude_and_ignore_a_constant() -> None:
    profile = trace()
    weights = amplitude_weights(profile, profile + 338.0, ALL_GOOD)
    np.testing.assert_allclose((weights * profile).sum(axis=0), 1.0)
    np.testing.assert_allclose(weights.sum(axis=0), 0.0, atol=1e-12)


def test_weights_by_hand() -> None:
    """Two rows, equal variance: the amplitude is the difference over the profile's difference."""
    two = np.array([[3.0], [1.0]])
    weights = amplitude_weights(two, np.ones((2, 1)), np.ones((2, 1), bool))
    np.testing.assert_allclose(weights, [[0.5], [-0.5]])
    three = np.vstack([two, [[np.nan]]])
    good = np.isfinite(three)
    weights = amplitude_weights(three, np.ones((3, 1)), good)
    np.testing.assert_allclose(weights, [[0.5], [-0.5], [0.0]])


def test_joint_weights_tell_their_templates_apart() -> None:
    templates = np.stack([trace(), np.gradient(trace(), axis=0)])
    weights, information = joint_weights(templates, trace() + 338.0, ALL_GOOD)
    read = np.einsum("frc,grc->fgc", weights, templates)
    np.testing.assert_allclose(read, np.eye(2)[:, :, None] * np.ones(WIDTH), atol=1e-10)
    np.testing.assert_allclose(weights.sum(axis=1), 0.0, atol=1e-12)  # blind to a constant
    noise = (weights**2 * (trace() + 338.0)).sum(axis=1)
    np.testing.assert_allclose(noise * information, 1.0)
    same = np.stack([trace(), 2 * trace()])
    weights, information = joint_weights(same, trace() + 338.0, ALL_GOOD)
    assert not weights.any()
    assert not information.any()


def test_a_column_without_contrast_gets_no_weight() -> None:
    flat = np.full((32, 2), 5.0)
    good = np.ones((32, 2), dtype=bool)
    assert not amplitude_weights(flat, np.ones((32, 2)), good).any()
    assert not airs_forms(flat, flat, flat, ~good).weights.any()


def test_foreground_does_not_dilute_a_transit() -> None:
    series = extracted([trace(light) + 40.0 for light in (1.0, 1.0, 0.97)])
    np.testing.assert_allclose(series.flux[2] / series.flux[0], 0.97, rtol=1e-12)


def test_a_transit_moves_nothing() -> None:
    """Shift and width are orthogonal to the star's own image and to any foreground."""
    series = extracted([light * trace() * LINE + 40 * light for light in (1.0, 1.0, 0.97, 0.9)])
    np.testing.assert_allclose(series.pointing, 0.0, atol=1e-9)


def test_dead_pixels_leave_the_amplitude_exact() -> None:
    """Whatever a masked pixel reads, NaN in the references included."""
    bad = ~ALL_GOOD
    bad[15, ::7] = bad[20, 3] = True
    lights = (1.0, 0.97, 1.01)
    series = extracted([np.where(bad, 1e6 / light, trace(light) + 9) for light in lights], bad)
    expected = np.array(lights)[:, None] / np.mean(lights)
    assert np.abs(series.flux / series.flux.mean(axis=0) / expected - 1).max() < 1e-12
    np.testing.assert_allclose(series.pointing, 0.0, atol=1e-9)
    broken = np.where(bad, np.nan, trace())
    again = airs_forms(broken, broken + 338, broken, bad)
    assert all(np.isfinite(part).all() for part in (again.weights, again.offset, again.image))


def test_variance_is_the_scatter_and_follows_the_light() -> None:
    rng = np.random.default_rng(2)
    bright, faint = trace(), trace(0.9)
    frames = np.concatenate([np.repeat(image[None], 3000, axis=0) for image in (bright, faint)])
    series = extracted(frames + rng.normal(0, np.sqrt(frames + 338.0)))
    for half in (slice(0, 3000), slice(3000, None)):
        ratio = series.flux[half].var(axis=0) / series.variance[half].mean(axis=0)
        assert np.median(ratio) == pytest.approx(1.0, abs=0.02)


def test_the_stated_variance_is_exact() -> None:
    """var(t) = sum w^2 (mean variance + (S(t) - mean S) / flat), with a flat that is not 1."""
    frames = np.stack([trace(light) for light in (1.0, 0.9)])
    image, flat = frames.mean(axis=0), np.linspace(0.9, 1.1, WIDTH) * np.ones((32, 1))
    variance = image / flat + 338.0
    forms = airs_forms(image, variance, flat, ~ALL_GOOD)
    series = airs_series(np.einsum("frc,trc->ftc", forms.weights, frames), forms)
    expected = np.einsum("rc,trc->tc", forms.weights[0] ** 2, frames / flat + 338.0)
    np.testing.assert_allclose(series.variance, expected)


def test_beats_a_plain_sum_in_faint_columns() -> None:
    series = extracted([trace(0.05)] * 2)
    plain = (trace(0.05) + 338.0).sum(axis=0)
    assert (series.variance[0] < plain).mean() > 0.9


def test_motion_along_the_slit_is_recovered() -> None:
    shift = np.array([0.02, -0.02, 0.01, -0.01, 0.0, 0.0])
    spread = np.array([0.0, 0.0, 0.0, 0.0, 0.02, -0.02])  # of the width's square [px^2]
    images = [trace(row=15.5 + y, width=np.sqrt(1 + w)) for y, w in zip(shift, spread, strict=True)]
    pointing = extracted(images).pointing
    np.testing.assert_allclose(pointing[:4, 0], shift[:4], rtol=0.2)
    np.testing.assert_allclose(pointing[4:, 0], 0.0, atol=1e-4)
    np.testing.assert_allclose(pointing[4:, 2], spread[4:], rtol=0.4)


def test_motion_along_the_dispersion_is_recovered() -> None:
    spectrum = np.linspace(1.0, 0.5, WIDTH) * LINE
    shift = np.array([0.03, -0.03, 0.0])
    moved = [np.interp(COLUMNS - x, COLUMNS, spectrum) for x in shift]
    profile = trace() / trace().sum(axis=0)
    pointing = extracted([5e4 * profile * light for light in moved]).pointing
    np.testing.assert_allclose(pointing[:, 1], shift, atol=0.002)


def test_masked_pixels_do_not_bend_the_spectrum() -> None:
    bad = ~ALL_GOOD
    bad[15, [10, 29]] = bad[16, 45] = True
    profile = trace() / trace().sum(axis=0)
    image = 5e4 * profile * LINE
    forms = airs_forms(np.where(bad, -7.0, image), image + 338, np.ones_like(image), bad)
    ours = spectrum_slope(forms)[1:-1]
    np.testing.assert_allclose(ours, (np.gradient(LINE) / LINE)[1:-1], atol=0.006)


def test_columns_can_be_run_in_blocks() -> None:
    image = trace() * LINE
    bad = np.random.default_rng(3).random(image.shape) < 0.02
    whole = airs_forms(image, image + 338, np.ones_like(image), bad)
    pieces = [
        airs_forms(image[:, part], image[:, part] + 338, np.ones_like(image[:, part]), bad[:, part])
        for part in (slice(0, 7), slice(7, 31), slice(31, WIDTH))
    ]
    joined = join(pieces)
    for name in ("weights", "offset", "information", "image", "good"):
        np.testing.assert_array_equal(getattr(joined, name), getattr(whole, name))


def test_hostile_columns_give_no_light_and_no_warning() -> None:
    bad = ~ALL_GOOD
    bad[:, 5] = True  # all dead
    bad[1:, 6] = True  # a single pixel
    bad[14:18, 7] = True  # no core
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        series = extracted([np.where(bad, np.nan, trace(light)) for light in (1.0, 0.97)], bad)
        alone = extracted([trace()])
        dark = extracted([np.zeros((32, WIDTH))] * 3)
    assert not series.flux[:, 5:7].any()
    assert np.isinf(series.variance[:, 5:7]).all()
    assert np.isfinite(series.flux).all()
    assert np.isfinite(series.pointing).all()
    np.testing.assert_allclose(series.flux[1, 7] / series.flux[0, 7], 0.97)
    assert not alone.pointing.any()
    assert np.isinf(dark.variance).all()
    assert not dark.pointing.any()
