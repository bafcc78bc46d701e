"""Parts of a posterior mean add up to it, and are what dense algebra has them be."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.config.compose import compose
from spectramind.contracts.measurement import Measurement
from spectramind.instrument.grid import AIRS_BINS, N_BINS
from spectramind.prior.clusters import find_clusters
from spectramind.prior.error_model import STATED
from spectramind.prior.linear_weights import explain
from spectramind.prior.prior_fit import fit_prior
from spectramind.prior.spectral_prior import SpectralPrior
from spectramind.prior.spotted import Patchy

Array = NDArray[np.float64]
X = np.linspace(0, 1, N_BINS)
SHAPES = np.stack([np.sin(6 * X), np.exp(-(((X - 0.4) / 0.1) ** 2))])
PATCHES = Patchy(0.4, np.array([0.8, -0.2]), np.array([[0.4, 0.0], [-0.1, 0.3]]))


def planets(rng: np.random.Generator, count: int) -> Array:
    size = rng.choice([1e-5, 1e-4], (count, 1))
    return rng.normal(0.015, 0.003, (count, 1)) + size * rng.normal(0, 1, (count, 2)) @ SHAPES


def measure(rng: np.random.Generator, truth: Array, sigma: float = 1e-4) -> Measurement:
    noise = sigma * rng.standard_normal(N_BINS) + 5e-5 * rng.standard_normal()
    return Measurement(truth + noise, np.full(N_BINS, sigma**2), np.full((N_BINS, 1), 5e-5))


@pytest.fixture(scope="module")
def prior() -> SpectralPrior:
    """Sizes, clusters, hazes and many patchy stars."""
    rng = np.random.default_rng(0)
    truth = planets(rng, 40)
    settings = compose(["model.prior.source=labels", "model.prior.components=4"]).model.prior
    fitted = fit_prior(truth, [[measure(rng, y)] for y in truth], settings)
    many = planets(rng, 200)
    shapes = many - many[:, AIRS_BINS].mean(axis=1, keepdims=True)
    clusters = find_clusters(shapes, 3, 4).counting(0.3)
    return replace(fitted, patchy=PATCHES, clusters=clusters)


@pytest.fixture
def visits() -> list[list[Measurement]]:
    """Planets of quiet and of patchy stars; the first was seen twice."""
    rng = np.random.default_rng(1)
    truth = planets(rng, 5)
    seen = [y * (PATCHES.drawn(rng) if row > 1 else 1) for row, y in enumerate(truth)]
    return [[measure(rng, y) for _ in range(1 + (row == 0))] for row, y in enumerate(seen)]


def test_parts_add_up_to_the_posterior_mean(
    prior: SpectralPrior, visits: list[list[Measurement]]
) -> None:
    answers = prior.posteriors(visits)
    for answer, found in zip(answers, explain(prior, visits), strict=True):
        np.testing.assert_allclose(found.mean, answer.mean, rtol=1e-12)
        np.testing.assert_allclose(found.depth, answer.depth, rtol=1e-12)
        assert found.share.sum() == pytest.approx(1, abs=1e-12)
        assert found.own.shape == (len(prior.gaussians.mean), N_BINS)


def test_patches_have_a_part_where_there_are_any(
    prior: SpectralPrior, visits: list[list[Measurement]]
) -> None:
    """A star that is surely quiet has none; the surer of patches, the more is undone."""
    found = explain(prior, visits)
    chance = np.array([each.share[1].sum() for each in found])
    moved = np.array([np.abs(each.undone).mean() for each in found])
    assert chance.max() > 0.2
    np.testing.assert_array_less(moved, 1e-3 * chance)  # 15,000 ppm times a few per cent
    assert moved[chance.argmax()] > 1e-5
    never = explain(replace(prior, patchy=replace(PATCHES, share=1e-9)), visits[1:2])[0]
    assert np.abs(never.undone).max() < 1e-3 * never.share[1].sum()


def alone(prior: SpectralPrior, patchy: float) -> SpectralPrior:
    """One Gaussian without haze, errors as stated."""
    parts = (part[:0] for part in vars(prior.clusters).values())
    return replace(
        prior,
        size=prior.size[-1:],
        weight=np.ones(1),
        haze_share=0.0,
        errors=STATED,
        clusters=type(prior.clusters)(*parts),
        patchy=replace(PATCHES, share=patchy),
    )


@pytest.mark.parametrize("patchy", [1e-9, 0.5, 1 - 1e-9])
def test_parts_are_those_of_dense_algebra(
    prior: SpectralPrior, visits: list[list[Measurement]], patchy: float
) -> None:
    """P (P + N)^-1 of a quiet star and of a patchy one, the latter with its patches known."""
    one, visit = alone(prior, patchy), visits[3][0]
    found = explain(one, [[visit]])[0]
    chance, depth, (factor, columns) = found.share[1].sum(), visit.depth, PATCHES.effect()
    mean, components, remainder = one.of_size(float(one.size[0]))
    spread = components @ components.T + np.diag(remainder)
    quiet = np.linalg.solve(spread + visit.covariance, spread).T
    errors = visit.covariance / np.outer(factor, factor)
    modes = (depth / factor)[AIRS_BINS].mean() * columns
    total = spread + errors + modes @ modes.T
    whole, known = (np.linalg.solve(n, spread).T for n in (total, spread + errors))
    patches = modes @ (modes.T @ np.linalg.solve(total, depth / factor - mean))
    undone = known @ (depth / factor - patches - depth)
    read = (1 - chance) * quiet + chance * known
    np.testing.assert_allclose(
        found.weights, (1 - chance) * quiet + chance * whole / factor, atol=1e-7
    )
    np.testing.assert_allclose(found.read, read, atol=1e-7)
    np.testing.assert_allclose(found.undone, chance * undone, atol=1e-9)
    np.testing.assert_allclose(
        found.own[0], (np.eye(N_BINS) - read) @ (mean - found.level), atol=1e-9
    )
    level = found.level - chance * undone[AIRS_BINS].mean()
    np.testing.assert_allclose(found.data, read * (depth - level), atol=1e-9)
    assert abs(found.patches[AIRS_BINS].mean()) < 1e-3 * chance * np.abs(undone).mean() + 1e-12


def test_weights_say_how_the_mean_moves(
    prior: SpectralPrior, visits: list[list[Measurement]]
) -> None:
    """Where one Gaussian is sure and errors stay, they are the derivative over the depths."""
    one = alone(prior, 1e-300)
    visit = visits[1][0]
    bump = np.zeros(N_BINS)
    bump[100] = 1e-5
    moved = replace(visit, depth=visit.depth + bump)
    step = one.posteriors([[moved]])[0].mean - one.posteriors([[visit]])[0].mean
    np.testing.assert_allclose(step / 1e-5, explain(one, [[visit]])[0].weights[:, 100], atol=1e-6)


def test_an_unmeasured_planet_is_all_prior(prior: SpectralPrior) -> None:
    blank = Measurement(np.full(N_BINS, 0.015), np.full(N_BINS, 1e6), np.zeros((N_BINS, 0)))
    quiet = replace(prior, errors=STATED, patchy=replace(PATCHES, share=1e-9))
    found = explain(quiet, [[blank]])[0]
    assert np.abs(found.weights).max() < 1e-8
    np.testing.assert_allclose(found.level + found.own.sum(axis=0), found.mean, atol=1e-9)
