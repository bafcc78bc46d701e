"""The fused kernel equals the NumPy chain, and flags what it should."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.calibration.adc import quantisation_variance
from spectramind.calibration.bad_pixels import Flag
from spectramind.calibration.kernel import Cube, Pixels, Readout, calibrate_block
from spectramind.config.calibration import KillChainConfig
from spectramind.dataset.tables import AdcInfo, Timing

ADC = AdcInfo(0.4369, -1000.0)
TIMING = Timing(np.array([0.1, 4.6]), np.arange(3.0), 4.5)
RNG_SEED = 11


def identity(n: int) -> Pixels:
    coefficients = np.zeros((n, 6))
    coefficients[:, 1] = 1.0
    return Pixels(coefficients, np.zeros(n), np.ones(n), np.full(n, 13.0), np.zeros(n, np.uint8))


def varied(n: int, rng: np.random.Generator) -> Pixels:
    powers = np.array([0.3, 1.0, 1e-7, 7e-12, 3e-17, 1e-22])
    return Pixels(
        coefficients=powers * rng.normal(1.0, 0.01, (n, 6)),
        dark=rng.normal(0.01, 1.0, n),
        flat=rng.normal(1.0, 0.02, n),
        read_noise=rng.uniform(10, 20, n),
        flags=rng.choice(np.array([0, 0, 0, 2, 4], np.uint8), n),
    )


def fused(raw: NDArray[np.uint16], pixels: Pixels, config: KillChainConfig) -> Cube:
    shape = (len(raw) // 2, raw.shape[1])
    cube = Cube(np.empty(shape, "f4"), np.empty(shape, "f4"), np.empty(shape, "u1"))
    readout = Readout(
        ADC.gain,
        ADC.offset,
        quantisation_variance(ADC),
        float(TIMING.read_time_s[0]),
        float(TIMING.read_time_s[1]),
        config.saturation_counts,
        config.cosmic_sigma,
    )
    half = raw.shape[1] // 2  # two blocks: places and tiles that are not full
    for block in (slice(0, half), slice(half, None)):
        calibrate_block(raw.T[block], block.start, pixels.block(block), readout, cube)
    return cube


def hostile(kind: str, rng: np.random.Generator) -> NDArray[np.uint16]:
    raw = rng.normal(437, 6, (2 * 30, 37))
    raw[1::2] += rng.uniform(0, 2e4, 37)
    reads = {"one_exposure": 2, "four_exposures": 8, "odd": 59}.get(kind, 60)
    if kind == "noise_of_all_bits":
        raw = rng.uniform(0, 65536, raw.shape)
    if kind == "negative":
        raw[1::2] = rng.normal(200, 6, raw[1::2].shape)
    if kind == "saturated":
        raw[11, ::3] = 65535
        raw[20, ::5] = 0
    if kind == "hits":
        raw[rng.integers(0, 30, 9) * 2 + 1, rng.integers(0, 37, 9)] += 30_000
    if kind == "constant":
        raw[:] = 437
    return np.clip(raw, 0, 65535).astype(np.uint16)[:reads]


KINDS = (
    "plain",
    "noise_of_all_bits",
    "negative",
    "saturated",
    "hits",
    "constant",
    "one_exposure",
    "four_exposures",
    "odd",
)


@pytest.mark.parametrize("kind", KINDS)
def test_equals_the_numpy_chain(
    kind: str, numpy_chain: Callable[..., Any], config: KillChainConfig
) -> None:
    rng = np.random.default_rng(RNG_SEED)
    pixels = varied(37, rng)
    raw = hostile(kind, rng)
    before = raw.copy()
    cube = fused(raw, pixels, config)
    signal, variance, flags = numpy_chain(raw, pixels, ADC, TIMING, config)
    scale = np.abs(signal).max()
    np.testing.assert_allclose(cube.frames, signal, rtol=2e-7, atol=2e-7 * scale)
    np.testing.assert_allclose(cube.variance, variance, rtol=2e-7)
    np.testing.assert_array_equal(cube.flags, flags)
    np.testing.assert_array_equal(raw, before)


def series(exposures: NDArray[np.float64]) -> NDArray[np.uint16]:
    """Raw reads of one pixel whose exposures are these electrons."""
    raw = np.full((2 * len(exposures), 2), 437.0)
    raw[1::2] += exposures[:, None] * ADC.gain
    return np.round(raw).astype(np.uint16)


def test_a_transit_is_no_cosmic_ray(config: KillChainConfig) -> None:
    """A steep, 8 % deep transit with the noise of 40 co-added exposures."""
    rng = np.random.default_rng(1)
    time = np.linspace(-3, 3, 140)
    light = 1 - 0.08 * np.clip((1.5 - np.abs(time)) / 0.1, 0, 1)
    cube = fused(series(rng.normal(60_000 * light, 40.0)), identity(2), config)
    assert not cube.flags.any()


@pytest.mark.parametrize("place", [0, 1, 2, 70, 139])
@pytest.mark.parametrize("size", [3_000.0, -3_000.0])
def test_a_hit_is_found_anywhere(config: KillChainConfig, place: int, size: float) -> None:
    exposures = np.random.default_rng(2).normal(20_000.0, 140.0, 140)
    exposures[place] += size
    cube = fused(series(exposures), identity(2), config)
    assert np.flatnonzero(cube.flags[:, 0]).tolist() == [place]
    assert cube.flags[place, 0] == Flag.COSMIC


def test_noise_is_not_taken_for_hits(config: KillChainConfig) -> None:
    exposures = np.random.default_rng(3).normal(20_000.0, 140.0, 20_000)
    assert not fused(series(exposures), identity(2), config).flags.any()


def test_propagated_variance_is_the_scatter(config: KillChainConfig) -> None:
    """Photon, read and rounding noise through a bent response: unit normalised residuals."""
    rng = np.random.default_rng(4)
    n, light, noise, bend = 40_000, 30_000.0, 13.0, 3e-7
    pixels = identity(2)
    pixels.coefficients[:, 2] = bend
    pixels.flat[:] = 0.9
    collected = rng.poisson(light, n)
    measured = (np.sqrt(1 + 4 * bend * collected) - 1) / (2 * bend)  # L(E) = E + bend E^2
    reads = np.stack([rng.normal(0, noise, n), measured + rng.normal(0, noise, n)], axis=1).ravel()
    raw = np.floor((reads - ADC.offset) * ADC.gain).astype(np.uint16)
    cube = fused(np.repeat(raw[:, None], 2, axis=1), pixels, config)
    residual = (cube.frames[:, 0] - light / 0.9) / np.sqrt(cube.variance[:, 0])
    assert residual.std() == pytest.approx(1.0, abs=0.015)
    assert residual.mean() == pytest.approx(0.0, abs=0.02)
