"""One detector through the whole chain, from memory."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.calibration.chain import Calibrated, calibrate_detector, pixel_references
from spectramind.config.calibration import KillChainConfig
from spectramind.dataset.frames import ReferenceFrames
from spectramind.dataset.tables import AdcInfo, Timing
from spectramind.errors import SchemaError
from spectramind.instrument.detectors import FGS1

ADC = AdcInfo(0.4369, -1000.0)
TIMING = Timing(np.array([0.1, 0.2]), np.arange(8.0), 0.1)
SHAPE = (FGS1.height, FGS1.width)


@pytest.fixture
def references() -> ReferenceFrames:
    rng = np.random.default_rng(5)
    linear = np.zeros((6, *SHAPE))
    linear[1], linear[2] = 1.0, 2e-7
    return ReferenceFrames(
        dark=rng.normal(0.01, 0.001, SHAPE),
        dead=np.zeros(SHAPE, dtype=bool),
        flat=rng.normal(1.0, 0.01, SHAPE),
        linear_corr=linear,
        read=np.full(SHAPE, 13.0),
    )


@pytest.fixture
def raw() -> NDArray[np.uint16]:
    rng = np.random.default_rng(6)
    electrons = rng.normal(0, 13, (16, FGS1.pixels))
    electrons[1::2] += rng.poisson(2_000, (8, FGS1.pixels))
    return np.floor((electrons + 1000) * 0.4369).astype(np.uint16)


def run(
    raw: NDArray[np.uint16], references: ReferenceFrames, config: KillChainConfig
) -> Calibrated:
    return calibrate_detector(
        lambda block: raw.T[block], len(raw), FGS1, references, ADC, TIMING, config
    )


def stats(result: Calibrated, step: str) -> dict[str, Any]:
    return next(r["delta_stats"] for r in result.log if r["step"] == step)


def test_equals_the_numpy_chain(
    raw: NDArray[np.uint16],
    references: ReferenceFrames,
    config: KillChainConfig,
    numpy_chain: Callable[..., Any],
) -> None:
    result = run(raw, references, config)
    pixels = pixel_references(references, TIMING.integration_s, config)
    signal, variance, flags = numpy_chain(raw, pixels, ADC, TIMING, config)
    assert not flags.any()
    np.testing.assert_allclose(result.frames.reshape(8, -1), signal, rtol=1e-6, atol=1e-3)
    np.testing.assert_allclose(result.variance.reshape(8, -1), variance, rtol=1e-6)
    assert (result.frames.dtype, result.variance.dtype) == (np.float32, np.float32)
    assert not result.mask.any()


def test_every_step_leaves_a_record(
    raw: NDArray[np.uint16], references: ReferenceFrames, config: KillChainConfig
) -> None:
    result = run(raw, references, config)
    steps = [record["step"] for record in result.log]
    assert steps == ["adc", "bad_pixels", "linearity", "dark", "cds", "flat", "decode", "fused"]
    for record in result.log:
        assert set(record) == {"step", "t_ms", "params", "delta_stats"}
        assert record["t_ms"] >= 0
    assert stats(result, "linearity")["median_correction_ppm"] == pytest.approx(400, rel=0.1)
    assert stats(result, "cds")["exposure"]["mean"] == pytest.approx(2_000, rel=0.01)
    assert stats(result, "cds")["median_variance"]["read"] == pytest.approx(338, rel=0.01)


def test_an_odd_read_is_left_out_and_recorded(
    raw: NDArray[np.uint16], references: ReferenceFrames, config: KillChainConfig
) -> None:
    whole, odd = run(raw[:14], references, config), run(raw[:15], references, config)
    np.testing.assert_array_equal(odd.frames, whole.frames)
    assert stats(odd, "fused") == {"unpaired_reads": 1}


def test_one_pair(
    raw: NDArray[np.uint16], references: ReferenceFrames, config: KillChainConfig
) -> None:
    result = run(raw[:2], references, config)
    assert result.frames.shape == (1, *SHAPE)
    assert np.isfinite(result.frames).all()


@pytest.mark.parametrize("frame", ["dark", "flat", "read", "linear_corr"])
def test_nan_references_are_flagged_and_filled(
    raw: NDArray[np.uint16], references: ReferenceFrames, config: KillChainConfig, frame: str
) -> None:
    spoiled = getattr(references, frame).copy()
    spoiled[..., 3, 4] = np.nan
    result = run(raw, replace(references, **{frame: spoiled}), config)
    assert result.mask[:, 3, 4].all()
    assert result.mask.sum() == 8
    assert np.isfinite(result.frames).all()
    assert (result.variance > 0).all()
    assert stats(result, "bad_pixels")["by_cause"]["reference"] == pytest.approx(1 / FGS1.pixels)


def test_a_dead_column_is_filled(
    raw: NDArray[np.uint16], references: ReferenceFrames, config: KillChainConfig
) -> None:
    dead = references.dead.copy()
    dead[:, 7] = True
    raw = raw.copy()
    raw.reshape(-1, *SHAPE)[:, :, 7] = 437
    result = run(raw, replace(references, dead=dead), config)
    assert result.mask[:, :, 7].all()
    assert result.frames[:, :, 7].mean() == pytest.approx(2_000, rel=0.02)


def test_a_dead_detector_is_an_error(
    raw: NDArray[np.uint16], references: ReferenceFrames, config: KillChainConfig
) -> None:
    dead = np.ones(SHAPE, dtype=bool)
    with pytest.raises(SchemaError, match="every pixel"):
        run(raw, replace(references, dead=dead), config)


def test_a_constant_detector_survives(references: ReferenceFrames, config: KillChainConfig) -> None:
    result = run(np.full((16, FGS1.pixels), 437, np.uint16), references, config)
    assert not result.mask.any()
    assert np.abs(result.frames).max() < 0.1
