"""Conditioning in closed form: equal to extended precision, whatever the modes and hazes."""

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.contracts.measurement import Measurement
from spectramind.instrument.grid import N_BINS
from spectramind.prior.conditioning import Gaussians, condensed, condition, covariance

Array = NDArray[np.float64]


def mixture(rng: np.random.Generator, haze_share: float = 0.1) -> Gaussians:
    """Levels of anything, three sizes of shapes."""
    size = np.array([1e-5, 5e-5, 3e-4])
    shapes = rng.standard_normal((N_BINS, 4)) / 2
    spread = np.full((3, N_BINS, 1), 6e-3)
    return Gaussians(
        log_weight=np.log([0.5, 0.3, 0.2]),
        mean=0.015 + size[:, None] * rng.standard_normal(N_BINS),
        components=np.concatenate([spread, size[:, None, None] * shapes], axis=2),
        remainder=(0.2 * size[:, None]) ** 2 + np.full(N_BINS, 4e-12),
        haze_share=haze_share,
        haze_depth=2.5e-4,
    )


def measured(rng: np.random.Generator, modes: int, rank: int) -> Measurement:
    """Depths whose common errors are of a lower rank than the modes that state them."""
    variance = rng.uniform(1e-4, 3e-4, N_BINS) ** 2
    basis = 1e-4 * rng.standard_normal((N_BINS, rank)) @ rng.standard_normal((rank, modes))
    depth = 0.012 + 1e-4 * rng.standard_normal(N_BINS)
    return Measurement(depth, variance, basis)


def solved(matrix: NDArray[np.longdouble], columns: NDArray[np.longdouble]) -> tuple[Array, float]:
    """Solution and log determinant in extended precision, by Cholesky's decomposition."""
    size = len(matrix)
    lower, answer = np.zeros_like(matrix), columns.copy()
    for i in range(size):
        lower[i:, i] = matrix[i:, i] - lower[i:, :i] @ lower[i, :i]
        lower[i:, i] /= np.sqrt(lower[i, i])
        answer[i] = (answer[i] - lower[i, :i] @ answer[:i]) / lower[i, i]
    for i in reversed(range(size)):
        answer[i] = (answer[i] - lower[i + 1 :, i] @ answer[i + 1 :]) / lower[i, i]
    return answer, 2 * np.log(np.diag(lower)).sum()


def textbook(one: Measurement, prior: Gaussians) -> tuple[Array, Array, float]:
    """Mean, variance and log evidence by dense matrices in extended precision."""
    long = np.longdouble
    parts = []
    errors = np.diag(one.variance.astype(long)) + one.modes.astype(long) @ one.modes.T
    for g, log_weight in enumerate(prior.log_weight):
        for share, depth in ((1 - prior.haze_share, 0.0), (prior.haze_share, prior.haze_depth)):
            if share == 0:
                continue
            own = np.diag(prior.remainder[g].astype(long))
            own += prior.components[g].astype(long) @ prior.components[g].T
            own[0, 0] += long(depth) ** 2
            off = (one.depth - prior.mean[g]).astype(long)
            answer, log_determinant = solved(own + errors, np.column_stack([off, own]))
            mean = prior.mean[g] + own @ answer[:, 0]
            variance = np.diag(own) - np.einsum("ij,ji->i", own, answer[:, 1:])
            evidence = -0.5 * (off @ answer[:, 0] + log_determinant)
            parts.append((mean, variance, log_weight + np.log(share) + evidence))
    logs = np.array([log for *_, log in parts])
    total = np.logaddexp.reduce(logs)
    share = np.exp(logs - total)
    mean = share @ np.stack([m for m, *_ in parts])
    spread = share @ np.stack([v + (m - mean) ** 2 for m, v, _ in parts])
    return mean.astype(float), spread.astype(float), float(total)


