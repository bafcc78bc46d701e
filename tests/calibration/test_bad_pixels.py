"""Flags that the reference frames tell."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from spectramind.calibration.steps.bad_pixels import (
    MASKING,
    Flag,
    clipped_outliers,
    noisy_dark,
    reference_flags,
    usable_read_noise,
)
from spectramind.config.calib import KillChainConfig
from spectramind.dataset.frames import ReferenceFrames


@pytest.fixture
def references() -> ReferenceFrames:
    shape = (8, 9)
    return ReferenceFrames(
        dark=np.random.default_rng(1).normal(0.01, 0.001, shape),
        dead=np.zeros(shape, dtype=bool),
        flat=np.ones(shape),
        linear_corr=np.eye(6)[1][:, None, None] * np.ones(shape),
        read=np.full(shape, 13.0),
    )


def spoiled(references: ReferenceFrames, name: str, value: Any) -> ReferenceFrames:
    frame = getattr(references, name).copy()
    frame[..., 1, 2] = value
    return replace(references, **{name: frame})


def test_clean_references_flag_nothing(
    references: ReferenceFrames, config: KillChainConfig
) -> None:
    assert not reference_flags(references, 4.5, config).any()


@pytest.mark.parametrize(
    ("name", "value", "flag"),
    [
        ("dead", True, Flag.DEAD),
        ("dark", 5.0, Flag.HOT),
        ("dark", -5.0, Flag.COLD),
        ("dark", np.nan, Flag.NAN),
        ("read", np.nan, Flag.NAN),
        ("read", -1.0, Flag.NAN),
        ("linear_corr", np.inf, Flag.NAN),
        ("linear_corr", 0.0, Flag.LINEARITY),
        ("linear_corr", -1e-30, Flag.LINEARITY),
        ("flat", np.nan, Flag.NAN),
        ("flat", 0.0, Flag.FLAT),
        ("flat", -0.01, Flag.FLAT),
        ("flat", 0.009, Flag.FLAT),
        ("flat", np.inf, Flag.NAN),
        ("dark", -np.inf, Flag.NAN | Flag.COLD),
        ("read", 1e9, Flag.NAN | Flag.NOISY),
    ],
)
def test_each_cause_has_its_bit(
    references: ReferenceFrames, config: KillChainConfig, name: str, value: Any, flag: Flag
) -> None:
    flags = reference_flags(spoiled(references, name, value), 4.5, config)
    assert flags[1, 2] == flag
    assert np.count_nonzero(flags) == 1


def test_causes_add_up(references: ReferenceFrames, config: KillChainConfig) -> None:
    both = spoiled(spoiled(references, "dead", True), "flat", -1.0)
    assert reference_flags(both, 4.5, config)[1, 2] == Flag.DEAD | Flag.FLAT


def test_a_hot_pixel_that_its_dark_corrects_is_kept(
    references: ReferenceFrames, config: KillChainConfig
) -> None:
    quiet = config.model_copy(update={"hot_noise": 1.0})
    warm, blazing = spoiled(references, "dark", 5.0), spoiled(references, "dark", 500.0)
    assert not reference_flags(warm, 4.5, quiet).any()  # 22 e of dark against 2 x 13^2
    assert reference_flags(blazing, 4.5, quiet)[1, 2] == Flag.HOT


def test_noisy_dark_by_hand() -> None:
    dark, read = np.array([8.0, 8.1]), np.array([4.0, 4.0])
    np.testing.assert_array_equal(noisy_dark(dark, read, 4.0, 1.0), [False, True])  # 2 x 4^2 = 32


def test_clipping_finds_outliers_that_hide_behind_greater_ones() -> None:
    values = np.concatenate(
        [np.random.default_rng(0).normal(0, 1, 1000), [30.0, 1e4, -1e4, np.nan]]
    )
    above, below = clipped_outliers(values, 5.0)
    assert np.flatnonzero(above).tolist() == [1000, 1001]
    assert np.flatnonzero(below).tolist() == [1002]


def test_constant_and_empty_values_have_no_outliers() -> None:
    for values in (np.full(9, 0.0063), np.full(9, np.nan)):
        above, below = clipped_outliers(values, 5.0)
        assert not above.any()
        assert not below.any()


def test_unknown_read_noise_is_the_typical_one() -> None:
    noise = usable_read_noise(np.array([10.0, 12.0, 14.0, np.nan, -1.0]))
    np.testing.assert_array_equal(noise, [10.0, 12.0, 14.0, 12.0, 12.0])
    np.testing.assert_array_equal(usable_read_noise(np.array([np.nan])), [0.0])


def test_flags_are_separate_bits() -> None:
    assert [int(flag) for flag in Flag] == [1 << bit for bit in range(len(Flag))]
    assert sum(Flag) < 1 << 16
    assert [flag for flag in Flag if not flag & MASKING] == [Flag.NOISY]


def test_a_noisy_pixel_stands_out_and_hurts(
    references: ReferenceFrames, config: KillChainConfig
) -> None:
    """Typical 13 e: 17 e are an outlier but no burden, 20 e have over twice the variance."""
    read = np.random.default_rng(2).normal(13.0, 0.1, (8, 9))
    read[0, 0], read[1, 1] = 17.0, 20.0
    flags = reference_flags(replace(references, read=read), 4.5, config)
    assert np.argwhere(flags == Flag.NOISY).tolist() == [[1, 1]]


def test_a_wild_polynomial_is_not_believed(
    references: ReferenceFrames, config: KillChainConfig
) -> None:
    wild = references.linear_corr.copy()
    wild[:] = np.array([0.0, 1.0, 0.0, 0.0, 0.0, 0.0])[:, None, None]
    wild[5, 2, 3] = 1.0
    flags = reference_flags(replace(references, linear_corr=wild), 4.5, config)
    assert np.argwhere(flags == Flag.NAN).tolist() == [[2, 3]]
