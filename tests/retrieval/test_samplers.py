"""Both ways to a posterior against one that is known exactly: a linear model, Gaussian noise."""

import signal
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from scipy.special import ndtri

from spectramind.config.compose import compose
from spectramind.config.posteriors import SamplingConfig
from spectramind.contracts.measurement import Measurement
from spectramind.retrieval import retrieve_planet
from spectramind.retrieval.annealing import anneal, begin
from spectramind.retrieval.gaussian_likelihood import GaussianLikelihood
from spectramind.retrieval.importance_sampling import ImportanceSampler
from spectramind.retrieval.local_surrogate import LocalSurrogate
from spectramind.retrieval.nested_sampling import NestedSampler, nautilus_is_there
from spectramind.retrieval.retrieve_planet import sample_posterior
from spectramind.retrieval.sampler import WeightedPosterior
from spectramind.run.stopping import Stopped

Array = NDArray[np.float64]
SIZE, BINS = 3, 12


def nothing(count: int) -> None:
    """No one is told."""


class Linear:
    """d = A t + noise of covariance diag + modes modes', t standard normal.

    Args:
        off: of predictions: a stand-in's are wrong by this share of a bent curve.
    """

    dimensions = SIZE

    def __init__(self, seed: int = 5, off: float = 0.0) -> None:
        rng = np.random.default_rng(seed)
        self.matrix = rng.standard_normal((BINS, SIZE))
        variance, modes = rng.uniform(0.3, 1, BINS), rng.standard_normal((BINS, 2))
        cover = np.diag(variance) + modes @ modes.T
        truth = rng.standard_normal(SIZE)
        depth = self.matrix @ truth + np.linalg.cholesky(cover) @ rng.standard_normal(BINS)
        self.likelihood = GaussianLikelihood(Measurement(depth, variance, modes))
        self.cover = np.linalg.inv(
            np.eye(SIZE) + self.matrix.T @ np.linalg.inv(cover) @ self.matrix
        )
        self.mean = self.cover @ self.matrix.T @ np.linalg.inv(cover) @ depth
        whole = cover + self.matrix @ self.matrix.T
        self.ln_z = float(stats.multivariate_normal(np.zeros(BINS), whole).logpdf(depth))
        self.calls, self._off = 0, off

    def from_unit(self, cube: Array) -> Array:
        return np.asarray(ndtri(cube))

    def log_prior(self, points: Array) -> Array:
        return np.asarray(stats.norm.logpdf(points).sum(1))

    def predict(self, points: Array) -> Array:
        self.calls += len(points)
        return np.asarray(points @ self.matrix.T + self._off * (1 + np.sin(points[:, :1])))

    def log_of(self, predicted: Array) -> Array:
        return self.likelihood.log(predicted)

    def log_likelihood(self, points: Array) -> Array:
        return self.log_of(self.predict(points))


def importance(proposal: "Broad", off: float = 0.2, **changes: object) -> ImportanceSampler:
    """With a stand-in that is off by a fifth of the noise."""
    return ImportanceSampler(proposal, Linear(off=off), settings(**changes))


@dataclass
class Broad:
    """A proposal that knows little: normal around ``centre`` with deviation ``sd``."""

    centre: float = 0.0
    sd: float = 1.5

    def sample(self, count: int, rng: np.random.Generator) -> Array:
        return self.centre + self.sd * rng.standard_normal((count, SIZE))

    def log_density(self, points: Array) -> Array:
        return np.asarray(stats.norm.logpdf(points, self.centre, self.sd).sum(1))


def settings(**changes: object) -> SamplingConfig:
    usual = compose([]).retrieval.sampling
    return SamplingConfig(**(usual.model_dump() | {"effective": 2000, "particles": 4000} | changes))


def check(found: WeightedPosterior, model: Linear) -> None:
    """Mean within 5 standard errors, deviations within 8 %, evidence within 5 of its errors."""
    mean = found.weight @ found.points
    sd = np.sqrt(found.weight @ (found.points - mean) ** 2)
    true_sd = np.sqrt(np.diag(model.cover))
    assert np.abs(mean - model.mean).max() < 5 * true_sd.max() / np.sqrt(found.effective)
    assert np.allclose(sd, true_sd, rtol=0.08)
    assert abs(found.ln_z - model.ln_z) < 5 * found.ln_z_error
    assert 0 < found.ln_z_error < 0.05
    assert np.isclose(found.weight.sum(), 1)


def test_likelihood_is_that_of_the_dense_covariance() -> None:
    model = Linear()
    measured = model.likelihood.measured
    dense = stats.multivariate_normal(measured.depth, measured.covariance)
    points = np.random.default_rng(1).standard_normal((4, BINS))
    assert np.allclose(model.likelihood.log(points), dense.logpdf(points))
    points[1, 3] = np.nan
    assert model.likelihood.log(points)[1] == -np.inf


