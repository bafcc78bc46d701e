"""Importance sampling with the exact likelihood from a proposal that is taught first.

The first rounds teach: their samples, tempered so that some of them count, make a mixture of
Student's t that the next round draws from (population Monte Carlo, Cappe et al. 2004). Then the
proposal is frozen, some of the first one mixed in so that nothing is lost that the first one knew,
and samples are drawn anew: weights of these alone make posterior and evidence, which are therefore
free of bias. ln Z is the logarithm of the mean weight; its error that of the mean.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from spectramind.config.posteriors import SamplingConfig
from spectramind.retrieval.sampler import Proposal, Target, Tick, WeightedPosterior
from spectramind.retrieval.student_mixture import fit_mixture

Array = NDArray[np.float64]
_PARTS = 8
_FIRST_SHARE = 0.4  # of the first proposal in the frozen one
_COUNTING = 12  # effective samples a dimension that tempering leaves to teach from
_RECENT = 3  # rounds that teach together


@dataclass(frozen=True)
class Blend:
    """Several proposals, each with its share."""

    parts: tuple[Proposal, ...]
    shares: tuple[float, ...]

    def sample(self, count: int, rng: np.random.Generator) -> Array:
        """(count, P)."""
        each = rng.multinomial(count, self.shares)
        drawn = [part.sample(int(n), rng) for part, n in zip(self.parts, each, strict=True) if n]
        return np.concatenate(drawn)

    def log_density(self, points: Array) -> Array:
        """(B,)."""
        parts = [
            np.log(share) + part.log_density(points)
            for part, share in zip(self.parts, self.shares, strict=True)
        ]
        return np.asarray(logsumexp(parts, axis=0))


@dataclass(frozen=True)
class _Round:
    """Points of a round: (n, P), their ln prior times likelihood, ln likelihood, ln proposal."""

    points: Array
    log_joint: Array
    log_likelihood: Array
    log_proposal: Array

    @property
    def log_weight(self) -> Array:
        return self.log_joint - self.log_proposal


class ImportanceSampler:
    """From a first proposal to a posterior.

    Args:
        proposal: the first one. settings: when to stop. effective: samples wanted; None: those of
            the settings.
    """

    def __init__(
        self, proposal: Proposal, settings: SamplingConfig, effective: int | None = None
    ) -> None:
        self._first, self._settings = proposal, settings
        self._wanted = effective or settings.effective

    def sample(self, target: Target, seed: int, tick: Tick) -> WeightedPosterior:
        """Teach, freeze, sample until enough samples are effective or spectra are used up."""
        rng = np.random.default_rng(seed)
        frozen, spent = self._taught(target, rng, tick)
        settings, rounds = self._settings, []
        counted = 0
        while True:
            rounds.append(_evaluate(target, frozen, settings.batch, rng, tick))
            counted += settings.batch
            log_weight = np.concatenate([one.log_weight for one in rounds])
            found = _effective(log_weight)
            if found >= self._wanted:
                why = f"importance sampling found {found:.0f} effective samples"
                break
            hopeless = found < settings.least_efficiency * counted and counted >= 4 * settings.batch
            if hopeless or spent + counted + settings.batch > settings.most_spectra:
                why = (
                    f"importance sampling found {found:.0f} effective samples of "
                    f"{self._wanted} in {counted} spectra"
                )
                break
        total = logsumexp(log_weight)
        if not np.isfinite(total):
            log_weight, total = np.zeros(len(log_weight)), np.log(len(log_weight))
            ln_z, error = -np.inf, np.inf
        else:
            ln_z = float(total - np.log(counted))
            error = float(np.sqrt(max(1 / found - 1 / counted, 0)))
        return WeightedPosterior(
            points=np.concatenate([one.points for one in rounds]),
            log_weight=log_weight - total,
            log_likelihood=np.concatenate([one.log_likelihood for one in rounds]),
            ln_z=ln_z,
            ln_z_error=error,
            spectra=spent + counted,
            path="importance",
            converged=found >= self._wanted,
            why=why,
        )

    def _taught(self, target: Target, rng: np.random.Generator, tick: Tick) -> tuple[Proposal, int]:
        """The proposal to freeze, and how many spectra teaching took.

        The best of those that were tried: a mixture fitted to few samples may be worse than what
        it was taught by.
        """
        settings = self._settings
        now: Proposal = self._first
        best, highest = now, -1.0
        seen: list[_Round] = []
        for number in range(settings.teaching_rounds):
            one = _evaluate(target, now, settings.batch, rng, tick)
            found = _effective(one.log_weight)
            if found > highest:
                best, highest = now, found
            if found >= settings.enough * settings.batch:
                return now, (number + 1) * settings.batch
            seen = [*seen, one][-_RECENT:]
            taught = _teach(seen, rng)
            if taught is not None:
                now = Blend((self._first, taught), (_FIRST_SHARE, 1 - _FIRST_SHARE))
        return best, settings.teaching_rounds * settings.batch


def _evaluate(
    target: Target, proposal: Proposal, count: int, rng: np.random.Generator, tick: Tick
) -> _Round:
    points = proposal.sample(count, rng)
    prior = target.log_prior(points)
    likelihood = np.full(count, -np.inf)
    inside = np.isfinite(prior)
    if inside.any():
        likelihood[inside] = target.log_likelihood(points[inside])
    tick(count)
    return _Round(points, prior + likelihood, likelihood, proposal.log_density(points))


def _teach(rounds: list[_Round], rng: np.random.Generator) -> Proposal | None:
    """A mixture fitted to the rounds' samples; None where none of them is possible.

    Where few samples carry all weight, weights are raised to a power below 1 until enough count.
    """
    points = np.concatenate([one.points for one in rounds])
    log_weight = np.concatenate([one.log_weight for one in rounds])
    possible = np.isfinite(log_weight)
    wanted = min(_COUNTING * points.shape[1], 0.5 * possible.sum())
    if possible.sum() < 3 * points.shape[1]:
        return None
    points, log_weight = points[possible], log_weight[possible]
    low, high = 0.0, 1.0
    if _effective(log_weight) < wanted:
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (
                (middle, high) if _effective(middle * log_weight) > wanted else (low, middle)
            )
    power = low if low > 0 else high
    tempered = power * log_weight
    return fit_mixture(points, np.exp(tempered - logsumexp(tempered)), _PARTS, rng)


def _effective(log_weight: Array) -> float:
    """Kish's number; 0 where no weight is there."""
    total = logsumexp(log_weight)
    if not np.isfinite(total):
        return 0.0
    return float(np.exp(2 * total - logsumexp(2 * log_weight)))
