"""Which components an atmosphere has: evidence with each over evidence without it.

Where the posterior reaches down to nothing of a component, the model without it is nested in the
other, priors are independent, and for any tail T of the component's own parameter

    Z(without) / Z(with) = posterior mean of [in T] L(without) / L(with)  over  prior share of T,

a Savage-Dickey ratio that needs no density. T is the widest tail, towards nothing, within which
both likelihoods hardly differ: where L(with) vanishes, samples are missing. Where no tail holds
samples enough, the model without is sampled as the whole one is, from the network's proposal for
it. A model that fits far too badly even at its best needs no sampling: its evidence is below its
greatest likelihood, which bounds the factor from below.

Sigma follows Sellke, Bayarri and Berger (2001): the p-value whose bound -1 / (e p ln p) is the
Bayes factor.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats
from scipy.special import logsumexp, ndtr

from spectramind.config.posteriors import SamplingConfig
from spectramind.retrieval.atmosphere_target import ABSENT, AtmosphereTarget, components
from spectramind.retrieval.forward_model import ForwardModel
from spectramind.retrieval.importance_sampling import ImportanceSampler
from spectramind.retrieval.log_weights import effective
from spectramind.retrieval.parameter_space import ParameterSpace
from spectramind.retrieval.sampler import Proposal, Tick, WeightedPosterior

Array = NDArray[np.float64]
_TAILS = (0.5, 0.35, 0.25, 0.15, 0.08)  # shares of the prior, widest first
_ALIKE = 0.7  # of the draws in a tail that count: less means that its likelihoods differ
_LEAST = 25  # draws that must count
_SEARCHED, _GENERATIONS = 120, 100  # points of the search for the best without, and its rounds
_FURTHEST = 5.0  # prior deviations that it looks at
_MISSED = 10.0  # nats that it may have missed
_HOPELESS = 20.0  # ln B from which more precision tells nothing
_IMPOSSIBLE = 1e30


@dataclass(frozen=True)
class Ways:
    """How models without a component are sampled.

    Attributes:
        propose: a proposal for the model without the one that is named.
        emulated: the forward model's stand-in.
    """

    propose: Callable[[str], Proposal]
    emulated: ForwardModel


@dataclass(frozen=True)
class ComponentEvidence:
    """What the spectrum says of one component.

    Attributes:
        component: gas, clouds, haze or spots.
        ln_bayes: ln of evidence with it over evidence without it; error: its deviation.
        sigma: the same as a detection, 0 where it speaks against it.
        method: ``ratio``, ``sampled``, or ``bound``: ln_bayes is at least that.
        converged: whether as many samples as wanted made it.
    """

    component: str
    ln_bayes: float
    error: float
    sigma: float
    method: str
    converged: bool


def component_evidence(
    target: AtmosphereTarget,
    posterior: WeightedPosterior,
    ways: Ways | None,
    settings: SamplingConfig,
    seed: int,
    tick: Tick,
) -> list[ComponentEvidence]:
    """Of every component that is free.

    Args:
        target, posterior: with everything.
        ways: to models without a component; None: none is known.
        settings, seed, tick: as samplers take them.
    """
    rng = np.random.default_rng(seed)
    rows = posterior.draw(settings.draws, rng)
    fewer = {"effective": settings.comparison_effective, "particles": settings.particles // 2}
    comparison = settings.model_copy(update=fewer)
    found = []
    for number, name in enumerate(components(target.coordinates.space)):
        lesser = target.lacking(name)
        near = _nothingness(target.coordinates.space, name, posterior.points[rows])
        tail, near = rows[near < _TAILS[0]], near[near < _TAILS[0]]
        one = None
        if len(tail) >= _LEAST:
            lower = lesser.log_likelihood(posterior.points[tail])
            tick(len(tail))
            log_ratio = lower - posterior.log_likelihood[tail]
            one = _by_ratio(name, near, log_ratio, posterior, len(rows))
        if one is None and ways is not None:
            rough = lesser.of_model(ways.emulated)
            proposal, own = ways.propose(name), seed + number + 1
            one = _by_bound(name, lesser, rough, proposal, posterior, own, tick)
            if one is None:
                sampler = ImportanceSampler(proposal, rough, comparison, doublings=0)
                one = _by_sampling(name, posterior, sampler.sample(lesser, own, tick))
        if one is not None:
            found.append(one)
    return found


def _by_bound(
    name: str,
    lesser: AtmosphereTarget,
    rough: AtmosphereTarget,
    proposal: Proposal,
    posterior: WeightedPosterior,
    seed: int,
    tick: Tick,
) -> ComponentEvidence | None:
    """From the best that the model without can do; None where that is not hopeless."""
    rng = np.random.default_rng(seed)
    first = np.concatenate(
        [
            proposal.sample(_SEARCHED // 2, rng),
            posterior.points[posterior.draw(_SEARCHED // 2, rng)],
        ]
    )

    def misfit(points: Array) -> Array:
        value = rough.log_likelihood(points.T)
        return np.where(np.isfinite(value), -value, _IMPOSSIBLE)

    ends = [(-_FURTHEST, _FURTHEST)] * lesser.dimensions
    best = optimize.differential_evolution(
        misfit,
        ends,
        init=np.clip(first, -_FURTHEST, _FURTHEST),
        maxiter=_GENERATIONS,
        seed=rng,
        polish=False,
        vectorized=True,
        updating="deferred",
    )
    exact = float(lesser.log_likelihood(best.x[None])[0])
    tick(1)
    # What the search may have missed, and what the stand-in got wrong.
    greatest = max(exact, -float(best.fun)) + _MISSED + abs(exact + float(best.fun))
    ln_bayes = posterior.ln_z - greatest
    if not ln_bayes > _HOPELESS:
        return None
    return ComponentEvidence(name, ln_bayes, 0.0, sigma_of(ln_bayes), "bound", posterior.converged)


def _by_sampling(
    name: str, posterior: WeightedPosterior, without: WeightedPosterior
) -> ComponentEvidence:
    error = float(np.hypot(posterior.ln_z_error, without.ln_z_error))
    ln_bayes = posterior.ln_z - without.ln_z
    converged = without.converged and posterior.converged
    return ComponentEvidence(name, ln_bayes, error, sigma_of(ln_bayes), "sampled", converged)


def _nothingness(space: ParameterSpace, name: str, points: Array) -> Array:
    """Share of a component's prior that lies nearer to nothing of it than each point, (B,)."""
    parameter, value = ABSENT[name]
    column = space.free.index(parameter)
    share = ndtr(points[:, column])
    low, _ = space.priors[column].range
    return np.asarray(share if value <= low else 1 - share)


