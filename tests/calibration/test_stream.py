"""One detector through the stream, from memory: blocks, cubes, and what the log says of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.calibration.cubes import calibrated_cube, cube_bytes
from spectramind.calibration.kernel.stream import Stream, pixel_references, readout_of
from spectramind.calibration.step_records import audit
from spectramind.calibration.steps.bad_pixels import Flag
from spectramind.config.calib import KillChainConfig
from spectramind.dataset.frames import ReferenceFrames
from spectramind.dataset.tables import AdcInfo, Timing
from spectramind.errors import SchemaError
from spectramind.instrument.detectors import AIRS, FGS1

ADC = AdcInfo(0.4369, -1000.0)
TIMING = Timing(np.array([0.1, 0.2]), np.arange(8.0), 0.1)
SHAPE = (FGS1.height, FGS1.width)


@dataclass(frozen=True)
class Memory:
    """Raw reads (n_reads, pixels) where a file would be."""

    raw: NDArray[np.uint16]

    @property
    def n_reads(self) -> int:
        return len(self.raw)

    def pixels(self, pixels: Sequence[int]) -> NDArray[np.uint16]:
        return np.ascontiguousarray(self.raw.T[pixels])

    def reopened(self) -> "Memory":
        return self


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
    raw: NDArray[np.uint16], references: ReferenceFrames, config: KillChainConfig, block: int = 100
) -> Stream:
    """The whole detector, in blocks."""
    memory: Any = Memory(raw)
    stream = Stream(FGS1, memory, references, ADC, TIMING, config)
    stream.hold(samples=True)
    for part in np.array_split(np.arange(FGS1.pixels), -(-FGS1.pixels // block)):
        stream.run(part)
    return stream


def cube(stream: Stream, config: KillChainConfig) -> dict[str, NDArray[np.generic]]:
    assert stream.samples is not None
    return calibrated_cube(stream, stream.samples, config)


def test_frames_lie_as_the_detector_does(
    raw: NDArray[np.uint16],
    references: ReferenceFrames,
    config: KillChainConfig,
    numpy_chain: Callable[..., Any],
) -> None:
    frames, variance, mask, origin = cube(run(raw, references, config), config).values()
    pixels = pixel_references(references, TIMING.integration_s, config)
    expected = numpy_chain(raw, pixels, readout_of(ADC, TIMING, config))
    assert not expected.flags.any()
    np.testing.assert_allclose(frames.reshape(8, -1), expected.signal, rtol=1e-6, atol=2e-3)
    np.testing.assert_allclose(variance.reshape(8, -1), expected.variance, rtol=1e-5)
    assert (frames.dtype, variance.dtype, mask.dtype) == (np.float32, np.float32, np.bool_)
    assert not mask.any()
    assert origin.tolist() == [0, 0]


@pytest.mark.parametrize("block", [1, 7, 1024])
def test_blocks_do_not_matter(
    raw: NDArray[np.uint16], references: ReferenceFrames, config: KillChainConfig, block: int
) -> None:
    one, other = run(raw, references, config), run(raw, references, config, block)
    np.testing.assert_array_equal(one.exposures, other.exposures)
    np.testing.assert_array_equal(one.mean, other.mean)
    np.testing.assert_array_equal(one.sample, other.sample)
    assert other.ran.all()


def test_pixels_in_any_order(
    raw: NDArray[np.uint16], references: ReferenceFrames, config: KillChainConfig
) -> None:
    memory: Any = Memory(raw)
    stream = Stream(FGS1, memory, references, ADC, TIMING, config)
    signal = stream.run(np.array([40, 3, 700]))
    whole = run(raw, references, config)
    np.testing.assert_array_equal(signal, whole.exposures[[40, 3, 700]])
    assert np.flatnonzero(stream.ran).tolist() == [3, 40, 700]
    assert stream.mean[3] == whole.mean[3]
    assert not stream.holds


def test_a_cropped_cube_is_a_window_of_the_whole(
    raw: NDArray[np.uint16], references: ReferenceFrames, config: KillChainConfig
) -> None:
    raw = raw.copy()
    raw.reshape(-1, *SHAPE)[1::2, 20, 6] += 3000  # the star
    whole = cube(run(raw, references, config), config)
    cropping = config.model_copy(update={"keep_cubes": "cropped"})
    part = cube(run(raw, references, cropping), cropping)
    row, column = part["origin"]
    assert (row, column) == (12, 0)
    assert part["frames"].shape == (8, 17, 15)
    for key in ("frames", "variance", "mask"):
        window = whole[key][:, row : row + 17, column : column + 15]
        np.testing.assert_array_equal(part[key], window)
    assert cube_bytes(AIRS, 10, cropping) == 10 * 17 * 282 * 9
    assert cube_bytes(AIRS, 10, config.model_copy(update={"keep_cubes": "all"})) == (
        10 * 32 * 356 * 9
    )


def audited(stream: Stream, config: KillChainConfig) -> dict[str, Any]:
    log = audit(stream.sample, stream.pixels, ADC, TIMING, config, SHAPE)
    for record in log:
        assert set(record) == {"step", "t_ms", "params", "delta_stats"}
        assert record["t_ms"] >= 0
    return {record["step"]: record["delta_stats"] for record in log}


def test_every_step_leaves_a_record(
    raw: NDArray[np.uint16], references: ReferenceFrames, config: KillChainConfig
) -> None:
    stats = audited(run(raw, references, config), config)
    assert list(stats) == ["adc", "linearity", "dark", "cds", "flat"]
    assert stats["linearity"]["median_correction_ppm"] == pytest.approx(400, rel=0.1)
    assert stats["cds"]["exposure"]["mean"] == pytest.approx(2_000, rel=0.01)
    assert stats["cds"]["median_variance"]["read"] == pytest.approx(338, rel=0.01)


def test_an_odd_read_is_left_out(
    raw: NDArray[np.uint16], references: ReferenceFrames, config: KillChainConfig
) -> None:
    whole, odd = run(raw[:14], references, config), run(raw[:15], references, config)
    np.testing.assert_array_equal(odd.exposures, whole.exposures)
    assert odd.n_exposures == 7


def test_one_pair(
    raw: NDArray[np.uint16], references: ReferenceFrames, config: KillChainConfig
) -> None:
    frames = cube(run(raw[:2], references, config), config)["frames"]
    assert frames.shape == (1, *SHAPE)
    assert np.isfinite(frames.astype(np.float64)).all()


@pytest.mark.parametrize("frame", ["dark", "flat", "read", "linear_corr"])
def test_nan_references_are_flagged_and_filled(
    raw: NDArray[np.uint16], references: ReferenceFrames, config: KillChainConfig, frame: str
) -> None:
    spoiled = getattr(references, frame).copy()
    spoiled[..., 3, 4] = np.nan
    stream = run(raw, replace(references, **{frame: spoiled}), config)
    assert np.flatnonzero(stream.bad).tolist() == [3 * 32 + 4]
    frames, variance, mask, _ = cube(stream, config).values()
    assert mask[:, 3, 4].all()
    assert mask.sum() == 8
    assert np.isfinite(frames.astype(np.float64)).all()
    assert (variance.astype(np.float64) > 0).all()


def test_a_dead_column_is_filled(
    raw: NDArray[np.uint16], references: ReferenceFrames, config: KillChainConfig
) -> None:
    dead = references.dead.copy()
    dead[:, 7] = True
    raw = raw.copy()
    raw.reshape(-1, *SHAPE)[:, :, 7] = 437
    frames, _, mask, _ = cube(run(raw, replace(references, dead=dead), config), config).values()
    assert mask[:, :, 7].all()
    assert frames[:, :, 7].astype(np.float64).mean() == pytest.approx(2_000, rel=0.02)


def test_a_dead_detector_has_no_cube(
    raw: NDArray[np.uint16], references: ReferenceFrames, config: KillChainConfig
) -> None:
    dead = np.ones(SHAPE, dtype=bool)
    stream = run(raw, replace(references, dead=dead), config)
    with pytest.raises(SchemaError, match="every pixel"):
        cube(stream, config)


def test_a_constant_detector_survives(references: ReferenceFrames, config: KillChainConfig) -> None:
    stream = run(np.full((16, FGS1.pixels), 437, np.uint16), references, config)
    assert not stream.bad.any()
    assert np.abs(stream.exposures).max() < 0.1


def test_a_pixel_that_fills_its_well_is_masked_for_good(
    references: ReferenceFrames, config: KillChainConfig
) -> None:
    rng = np.random.default_rng(7)
    electrons = rng.normal(40_000, 200, (200, FGS1.pixels))
    electrons[:, 5] = np.minimum(electrons[:, 5] + 400, 40_000)
    electrons[::2] = 500
    raw = np.floor((electrons + rng.normal(0, 13, electrons.shape) + 1000) * 0.4369)
    memory: Any = Memory(raw.astype(np.uint16))
    stream = Stream(
        FGS1, memory, references, ADC, replace(TIMING, mid_time_h=np.arange(100.0)), config
    )
    stream.run(np.arange(10))
    assert np.flatnonzero(stream.bad[:10]).tolist() == [5]
    assert stream.counts[5, list(Flag).index(Flag.SATURATED)] == 100
