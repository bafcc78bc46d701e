"""Clusters of synthetic shapes: found, drawn together, wide; a prior for other planets."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.config.compose import compose
from spectramind.contracts.measurement import Measurement
from spectramind.errors import ConfigError
from spectramind.instrument.grid import AIRS_BINS, N_BINS, bin_wavelengths
from spectramind.prior.clusters import TAIL_SHARES, TAILS, Clusters, find_clusters, no_clusters
from spectramind.prior.prior_fit import fit_prior
from spectramind.prior.random_opacities import opacity_shapes
from spectramind.prior.spectral_prior import SpectralPrior

Array = NDArray[np.float64]
SMALL = [
    "model.prior.source=atmosphere",
    "model.prior.atmospheres=200",
    "model.prior.synthetic.atmospheres=200",
    "model.prior.synthetic.opacities=1000",
    "model.prior.synthetic.clusters=4",
]


def unlabelled(*more: str) -> SpectralPrior:
    settings = compose([*SMALL, *more]).model.prior
    return fit_prior(np.zeros((0, N_BINS)), [], settings)


@pytest.fixture(scope="module")
def wide() -> SpectralPrior:
    return unlabelled()


@pytest.fixture(scope="module")
def narrow() -> SpectralPrior:
    return unlabelled("model.prior.synthetic.share=0")


def foreign(rng: np.random.Generator, count: int) -> Array:
    """Spectra of sawteeth at random places: bands of no gas, with heads."""
    x = np.log(bin_wavelengths())
    spectra = []
    for _ in range(count):
        place = rng.uniform(x[1], x[-1], (8, 1))
        slope = np.where(x > place, rng.uniform(5, 20), rng.uniform(20, 80))
        bands = rng.uniform(0, 6, (8, 1)) - slope * np.abs(x - place)
        shape = rng.uniform(3e-5, 1e-4) * np.logaddexp.reduce([*bands, np.zeros(N_BINS)])
        spectra.append(rng.uniform(0.008, 0.02) + shape - shape[AIRS_BINS].mean())
    return np.array(spectra)


def test_shapes_of_random_opacities_are_always_the_same_and_unlike_each_other() -> None:
    shapes = opacity_shapes(300)
    assert shapes.shape == (300, N_BINS)
    assert np.isfinite(shapes).all()
    np.testing.assert_allclose(shapes[:, AIRS_BINS].mean(axis=1), 0, atol=1e-15)
    np.testing.assert_array_equal(shapes[:40], opacity_shapes.__wrapped__(40))
    rms = np.sqrt((shapes**2).mean(axis=1))
    assert np.mean((rms > 2e-6) & (rms < 6e-4)) > 0.8
    large = shapes[rms > 2e-5] / rms[rms > 2e-5, None]
    likeness = large @ large.T / N_BINS
    assert np.mean(np.abs(likeness[np.triu_indices(len(large), 1)]) > 0.9) < 0.1


def test_clusters_that_are_there_are_found() -> None:
    """Two kinds of shapes, 20 and 200 ppm, a quarter of them large."""
    rng = np.random.default_rng(0)
    x = np.linspace(0, 6, N_BINS)
    small = 2e-5 * (np.sin(x) + 0.1 * rng.standard_normal((300, N_BINS)))
    large = 2e-4 * (np.cos(x) + 0.1 * rng.standard_normal((100, N_BINS)))
    found = find_clusters(np.concatenate([small, large])[rng.permutation(400)], 2, 5)
    np.testing.assert_allclose(found.share, [0.75, 0.25], atol=1e-6)
    np.testing.assert_allclose(found.shape[0], 2e-5 * np.sin(x), atol=1e-6)
    np.testing.assert_allclose(found.shape[1], 2e-4 * np.cos(x), atol=1e-5)
    every = np.concatenate([small, large])
    general = (every**2 / (every**2).mean(axis=1, keepdims=True)).mean(axis=0)
    variance = (found.components**2).sum(axis=2) + found.remainder
    for own, rows in zip(variance, (small, large), strict=True):
        drawn = len(rows) * rows.var(axis=0) + 10 * (rows**2).mean() * general
        np.testing.assert_allclose(own, drawn / (len(rows) + 10), rtol=1e-6)


def test_few_shapes_in_many_clusters_stay_finite() -> None:
    found = find_clusters(opacity_shapes(200), 64, 20)
    assert found.share.sum() == pytest.approx(1)
    for array in (found.share, found.shape, found.components, found.remainder):
        assert np.isfinite(array).all()
    assert (found.remainder >= 0).all()


def test_tails_are_wider_copies(wide: SpectralPrior) -> None:
    sizes, found = len(wide.size), wide.gaussians
    assert np.exp(found.log_weight).sum() == pytest.approx(1)
    assert np.exp(found.log_weight[:sizes]).sum() == pytest.approx(0.1)
    first = slice(sizes, sizes + len(TAILS))
    np.testing.assert_allclose(
        np.exp(found.log_weight[first]), wide.clusters.share[0] * TAIL_SHARES
    )
    spread = (found.components[first, :, 1:] ** 2).sum(axis=(1, 2))
    np.testing.assert_allclose(spread / spread[0], TAILS)
    np.testing.assert_array_equal(found.mean[first][0], found.mean[first][2])


def test_planets_of_other_opacities_are_known_better_and_honestly(
    wide: SpectralPrior, narrow: SpectralPrior
) -> None:
    rng = np.random.default_rng(1)
    truth = foreign(rng, 40)
    sigma = 1e-4
    visits = [
        [
            Measurement(
                y + sigma * rng.standard_normal(N_BINS),
                np.full(N_BINS, sigma**2),
                np.zeros((N_BINS, 0)),
            )
        ]
        for y in truth
    ]
    density, errors = [], []
    for prior in (narrow, wide):
        answers = prior.posteriors(visits)
        mean, sd = (np.stack([getattr(a, n) for a in answers]) for n in ("mean", "sigma"))
        z = (mean - truth) / sd
        density.append(float(np.mean(-0.5 * z**2 - np.log(sd))))
        errors.append(float(np.sqrt(np.mean(z**2))))
    assert density[1] > density[0] + 0.1
    assert errors[1] < min(errors[0], 1.3)


def test_without_share_there_are_no_clusters(narrow: SpectralPrior) -> None:
    assert narrow.clusters.share.shape == (0,)
    assert len(narrow.gaussians.log_weight) == len(narrow.size)


def test_labels_get_clusters_only_where_asked() -> None:
    rng = np.random.default_rng(2)
    truth = 0.01 + 1e-4 * rng.standard_normal((6, N_BINS))
    visits = [[Measurement(y, np.full(N_BINS, 1e-8), np.zeros((N_BINS, 1)))] for y in truth]

    def learnt(*more: str) -> SpectralPrior:
        return fit_prior(truth, visits, compose([*SMALL, *more]).model.prior)

    both = "model.prior.source=both"
    assert learnt(both).clusters.share.size == 0
    with_labels = learnt(both, "model.prior.synthetic.share_with_labels=0.2")
    assert with_labels.clusters.share.sum() == pytest.approx(0.2)
    assert learnt("model.prior.source=labels").clusters.share.size == 0


def test_state_keeps_clusters(wide: SpectralPrior) -> None:
    again = SpectralPrior.from_state(wide.state())
    measured = Measurement(
        np.full(N_BINS, 0.012), np.full(N_BINS, 1e-8), np.full((N_BINS, 1), 1e-5)
    )
    np.testing.assert_array_equal(
        again.posterior([measured]).sigma, wide.posterior([measured]).sigma
    )


def test_clusters_leave_something_to_the_sizes(narrow: SpectralPrior) -> None:
    bare = np.zeros((1, N_BINS))
    one = Clusters(np.ones(1), bare, bare[..., None], bare)
    with pytest.raises(ConfigError, match=r"clusters of 1\.0 of the planets"):
        replace(narrow, clusters=one)
    assert replace(narrow, clusters=no_clusters(N_BINS, 3)).gaussians.mean.shape[0] == len(
        narrow.size
    )