@pytest.mark.parametrize("haze_share", [0.0, 0.1])
@pytest.mark.parametrize(("modes", "rank"), [(0, 0), (1, 1), (36, 5)])
def test_moments_are_those_of_dense_algebra(modes: int, rank: int, haze_share: float) -> None:
    rng = np.random.default_rng(modes)
    prior, one = mixture(rng, haze_share), measured(rng, modes, rank)
    mean, variance, evidence = textbook(one, prior)
    found = condition(condensed(one), prior)
    np.testing.assert_allclose(found.mean, mean, atol=1e-10)
    np.testing.assert_allclose(found.variance, variance, rtol=1e-6)
    assert found.evidence == pytest.approx(evidence, abs=1e-6)


def test_only_modes_that_can_be_told_from_none_are_kept() -> None:
    one = measured(np.random.default_rng(1), 36, 5)
    few = condensed(one)
    assert few.modes.shape == (N_BINS, 5)
    np.testing.assert_allclose(few.covariance, one.covariance, atol=1e-9 * one.variance.max())


def test_a_bin_without_light_tells_nothing() -> None:
    """Its variance is that of ignorance; the answer is the prior's, told by the other bins."""
    rng = np.random.default_rng(2)
    prior, one = mixture(rng), measured(rng, 3, 3)
    blind = one.variance.copy()
    blind[100] = 1.0
    depth = one.depth.copy()
    answers = []
    for value in (0.0, 0.03):
        depth[100] = value
        answers.append(condition(condensed(Measurement(depth, blind, one.modes)), prior))
    np.testing.assert_allclose(answers[0].mean, answers[1].mean, atol=1e-9)
    assert np.isfinite(answers[0].variance).all()


def test_what_nothing_rules_out_keeps_its_share() -> None:
    """A measurement of nothing gives the mixture's own moments back."""
    prior = mixture(np.random.default_rng(3), haze_share=0.0)
    blank = Measurement(np.full(N_BINS, 0.015), np.full(N_BINS, 1e6), np.zeros((N_BINS, 0)))
    share = np.exp(prior.log_weight)
    mean = share @ prior.mean
    each = prior.remainder + (prior.components**2).sum(axis=2)
    found = condition(blank, prior)
    np.testing.assert_allclose(found.mean, mean, rtol=1e-9)
    np.testing.assert_allclose(found.variance, share @ (each + (prior.mean - mean) ** 2), rtol=1e-6)


@pytest.mark.parametrize("haze_share", [0.0, 0.1])
@pytest.mark.parametrize("rank", [0, 5])
def test_covariance_is_that_of_dense_algebra(rank: int, haze_share: float) -> None:
    rng = np.random.default_rng(rank)
    prior, one = mixture(rng, haze_share), measured(rng, rank, rank)
    found = covariance(one, prior)
    np.testing.assert_allclose(np.diag(found), condition(one, prior).variance, rtol=1e-9)
    parts = []
    for g, log_weight in enumerate(prior.log_weight):
        for share, depth in ((1 - haze_share, 0.0), (haze_share, prior.haze_depth)):
            own = np.diag(prior.remainder[g]) + prior.components[g] @ prior.components[g].T
            own[0, 0] += depth**2
            total = own + one.covariance
            off = one.depth - prior.mean[g]
            gain = np.linalg.solve(total, own).T
            sign, log_determinant = np.linalg.slogdet(total)
            assert sign == 1
            evidence = -0.5 * (off @ np.linalg.solve(total, off) + log_determinant)
            logs = log_weight + np.log(share) + evidence if share else -np.inf
            parts.append((prior.mean[g] + gain @ off, own - gain @ own, logs))
    logs = np.array([log for *_, log in parts])
    weight = np.exp(logs - np.logaddexp.reduce(logs))
    mean = weight @ np.stack([m for m, *_ in parts])
    dense = sum(
        w * (c + np.outer(m - mean, m - mean)) for w, (m, c, _) in zip(weight, parts, strict=True)
    )
    scale = np.sqrt(np.diag(dense))
    np.testing.assert_allclose(
        found / np.outer(scale, scale), dense / np.outer(scale, scale), atol=1e-6
    )
