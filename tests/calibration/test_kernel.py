"""The fused kernel equals the NumPy chain, and flags what it should."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from spectramind.calibration.kernel.fused import calibrate_block
from spectramind.calibration.kernel.limits import FULL_WELL_E, LARGEST, SMALLEST_FLAT
from spectramind.calibration.kernel.pixels import Pixels, PixelStats, Readout, Samples
from spectramind.calibration.steps.adc_reversal import quantisation_variance
from spectramind.calibration.steps.bad_pixels import MASKING, Flag
from spectramind.dataset.tables import AdcInfo

ADC = AdcInfo(0.4369, -1000.0)
READOUT = Readout(
    gain=ADC.gain,
    offset=ADC.offset,
    quantisation=quantisation_variance(ADC),
    start_s=0.1,
    end_s=4.6,
    saturation_counts=60_000,
    cosmic_sigma=8.0,
    persistence_sigma=3.0,
    flat_error=0.002,
    noise_floor=0.001,
)
WIDTH = 37


def identity(n: int) -> Pixels:
    coefficients = np.zeros((n, 6))
    coefficients[:, 1] = 1.0
    return Pixels(coefficients, np.zeros(n), np.ones(n), np.full(n, 13.0), np.zeros(n, np.uint16))


def varied(n: int, rng: np.random.Generator) -> Pixels:
    powers = np.array([0.3, 1.0, 1e-7, 7e-12, 3e-17, 1e-22])
    return Pixels(
        coefficients=powers * rng.normal(1.0, 0.01, (n, 6)),
        dark=rng.normal(0.01, 1.0, n),
        flat=rng.normal(1.0, 0.02, n),
        read_noise=rng.uniform(10, 20, n),
        flags=rng.choice(np.array([0, 0, 0, Flag.DEAD, Flag.NOISY], np.uint16), n),
    )


class Fused(NamedTuple):
    """Signal and samples, (P, T), and stats."""

    signal: NDArray[np.float32]
    samples: Samples
    stats: PixelStats


def fused(
    raw: NDArray[np.uint16], pixels: Pixels, readout: Readout = READOUT, keep: bool = True
) -> Fused:
    """The kernel on raw (n_reads, P)."""
    shape = (raw.shape[1], len(raw) // 2)
    signal = np.full(shape, np.nan, "f4")
    samples = Samples(np.full(shape, np.nan, "f4"), np.full(shape, 9999, "u2"))
    stats = calibrate_block(raw.T, pixels, readout, signal, samples if keep else None)
    return Fused(signal, samples, stats)


def hostile(kind: str, rng: np.random.Generator) -> NDArray[np.uint16]:
    raw = rng.normal(437, 6, (2 * 120, WIDTH))
    raw[1::2] += rng.uniform(0, 2e4, WIDTH)
    raw[1::2] += rng.normal(0, np.sqrt(raw[1::2] / 2))
    reads = {"none": 1, "one_exposure": 2, "four_exposures": 8, "odd": 239}.get(kind, 240)
    if kind == "noise_of_all_bits":
        raw = rng.uniform(0, 65536, raw.shape)
    if kind == "negative":
        raw[1::2] = rng.normal(200, 6, raw[1::2].shape)
    if kind == "saturated":
        raw[11, ::3] = 61_000
        raw[80:90, ::4] = 65535
        raw[20, ::5] = 0
    if kind == "hits":
        raw[rng.integers(0, 120, 99) * 2 + 1, rng.integers(0, WIDTH, 99)] += 30_000
    if kind == "ends":
        raw[[1, 3, -3, -1], [0, 1, 2, 3]] += 9_000
        raw[[1, 3, -3, -1], [4, 5, 6, 6]] = 65535
    if kind == "tail":
        raw[41, ::2] += 40_000
        raw[41:141:2, ::2] += 5_000 * np.exp(-np.arange(50) / 9)[:, None]
        raw[221, 1::2] += 20_000
        raw[223::2, 1::2] += 3_000
    if kind == "constant":
        raw[:] = 437
    if kind == "dead_column":
        raw[:, 5] = 0
    return np.clip(raw, 0, 65535).astype(np.uint16)[:reads]


CAUSES = {  # what each kind must raise beside the pixels' own flags, or the test tests nothing
    "plain": 0,
    "noise_of_all_bits": Flag.SATURATED,
    "negative": 0,
    "saturated": Flag.SATURATED | Flag.ADC_CLIP | Flag.COSMIC,
    "hits": Flag.COSMIC,
    "ends": Flag.COSMIC | Flag.SATURATED | Flag.ADC_CLIP,
    "tail": Flag.COSMIC | Flag.PERSISTENCE,
    "constant": 0,
    "dead_column": Flag.ADC_CLIP,
    "none": 0,
    "one_exposure": 0,
    "four_exposures": 0,
    "odd": 0,
}


def assert_equal(raw: NDArray[np.uint16], result: Fused, expected: Any) -> None:
    """To a few roundings in single precision of the reads that exposures are the differences of."""
    signal, samples, stats = result
    scale = 5e-7 * raw.max() / ADC.gain
    np.testing.assert_array_equal(samples.flags.T, expected.flags)
    np.testing.assert_allclose(signal.T, expected.filled, rtol=1e-6, atol=scale)
    np.testing.assert_allclose(samples.variance.T, expected.filled_variance, rtol=2e-6, atol=scale)
    np.testing.assert_array_equal(stats.bad, expected.bad)
    if signal.size:
        np.testing.assert_allclose(stats.mean, expected.filled.mean(axis=0), rtol=3e-6, atol=scale)
        np.testing.assert_allclose(stats.variance, expected.mean_variance, rtol=3e-6, atol=scale)
    by_cause = np.stack([(expected.flags & np.uint16(flag) != 0).sum(axis=0) for flag in Flag], 1)
    np.testing.assert_array_equal(stats.counts, by_cause)


@pytest.mark.parametrize("kind", CAUSES)
def test_equals_the_numpy_chain(kind: str, numpy_chain: Callable[..., Any]) -> None:
    rng = np.random.default_rng(11)
    pixels, raw = varied(WIDTH, rng), hostile(kind, rng)
    before = raw.copy()
    expected = numpy_chain(raw, pixels, READOUT)
    raised = int(np.bitwise_or.reduce(expected.flags ^ pixels.flags, axis=None))
    assert raised & CAUSES[kind] == CAUSES[kind]
    assert raised == 0 or CAUSES[kind] != 0
    result = fused(raw, pixels)
    assert_equal(raw, result, expected)
    np.testing.assert_array_equal(raw, before)
    alone = fused(raw, pixels, keep=False)
    np.testing.assert_array_equal(alone.signal, result.signal)
    for with_samples, without in zip(result.stats, alone.stats, strict=True):
        np.testing.assert_array_equal(with_samples, without)


SERIES = st.lists(
    st.integers(0, 65535) | st.sampled_from([437, 440, 20_000, 65535, 0]), max_size=60
)


@settings(
    deadline=None,
    max_examples=80,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    reads=SERIES,
    level=st.integers(0, 60_000),
    noise=st.sampled_from([0.0, 3.0, 300.0]),
    seed=st.integers(0, 2**32 - 1),
)
def test_equals_the_numpy_chain_on_any_reads(
    reads: list[int],
    level: int,
    noise: float,
    seed: int,
    numpy_chain: Callable[..., Any],
) -> None:
    """A few wild reads in a steady series; verdicts may differ only within rounding of a limit."""
    rng = np.random.default_rng(seed)
    pixels = varied(1, rng)
    raw = rng.normal(437, noise, 120)
    raw[1::2] += level
    raw[rng.permutation(120)[: len(reads)]] = reads
    raw = np.clip(raw, 0, 65535).astype(np.uint16)[:, None]
    expected = numpy_chain(raw, pixels, READOUT)
    for factor in (1 - 1e-4, 1 + 1e-4):
        near = READOUT._replace(
            cosmic_sigma=factor * READOUT.cosmic_sigma,
            persistence_sigma=factor * READOUT.persistence_sigma,
        )
        assume(np.array_equal(numpy_chain(raw, pixels, near).flags, expected.flags))
    assert_equal(raw, fused(raw, pixels), expected)


def series(exposures: NDArray[np.float64]) -> NDArray[np.uint16]:
    """Raw reads of two equal pixels whose exposures are these electrons."""
    raw = np.full((2 * len(exposures), 2), 437.0)
    raw[1::2] += exposures[:, None] * ADC.gain
    return np.round(raw).astype(np.uint16)


def flags_of(exposures: NDArray[np.float64]) -> NDArray[np.uint16]:
    return np.asarray(fused(series(exposures), identity(2)).samples.flags[0])


def test_a_transit_is_no_cosmic_ray() -> None:
    """A steep, 8 % deep transit with the noise of 40 co-added exposures."""
    time = np.linspace(-3, 3, 140)
    light = 1 - 0.08 * np.clip((1.5 - np.abs(time)) / 0.1, 0, 1)
    assert not flags_of(np.random.default_rng(1).normal(60_000 * light, 40.0)).any()


@pytest.mark.parametrize("place", [0, 1, 2, 70, 138, 139])
@pytest.mark.parametrize("size", [3_000.0, -3_000.0])
def test_a_hit_is_found_anywhere(place: int, size: float) -> None:
    exposures = np.random.default_rng(2).normal(20_000.0, 140.0, 140)
    exposures[place] += size
    flags = flags_of(exposures)
    assert np.flatnonzero(flags).tolist() == [place]
    assert flags[place] == Flag.COSMIC


def test_noise_is_not_taken_for_hits() -> None:
    assert not flags_of(np.random.default_rng(3).normal(20_000.0, 140.0, 20_000)).any()


def test_a_saturated_moment_is_bridged_and_a_habit_masks_the_pixel() -> None:
    rare = np.random.default_rng(4).normal(130_000.0, 400.0, 2000)
    rare[500:502] = 142_000.0
    often = np.where(np.arange(2000) % 300 == 7, 141_000.0, 140_000.0)
    limit = READOUT._replace(saturation_counts=int((140_900 - ADC.offset) * ADC.gain))
    bridged, masked = (fused(series(values), identity(2), limit) for values in (rare, often))
    assert not bridged.stats.bad.any()
    assert bridged.samples.flags[0, 500] == Flag.SATURATED | Flag.COSMIC
    assert bridged.signal.max() < 132_000
    assert masked.stats.bad.all()
    assert masked.signal.max() > 140_900


def test_a_noisy_pixel_is_flagged_and_used() -> None:
    pixels = identity(2)
    pixels.flags[0] = Flag.NOISY
    result = fused(series(np.full(10, 2_000.0)), pixels)
    assert result.stats.bad.tolist() == [False, False]
    assert result.samples.flags[0, 0] == Flag.NOISY
    assert not result.samples.flags[0, 0] & MASKING


def test_pixels_are_taken_by_number() -> None:
    pixels = varied(9, np.random.default_rng(5))
    taken = pixels.take(np.array([7, 2]))
    np.testing.assert_array_equal(taken.flat, pixels.flat[[7, 2]])
    np.testing.assert_array_equal(taken.coefficients, pixels.coefficients[[7, 2]])


def test_the_wildest_references_believed_stay_finite() -> None:
    pixels = identity(2)
    pixels.read_noise[:], pixels.flat[:] = LARGEST, SMALLEST_FLAT
    pixels.dark[:] = [LARGEST, -LARGEST]
    pixels.coefficients[:, 5] = LARGEST / FULL_WELL_E**5
    reads = np.repeat(np.array([[437], [65535]], np.uint16), 2, axis=1)
    result = fused(np.tile(reads, (9, 1)), pixels)
    for values in (result.signal, *result.samples, *result.stats):
        assert np.isfinite(values).all()
