"""Importance sampling with the exact likelihood; what it samples from is made cheaply.

The network proposes; its samples are annealed to the posterior of a surrogate, whose spectra cost a
hundredth of exact ones (``spectrum_emulator``), and some of them get exact spectra. Where too few
of these count, the surrogate learns from them, the samples follow it, and the next are weighed. All
exact spectra of all rounds count together, each over the mixture of what the rounds sampled
(Veach and Guibas 1995),

    w = L prior / sum over rounds k of share_k L_k prior / Z_k,

so that a round whose surrogate misses something is mended by others that do not. Weights carry all
that surrogates get wrong: posterior and ln Z, the logarithm of the mean weight, are exact.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from spectramind.config.posteriors import SamplingConfig
from spectramind.retrieval.annealing import Particles, anneal, begin
from spectramind.retrieval.local_surrogate import LocalSurrogate
from spectramind.retrieval.log_weights import effective
from spectramind.retrieval.sampler import Proposal, Target, Tick, WeightedPosterior

Array = NDArray[np.float64]
_FIRST = 3  # samples of the proposal for each that is kept
_GOOD = 0.5  # share of effective samples from which more of them help better than learning
_VAGUE = 0.15  # error of ln Z from which populations are doubled
_MOST_CHEAP = 600  # spectra of the surrogate a sample; usual are 50 to 300
_STILL = 1.0  # rise of the mean ln density [nats] that tells samples which were not the density's


class ImportanceSampler:
    """From a first proposal to a posterior.

    Args:
        proposal: the first one. rough: the target with cheap predictions. settings: sizes, and
            when to stop. doublings: how often populations may be doubled where islands disagree.
    """

    def __init__(
        self, proposal: Proposal, rough: Target, settings: SamplingConfig, doublings: int = 2
    ) -> None:
        self._first, self._rough, self._settings = proposal, rough, settings
        self._doublings = doublings

    def sample(self, target: Target, seed: int, tick: Tick) -> WeightedPosterior:
        """Anneal, weigh, learn, until enough samples are effective or spectra are used up."""
        rng, settings = np.random.default_rng(seed), self._settings
        islands = settings.islands
        each = -(-max(settings.particles, 2 * settings.effective) // islands) // 2 * 2
        surrogate = LocalSurrogate(self._rough)
        population = self._population(surrogate, each, rng)
        weighed, doubled = _Weighed(target), 0
        while True:
            self._weigh(weighed, population, surrogate, rng, tick)
            enough = weighed.effective >= settings.effective
            vague = population.log_ratio_error > _VAGUE and doubled < self._doublings
            goes_on = (
                vague and self._room(weighed) if enough else self._hopeful(weighed, population)
            )
            if not goes_on:
                return self._told(weighed, population, enough)
            better = surrogate.taught(*weighed.last)
            if enough:
                # What the islands disagree about, more of them know; earlier rounds are as vague.
                each, doubled = 2 * each, doubled + 1
                population = self._population(better, each, rng)
                weighed = _Weighed(target, weighed.count)
            else:
                population = anneal(population, surrogate.log_joint, better.log_joint, each, rng)
            surrogate = better

    def _population(
        self, surrogate: LocalSurrogate, each: int, rng: np.random.Generator
    ) -> Particles:
        """From the proposal's samples to the surrogate's."""
        first, islands = self._first.log_density, self._settings.islands
        points = self._first.sample(_FIRST * each * islands, rng)
        population = begin(points, first(points), islands)
        return anneal(population, first, surrogate.log_joint, each, rng)

    def _weigh(
        self,
        weighed: "_Weighed",
        population: Particles,
        surrogate: LocalSurrogate,
        rng: np.random.Generator,
        tick: Tick,
    ) -> None:
        """A batch after the other, equally of every island, while they are worth it."""
        settings = self._settings
        islands, each = population.log_density.shape
        batch = min(settings.batch // islands, each)
        order = rng.permuted(np.tile(np.arange(each), (islands, 1)), axis=1)
        for start in range(0, each - batch + 1, batch):
            if not self._room(weighed):
                return
            weighed.more(population, surrogate, order[:, start : start + batch])
            tick(batch * islands)
            if weighed.effective >= settings.effective or weighed.last_efficiency < _GOOD:
                return

    def _hopeful(self, weighed: "_Weighed", population: Particles) -> bool:
        settings = self._settings
        long = population.evaluated > _MOST_CHEAP * population.log_density.size
        lost = long or not np.isfinite(population.climb)
        if lost or not self._room(weighed):
            return False
        least = settings.least_efficiency * weighed.count
        return weighed.count < 4 * settings.batch or weighed.effective >= least

    def _room(self, weighed: "_Weighed") -> bool:
        return weighed.count + self._settings.batch <= self._settings.most_spectra

    def _told(self, weighed: "_Weighed", population: Particles, enough: bool) -> WeightedPosterior:
        still = population.climb < _STILL
        why = f"importance sampling found {weighed.effective:.0f} effective samples"
        if not enough:
            why += f" of {self._settings.effective} in {weighed.count} spectra"
        elif not still:
            why += f", but they were still climbing ({population.climb:.1f} nats)"
        return weighed.posterior(population.log_ratio_error, enough and still, why)


@dataclass
class _Round:
    """Samples of one surrogate that were weighed.

    Attributes:
        surrogate: it. log_ratio: ln of the integral of its joint density, what samples follow.
        points: (n, P). exact: (n, N) predictions. log_joint: (n,) exact prior times likelihood.
        log_rough: (n,) the surrogate's. log_likelihood: (n,).
    """

    surrogate: LocalSurrogate
    log_ratio: float
    points: Array
    exact: Array
    log_joint: Array
    log_rough: Array
    log_likelihood: Array


class _Weighed:
    """Samples with exact spectra, of all rounds, and their weights over the rounds' mixture."""

    def __init__(self, target: Target, spent: int = 0) -> None:
        self._target, self._spent = target, spent
        self._rounds: list[_Round] = []
        self._log_weight = np.zeros(0)

    @property
    def count(self) -> int:
        """Exact spectra that were computed, for rounds that do not count any more, too."""
        return self._spent + len(self._log_weight)

    @property
    def effective(self) -> float:
        """Samples; 0 before the first."""
        return effective(self._log_weight) if len(self._log_weight) else 0.0

    @property
    def last_efficiency(self) -> float:
        """Share of effective samples in the last round, by its own surrogate."""
        last = self._rounds[-1]
        return effective(last.log_joint - last.log_rough) / len(last.points)

    @property
    def last(self) -> tuple[Array, Array]:
        """Points of the last round and their exact predictions."""
        return self._rounds[-1].points, self._rounds[-1].exact

    def more(
        self, population: Particles, surrogate: LocalSurrogate, rows: NDArray[np.intp]
    ) -> None:
        """Weigh samples; rows: (K, n) of each island, equally many."""
        target = self._target
        points = np.take_along_axis(population.points, rows[..., None], 1)
        points = points.reshape(-1, points.shape[-1])
        exact = target.predict(points)
        likelihood = target.log_of(exact)
        joint = target.log_prior(points) + likelihood
        rough = np.take_along_axis(population.log_density, rows, 1).ravel()
        now = _Round(surrogate, population.log_ratio_mean, points, exact, joint, rough, likelihood)
        if self._rounds and self._rounds[-1].surrogate is surrogate:
            before = self._rounds.pop()
            for name in ("points", "exact", "log_joint", "log_rough", "log_likelihood"):
                both = np.concatenate([getattr(before, name), getattr(now, name)])
                setattr(now, name, both)
        self._rounds.append(now)
        points = self._all("points")
        shares = [
            np.log(len(one.points)) + one.surrogate.log_joint(points) - one.log_ratio
            for one in self._rounds
        ]
        mixture = logsumexp(shares, axis=0) - np.log(len(points))
        self._log_weight = self._all("log_joint") - mixture

    def posterior(self, population_error: float, converged: bool, why: str) -> WeightedPosterior:
        """What they tell; the error of the populations' integrals adds to the weights'."""
        total, found = logsumexp(self._log_weight), self.effective
        log_weight, ln_z, error = self._log_weight - total, -np.inf, np.inf
        if found:
            ln_z = float(total - np.log(len(log_weight)))
            own = np.sqrt(max(1 / found - 1 / len(log_weight), 0))
            error = float(np.hypot(population_error, own))
        else:
            log_weight = np.full(len(log_weight), -np.log(len(log_weight)))
        return WeightedPosterior(
            points=self._all("points"),
            log_weight=log_weight,
            log_likelihood=self._all("log_likelihood"),
            ln_z=ln_z,
            ln_z_error=error,
            spectra=self.count,
            path="importance",
            converged=converged,
            why=why,
        )

    def _all(self, name: str) -> Array:
        return np.concatenate([getattr(one, name) for one in self._rounds])