def test_draws_of_the_likelihood_have_its_covariance() -> None:
    measured = Linear().likelihood.measured
    drawn = Linear().likelihood.draw(np.tile(measured.depth, (40_000, 1)), np.random.default_rng(2))
    assert np.allclose(np.cov(drawn.T), measured.covariance, atol=0.15)


@pytest.mark.parametrize("proposal", [Broad(), Broad(1.0, 3.0), Broad(0.5, 8.0)])
def test_importance_sampling_is_exact(proposal: Broad) -> None:
    """Whatever the proposal, and though the stand-in is off."""
    model = Linear()
    found = importance(proposal).sample(model, 3, nothing)
    assert found.converged
    assert found.path == "importance"
    assert found.spectra == model.calls
    check(found, model)


def test_what_the_stand_in_gets_wrong_is_learnt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Off by three times the noise; without learning fewer samples count."""
    model = Linear()
    sampler = importance(Broad(), off=3.0, effective=400, batch=100)
    found = sampler.sample(model, 3, nothing)
    assert found.converged
    assert found.efficiency > 0.1
    assert abs(found.ln_z - model.ln_z) < 5 * found.ln_z_error
    monkeypatch.setattr(LocalSurrogate, "taught", lambda self, points, exact: self)
    assert sampler.sample(model, 3, nothing).efficiency < 0.6 * found.efficiency


def test_islands_tell_the_error_of_the_evidence() -> None:
    """Scatter over seeds against what each says."""
    model, few = Linear(), {"effective": 100, "particles": 200, "batch": 40}
    runs = [importance(Broad(1.0, 3.0), **few).sample(model, seed, nothing) for seed in range(24)]
    off = np.array([(run.ln_z - model.ln_z) / run.ln_z_error for run in runs])
    assert 0.4 < off.std() < 1.6
    assert abs(off.mean()) < 1


def test_equal_seeds_give_equal_samples() -> None:
    one, same = (importance(Broad()).sample(Linear(), 3, nothing) for _ in "ab")
    assert np.array_equal(one.points, same.points)
    assert one.ln_z == same.ln_z


def test_annealing_keeps_both_hills_and_their_shares() -> None:
    """From one broad hill to two, of 80 and 20 %, whose integral is known."""
    rng = np.random.default_rng(8)

    def broad(points: Array) -> Array:
        return np.asarray(stats.norm.logpdf(points, 0, 4).sum(1))

    def hills(points: Array) -> Array:
        heights = [
            np.log(share) + stats.norm.logpdf(points, centre, 0.5).sum(1)
            for share, centre in ((0.8, -3), (0.2, 3))
        ]
        return np.asarray(np.logaddexp(*heights)) + 7.0

    points = 4 * rng.standard_normal((6000, 2))
    found = anneal(begin(points, broad(points), 4), broad, hills, 500, rng)
    assert (found.points[..., 0] < 0).mean() == pytest.approx(0.8, abs=0.06)
    assert found.points[found.points < 0].std() == pytest.approx(0.5, rel=0.1)
    assert found.log_ratio_mean == pytest.approx(7, abs=4 * found.log_ratio_error)
    assert found.log_ratio_error < 0.2
    assert found.climb < 0.5


@pytest.mark.skipif(not nautilus_is_there(), reason="the extra retrieval is not installed")
def test_nested_sampling_is_exact() -> None:
    model = Linear()
    found = NestedSampler(settings(live_points=300)).sample(model, 3, nothing)
    assert found.path == "nested"
    check(found, model)


@pytest.mark.skipif(not nautilus_is_there(), reason="the extra retrieval is not installed")
def test_nested_sampling_can_be_interrupted_while_it_trains(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stopped(*arguments: object) -> None:
        raise Stopped(signal.SIGTERM)

    monkeypatch.setattr("sklearn.neural_network.MLPRegressor._backprop", stopped)
    with pytest.raises(Stopped):
        NestedSampler(settings(live_points=300)).sample(Linear(), 3, nothing)


@pytest.mark.skipif(not nautilus_is_there(), reason="the extra retrieval is not installed")
def test_nautilus_takes_over_where_importance_sampling_fails() -> None:
    """A proposal that is nowhere near: none of its samples counts."""
    few = settings(live_points=300, most_spectra=1500, batch=100)
    lost = ImportanceSampler(Broad(40.0, 0.01), Linear(), few)
    found = sample_posterior(Linear(), lost, few, 3, nothing)
    assert found.path == "nested"
    assert "nautilus took over" in found.why
    check(found, Linear())


def test_without_nautilus_it_says_that_it_did_not_converge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrieve_planet, "nautilus_is_there", lambda: False)
    few = settings(most_spectra=1500, batch=100)
    lost = ImportanceSampler(Broad(40.0, 0.01), Linear(), few)
    found = sample_posterior(Linear(), lost, few, 3, nothing)
    assert found.path == "importance"
    assert not found.converged
    assert "nautilus" in found.why
    assert "pip install" in found.why
