"""Lost exposures: told by a few pixels, dropped before anything is made of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.calibration.kernel.stream import Stream
from spectramind.calibration.steps.lost_exposures import WITNESSES, find_lost, witnesses
from spectramind.config.calib import KillChainConfig
from spectramind.dataset.frames import ReferenceFrames
from spectramind.dataset.tables import AdcInfo, Timing
from spectramind.errors import SchemaError
from spectramind.instrument.detectors import FGS1

T = 200
FULL = 65535


@pytest.fixture
def raw() -> NDArray[np.uint16]:
    """Healthy reads (48, 2 T): start at 450 counts, end at 1,500, noise of 6."""
    rng = np.random.default_rng(1)
    level = np.tile([450.0, 1500.0], T)
    return np.rint(rng.normal(level, 6.0, (WITNESSES, 2 * T))).astype(np.uint16)


def indices(mask: NDArray[np.bool_]) -> list[int]:
    return np.flatnonzero(mask).tolist()


def test_healthy_reads_lose_nothing(raw: NDArray[np.uint16]) -> None:
    assert not find_lost(raw, FULL).lost.any()
    assert find_lost(raw, FULL).told() == ""


@pytest.mark.parametrize("value", [0, FULL])
@pytest.mark.parametrize("reads", [[20, 21], [20], [21]])
def test_a_read_at_either_rail_loses_its_exposure(
    raw: NDArray[np.uint16], value: int, reads: list[int]
) -> None:
    raw[:, reads] = value
    found = find_lost(raw, FULL)
    assert indices(found.blank) == [10]
    assert not found.stuck.any()


def test_saturation_below_the_rail_counts(raw: NDArray[np.uint16]) -> None:
    raw[:, 100:104] = 40_000
    assert indices(find_lost(raw, 40_000).blank) == [50, 51]


def test_half_of_the_detector_is_enough_and_single_pixels_are_not(
    raw: NDArray[np.uint16],
) -> None:
    raw[::2, 60:62] = 0
    raw[:5, 80:82] = 0
    assert indices(find_lost(raw, FULL).blank) == [30]


def test_pixels_that_always_clip_do_not_lose_a_visit(raw: NDArray[np.uint16]) -> None:
    raw[:40] = FULL
    assert not find_lost(raw, FULL).lost.any()


def test_repeated_pairs_are_stuck_and_the_first_is_not(raw: NDArray[np.uint16]) -> None:
    raw[:, 100:180] = np.tile(raw[:, 100:102], 40)
    found = find_lost(raw, FULL)
    assert indices(found.stuck) == list(range(51, 90))
    assert found.describe() == {"stuck": {"count": 39, "first": 51, "last": 89}}
    assert "39 of 200 exposures stuck (repeated) between number 52 and 90" in found.told()


@pytest.mark.parametrize(("first", "lost"), [(100, range(50, 90)), (101, range(51, 90))])
def test_a_read_that_repeats_is_stuck(
    raw: NDArray[np.uint16], first: int, lost: Sequence[int]
) -> None:
    raw[:, first:180] = raw[:, [first]]
    assert indices(find_lost(raw, FULL).stuck) == list(lost)


def test_dark_constant_reads_are_no_loss() -> None:
    assert not find_lost(np.full((WITNESSES, 40), 437, np.uint16), FULL).lost.any()


def test_no_witness_and_no_partner(raw: NDArray[np.uint16]) -> None:
    assert not find_lost(raw[:0], FULL).lost.any()
    raw[:, 20:22] = 0
    assert indices(find_lost(raw[:, :-1], FULL).blank) == [10]
    assert len(find_lost(raw[:, :-1], FULL).blank) == T - 1


def test_witnesses_are_usable_and_spread() -> None:
    usable = np.ones((32, 356), dtype=bool)
    usable[10] = False
    found = witnesses(usable.ravel())
    rows, columns = np.divmod(found, 356)
    assert len(found) == WITNESSES
    assert 10 not in rows
    assert len(set(rows)) > 25
    assert len(set(columns)) > 40
    assert len(witnesses(np.zeros(5, dtype=bool))) == 0


ADC = AdcInfo(0.4369, -1000.0)


@dataclass(frozen=True)
class Memory:
    """Raw reads (n_reads, pixels) where a file would be."""

    raw: NDArray[np.uint16]
    path: Path = Path("somewhere.parquet")

    @property
    def n_reads(self) -> int:
        return len(self.raw)

    def pixels(self, pixels: Sequence[int]) -> NDArray[np.uint16]:
        return np.ascontiguousarray(self.raw.T[pixels])

    def reopened(self) -> "Memory":
        return self


def stream_of(raw: NDArray[np.uint16], config: KillChainConfig) -> Stream:
    shape = (FGS1.height, FGS1.width)
    linear = np.zeros((6, *shape))
    linear[1] = 1.0
    references = ReferenceFrames(
        dark=np.full(shape, 0.01),
        dead=np.zeros(shape, dtype=bool),
        flat=np.ones(shape),
        linear_corr=linear,
        read=np.full(shape, 13.0),
    )
    timing = Timing(np.array([0.1, 0.2]), np.arange(len(raw) // 2) / 100, 0.1)
    memory: Any = Memory(raw)
    return Stream(FGS1, memory, references, ADC, timing, config)


@pytest.fixture
def frames() -> NDArray[np.uint16]:
    """Reads (2 T, 1024) of 2,000 e an exposure."""
    rng = np.random.default_rng(6)
    electrons = rng.normal(0, 13, (2 * T, FGS1.pixels))
    electrons[1::2] += rng.poisson(2_000, (T, FGS1.pixels))
    return np.floor((electrons + 1000) * 0.4369).astype(np.uint16)


@pytest.mark.parametrize("value", [0, FULL])
def test_five_lost_exposures_cost_these_and_change_nothing_else(
    frames: NDArray[np.uint16], config: KillChainConfig, value: int
) -> None:
    """As if they had never been in the file: exposures, statistics and masks, bit for bit."""
    lost = np.arange(80, 85)
    without = np.delete(frames.reshape(T, 2, -1), lost, axis=0).reshape(2 * (T - 5), -1)
    frames[160:170] = value
    spoiled, clean = stream_of(frames, config), stream_of(without, config)
    block = np.arange(FGS1.pixels)
    np.testing.assert_array_equal(spoiled.run(block), clean.run(block))
    for name in ("mean", "variance", "bad", "counts"):
        np.testing.assert_array_equal(getattr(spoiled, name), getattr(clean, name))
    assert not spoiled.bad.any()
    np.testing.assert_array_equal(spoiled.kept, np.delete(np.arange(T), lost))
    np.testing.assert_array_equal(spoiled.timing.mid_time_h, spoiled.kept / 100)
    assert spoiled.lost.describe() == {"blank": {"count": 5, "first": 80, "last": 84}}


def test_half_may_be_lost_and_more_is_named(
    frames: NDArray[np.uint16], config: KillChainConfig
) -> None:
    frames[:T] = 0
    assert stream_of(frames, config).n_exposures == T // 2
    frames[: T + 2] = 0
    with pytest.raises(SchemaError, match=r"somewhere.*101 of 200 exposures blank.*at most 50%"):
        stream_of(frames, config)


def test_a_detector_that_always_repeats_is_named(
    frames: NDArray[np.uint16], config: KillChainConfig
) -> None:
    stuck = np.tile(frames[:2], (T, 1))
    with pytest.raises(SchemaError, match="199 of 200 exposures stuck"):
        stream_of(stuck, config)


def test_a_lower_saturation_level_is_used(
    frames: NDArray[np.uint16], config: KillChainConfig
) -> None:
    frames[10:12] = 30_000
    lower = config.model_copy(update={"saturation_counts": 30_000})
    assert indices(stream_of(frames, lower).lost.blank) == [5]
    assert replace(stream_of(frames, config).lost).describe() == {
        "stuck": {"count": 1, "first": 5, "last": 5}
    }
