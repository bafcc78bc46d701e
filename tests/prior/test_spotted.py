"""Spots beside the chord: exact algebra, found where they are, not where they are not."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit, logit
from scipy.stats import multivariate_normal

from spectramind.config.compose import compose
from spectramind.contracts.measurement import Measurement
from spectramind.errors import ConfigError
from spectramind.instrument.grid import N_BINS, bin_wavelengths
from spectramind.physics.spots import contamination, spot_darkness
from spectramind.prior.prior_fit import fit_prior
from spectramind.prior.spectral_prior import Posterior, SpectralPrior
from spectramind.prior.spotted import (
    KnownStar,
    Patchy,
    basis,
    before,
    chances,
    learn_patches,
    shares_by_others,
    spotted_share,
)

Array = NDArray[np.float64]
AIRS = slice(1, N_BINS)


def spectra(rng: np.random.Generator, count: int) -> Array:
    """A level and one feature of 50 ppm."""
    shape = np.sin(2 * bin_wavelengths())
    return rng.uniform(0.008, 0.02, (count, 1)) + 5e-5 * rng.standard_normal((count, 1)) * shape


def measure(rng: np.random.Generator, seen: Array) -> Measurement:
    """150 ppm a bin, 60 ppm in FGS1, 40 ppm common to all."""
    sigma = np.full(N_BINS, 1.5e-4)
    sigma[0] = 6e-5
    noise = sigma * rng.standard_normal(N_BINS) + 4e-5 * rng.standard_normal()
    return Measurement(seen + noise, sigma**2, np.full((N_BINS, 1), 4e-5))


def spots(share: float, star_k: float = 5500.0, cooler_k: float = 900.0) -> Array:
    return contamination(share, star_k - cooler_k, star_k, bin_wavelengths())


def fitted(rng: np.random.Generator, factor: Array | float = 1.0) -> SpectralPrior:
    truth = spectra(rng, 60)
    settings = compose(["model.prior.source=labels", "model.prior.components=6"]).model.prior
    return fit_prior(truth, [[measure(rng, y)] for y in truth * factor], settings)


@pytest.fixture(scope="module")
def prior() -> SpectralPrior:
    return fitted(np.random.default_rng(0))


def white_z(answers: list[Posterior], truth: Array) -> Array:
    errors = [(a.mean - y)[AIRS].mean() for a, y in zip(answers, truth, strict=True)]
    return np.array(errors) / [a.sigma[AIRS].mean() for a in answers]


def test_a_spotted_star_is_a_linear_gaussian_measurement() -> None:
    """p(measured | true) by dense matrices, in the units of what was measured."""
    rng = np.random.default_rng(1)
    truth = spectra(rng, 1)[0]
    measured = measure(rng, truth * spots(0.1))
    patchy = Patchy(0.3, np.array([0.8, -0.1]), np.array([[0.5, 0.0], [0.1, 0.2]]))
    found, log_jacobian = patchy.if_spotted(measured)
    factor, slopes = patchy.effect()
    level = (measured.depth / factor)[AIRS].mean()
    modes = (factor * level)[:, None] * slopes
    dense = measured.covariance + modes @ modes.T

    def log_density(off: Array, covariance: Array) -> float:
        return float(
            -0.5 * (off @ np.linalg.solve(covariance, off) + np.linalg.slogdet(covariance)[1])
        )

    expected = log_density(measured.depth - factor * truth, dense)
    ours = log_density(found.depth - truth, found.covariance) - log_jacobian
    assert ours == pytest.approx(expected, abs=1e-6)


def test_what_a_known_star_tells_is_a_regression() -> None:
    """Evidence and coefficients by dense matrices."""
    rng = np.random.default_rng(1)
    truth = spectra(rng, 1)[0]
    measured = measure(rng, truth * spots(0.1))
    patchy = Patchy(0.3, np.array([0.8, -0.1]), np.array([[0.5, 0.0], [0.1, 0.2]]))
    evidence, mean, covariance = KnownStar(truth, [measured]).given(patchy)
    factor = np.exp(basis() @ patchy.mean)
    effect = (truth * factor)[:, None] * basis()
    quiet = multivariate_normal(truth, measured.covariance)
    seen = measured.covariance + effect @ patchy.spread @ patchy.spread.T @ effect.T
    patches = multivariate_normal(truth * factor, seen)
    told = patches.logpdf(measured.depth) - quiet.logpdf(measured.depth)
    assert evidence == pytest.approx(told, abs=1e-6)
    prior = np.linalg.inv(patchy.spread @ patchy.spread.T)
    solved = np.linalg.solve(measured.covariance, effect)
    expected = np.linalg.inv(prior + effect.T @ solved)
    np.testing.assert_allclose(covariance, expected, rtol=1e-6)
    off = measured.depth - truth * factor
    np.testing.assert_allclose(mean, patchy.mean + expected @ solved.T @ off, rtol=1e-6)


@pytest.mark.parametrize("star_k", [4000.0, 5500.0, 6800.0])
@pytest.mark.parametrize("warmer_k", [-1500.0, -300.0, 50.0, 300.0])
def test_two_columns_tell_all_patches(star_k: float, warmer_k: float) -> None:
    """Least squares in the official weights leave two parts in a thousand of the light at most."""
    dark = spot_darkness(star_k + warmer_k, star_k, bin_wavelengths())
    effect = -np.log(1 - 0.1 * dark)
    root = np.sqrt(np.r_[57.846, np.ones(N_BINS - 1)])
    coefficients, *_ = np.linalg.lstsq(basis() * root[:, None], effect * root, rcond=None)
    assert np.abs(basis() @ coefficients - effect).max() < 2e-3
    assert (coefficients[0] > 0) == (warmer_k < 0)


@pytest.mark.parametrize("share", [0.06, 0.12, 0.19])
@pytest.mark.parametrize(
    ("star_k", "cooler_k"), [(5500.0, 900.0), (4300.0, 700.0), (6500.0, 1300.0)]
)
def test_injected_spots_are_taken_out(
    prior: SpectralPrior, share: float, star_k: float, cooler_k: float
) -> None:
    rng = np.random.default_rng(2)
    truth = spectra(rng, 20)
    seen = truth * spots(share, star_k, cooler_k)
    assert (seen / truth - 1)[:, AIRS].mean() > 0.009
    visits = [[measure(rng, y)] for y in seen]
    assert np.abs(white_z(prior.posteriors(visits), truth)).max() < 5
    blind = replace(prior, patchy=before(1e-300))
    assert np.abs(white_z([blind.posterior(v) for v in visits], truth)).max() > 6


def test_quiet_stars_stay_so(prior: SpectralPrior) -> None:
    rng = np.random.default_rng(4)
    visits = [[measure(rng, y)] for y in spectra(rng, 60)]
    assert prior.patchy.share < 0.02
    blind = replace(prior, patchy=before(1e-300))
    for with_spots, visit in zip(prior.posteriors(visits), visits, strict=True):
        without = blind.posterior(visit)
        assert np.mean(with_spots.sigma) < 1.2 * np.mean(without.sigma)
        assert np.abs(with_spots.mean - without.mean).max() < 0.5 * without.sigma.max()


def test_a_set_of_spotted_stars_is_known_better_than_one_of_them(prior: SpectralPrior) -> None:
    """At the edge of what one planet tells, all together tell."""
    rng = np.random.default_rng(5)
    truth = spectra(rng, 40)
    visits = [[measure(rng, y)] for y in truth * spots(0.05)]
    together = prior.posteriors(visits)
    alone = [prior.posteriors([visit])[0] for visit in visits]
    bias = [
        abs(np.mean([(a.mean - y)[AIRS].mean() for a, y in zip(answers, truth, strict=True)]))
        for answers in (together, alone)
    ]
    assert bias[0] < 0.7 * bias[1]


def test_spotted_training_stars_teach_their_share_and_not_a_wide_error() -> None:
    trained = fitted(np.random.default_rng(6), spots(0.15))
    assert trained.patchy.share > 0.7
    assert trained.errors.lasting.max() < 0.005  # spots add 4 % to 8 %


def test_the_share_is_the_most_likely_one() -> None:
    evidence = np.array([3.0, -1.0, 0.5, -4.0])
    before, planets = 0.05, 10

    def log_posterior(share: Array) -> Array:
        each = np.log(1 - share + share * np.exp(evidence)[:, None]).sum(axis=0)
        own: Array = planets * (before * np.log(share) + (1 - before) * np.log(1 - share))
        return each + own

    grid = np.linspace(1e-4, 1 - 1e-4, 20_001)
    best = grid[log_posterior(grid).argmax()]
    assert spotted_share(evidence, before) == pytest.approx(best, abs=1e-4)
    assert spotted_share(np.zeros(0), before) == before


def test_chances_are_those_of_every_share_and_every_set_of_spotted_stars() -> None:
    """By going through all 2^4 answers to who is spotted."""
    evidence, share = np.array([3.0, -1.0, 6.0, -4.0]), 0.02
    spotted = np.array(list(product([0, 1], repeat=4)))
    shares = np.append((np.arange(200) + 0.5) / 200, share)
    weight = np.append(np.full(200, 1e-3 / 200), 1 - 1e-3)
    count = spotted.sum(axis=1)[:, None]
    joint = np.exp(spotted @ evidence) * ((shares**count * (1 - shares) ** (4 - count)) @ weight)
    np.testing.assert_allclose(chances(evidence, share), joint @ spotted / joint.sum(), rtol=1e-9)
    assert chances(np.zeros(0), share).shape == (0,)


def test_a_set_decides_only_on_strong_evidence() -> None:
    """Two of two hundred look spotted; most of ten do; none does, though all were said to."""
    quiet = np.full(198, -1.6)
    assert chances(np.append(quiet, [5.0, 5.0]), 1e-4).max() < 0.05
    assert chances(np.array([8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 0.0, 0.0, 0.0]), 1e-4).min() > 0.3
    assert chances(quiet, 0.9).max() < 0.01


def test_two_visits_share_the_spots() -> None:
    rng = np.random.default_rng(7)
    truth = spectra(rng, 1)[0]
    visits = [measure(rng, truth * spots(0.15)) for _ in range(2)]
    star = KnownStar(truth, visits)
    evidence, coefficients, _ = star.given(before(0.5))
    assert evidence > 10
    cleaned = star.without(coefficients)
    for visit in cleaned:
        assert abs((visit.depth - truth)[AIRS].mean()) < 2e-4
        assert abs((visit.depth - truth)[0]) < 3e-4
    np.testing.assert_allclose(
        (visits[0].depth - visits[1].depth) / np.exp(basis() @ coefficients),
        cleaned[0].depth - cleaned[1].depth,
    )


def test_faculae_are_learnt_from_truths_and_taken_out_elsewhere() -> None:
    """Bright patches lower depths, which nothing known beforehand allows for."""
    rng = np.random.default_rng(8)

    def bright(count: int) -> Array:
        dark = spot_darkness(5700.0, 5500.0, bin_wavelengths())
        return 1 / (1 - rng.uniform(0, 0.2, (count, 1)) * dark)

    trained = fitted(rng, bright(60))
    assert trained.patchy.mean[0] < -0.1
    truth = spectra(rng, 40)
    visits = [[measure(rng, y)] for y in truth * bright(40)]
    z = white_z(trained.posteriors(visits), truth)
    assert np.abs(z).max() < 4
    assert np.sqrt((z**2).mean()) < 1.3
    dark_only = replace(trained, patchy=replace(before(0.5), share=trained.patchy.share))
    off = white_z(dark_only.posteriors(visits), truth)
    assert (z**2).mean() < 0.5 * (off**2).mean()


def test_patches_of_few_stars_are_drawn_to_what_is_known() -> None:
    """No star gives what is known; many give their own mean and spread."""
    rng = np.random.default_rng(9)
    known = before(0.5)
    nothing, visits = learn_patches([], known)
    np.testing.assert_allclose(nothing.mean, known.mean)
    assert visits == []

    def learnt(count: int) -> Patchy:
        truth = spectra(rng, count)
        c = rng.normal([-0.5, 0.3], [0.2, 0.1], (count, 2))
        seen = truth * np.exp(c @ basis().T)
        stars = [KnownStar(y, [measure(rng, s)]) for y, s in zip(truth, seen, strict=True)]
        return learn_patches(stars, known)[0]

    few, many = learnt(3), learnt(150)
    assert abs(few.mean[0] - known.mean[0]) < abs(many.mean[0] - known.mean[0])
    np.testing.assert_allclose(many.mean, [-0.5, 0.3], atol=0.1)
    sigma = np.sqrt(np.diag(many.spread @ many.spread.T))
    np.testing.assert_allclose(sigma, [0.2, 0.1], atol=0.15)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, np.nan])
def test_a_share_outside_its_range_is_refused(prior: SpectralPrior, share: float) -> None:
    with pytest.raises(ConfigError, match="share of spotted stars"):
        replace(prior.patchy, share=share)
    with pytest.raises(ConfigError, match="share of spotted stars"):
        SpectralPrior.from_state(prior.state() | {"patchy_share": np.array(share)})


def test_the_others_of_a_set_are_a_share_of_spotted_stars() -> None:
    rng = np.random.default_rng(1)
    for evidence in (rng.normal(0, 3, 12), rng.normal(9, 2, 30), np.array([2.0]), np.full(5, 80.0)):
        share = shares_by_others(evidence, 0.2)
        np.testing.assert_allclose(
            expit(evidence + logit(share)), chances(evidence, 0.2), rtol=1e-9
        )
    assert shares_by_others(np.array([2.0]), 0.2)[0] == pytest.approx(0.2, abs=2e-3)
    assert (shares_by_others(np.full(30, 80.0), 0.2) > 0.9).all()