def _by_ratio(
    name: str, near: Array, log_ratio: Array, posterior: WeightedPosterior, draws: int
) -> ComponentEvidence | None:
    """From the posterior alone; None where too little of it resembles the model without.

    Args:
        name: the component. near: (n,) how near to nothing each draw of the widest tail is.
        log_ratio: (n,) ln L(without) / L(with). posterior: it.
        draws: how many, in the tail or not.
    """
    for share in _TAILS:
        inside = log_ratio[near < share]
        if len(inside) < _LEAST:
            return None
        counted = effective(inside)
        if counted < max(_LEAST, _ALIKE * len(inside)):
            continue
        ln_bayes = float(np.log(draws) - logsumexp(inside) + np.log(share))
        independent = min(draws, posterior.effective)
        error = float(np.sqrt(max(draws / counted - 1, 0) / independent))
        return ComponentEvidence(
            name, ln_bayes, error, sigma_of(ln_bayes), "ratio", posterior.converged
        )
    return None


def sigma_of(ln_bayes: float) -> float:
    """Two-sided normal deviation of a Bayes factor; 0 for one up to 1."""
    if not ln_bayes > 0:
        return 0.0
    if ln_bayes > 600:
        return float(np.sqrt(2 * ln_bayes))

    def excess(log_p: float) -> float:
        return -1 - log_p - np.log(-log_p) - ln_bayes

    log_p = optimize.brentq(excess, -ln_bayes - 50, -1.0)
    return float(stats.norm.isf(np.exp(log_p) / 2)) if log_p > -700 else float(np.sqrt(-2 * log_p))
