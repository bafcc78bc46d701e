"""Which components an atmosphere has: evidence with each over evidence without it.

Where the posterior reaches down to nothing of a component, the evidence without it is the one with
it times the posterior's mean of L(without) / L(with): the model without is nested in the other, and
priors are independent (a Savage-Dickey ratio that needs no density). Where it does not, the model
without is sampled by importance from the network's proposal for it. Sigma follows Sellke, Bayarri
and Berger (2001): the p-value whose bound -1 / (e p ln p) is the Bayes factor.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats
from scipy.special import logsumexp

from spectramind.config.posteriors import SamplingConfig
from spectramind.retrieval.atmosphere_target import AtmosphereTarget, components
from spectramind.retrieval.forward_model import ForwardModel
from spectramind.retrieval.importance_sampling import ImportanceSampler
from spectramind.retrieval.sampler import Proposal, Tick, WeightedPosterior

Array = NDArray[np.float64]
_OVERLAP = 0.15  # of the draws that must count for the ratio to be believed
_RATIO_MOST = 3.0  # ln Bayes factor up to which it is


@dataclass(frozen=True)
class ComponentEvidence:
    """What the spectrum says of one component.

    Attributes:
        component: gas, clouds, haze or spots.
        ln_bayes: ln of evidence with it over evidence without it; error: its deviation.
        sigma: the same as a detection, 0 where it speaks against it.
        method: ``ratio`` or ``sampled``. converged: whether as many samples as wanted made it.
    """

    component: str
    ln_bayes: float
    error: float
    sigma: float
    method: str
    converged: bool


def component_evidence(
    model: ForwardModel,
    target: AtmosphereTarget,
    posterior: WeightedPosterior,
    proposal_without: Callable[[str], Proposal] | None,
    settings: SamplingConfig,
    seed: int,
    tick: Tick,
) -> list[ComponentEvidence]:
    """Of every component that is free.

    Args:
        model, target, posterior: with everything.
        proposal_without: of the model without a component; None: none is known.
        settings, seed, tick: as samplers take them.
    """
    rng = np.random.default_rng(seed)
    rows = posterior.draw(settings.draws, rng)
    found = []
    for number, name in enumerate(components(target.coordinates.space)):
        lesser = AtmosphereTarget(
            model, target.likelihood.measured, target.coordinates, (*target.absent, name)
        )
        log_ratio = lesser.log_likelihood(posterior.points[rows]) - posterior.log_likelihood[rows]
        tick(len(rows))
        one = _by_ratio(name, log_ratio, posterior)
        if one is None and proposal_without is not None:
            sampler = ImportanceSampler(
                proposal_without(name), settings, settings.comparison_effective
            )
            without = sampler.sample(lesser, seed + number + 1, tick)
            error = float(np.hypot(posterior.ln_z_error, without.ln_z_error))
            ln_bayes = posterior.ln_z - without.ln_z
            one = ComponentEvidence(
                name,
                ln_bayes,
                error,
                sigma_of(ln_bayes),
                "sampled",
                without.converged and posterior.converged,
            )
        if one is not None:
            found.append(one)
    return found


def _by_ratio(
    name: str, log_ratio: Array, posterior: WeightedPosterior
) -> ComponentEvidence | None:
    """From the posterior alone; None where too little of it resembles the model without."""
    total, count = logsumexp(log_ratio), len(log_ratio)
    effective = float(np.exp(2 * total - logsumexp(2 * log_ratio)))
    ln_bayes = float(np.log(count) - total)
    if effective < _OVERLAP * count or ln_bayes > _RATIO_MOST:
        return None
    independent = min(count, posterior.effective)
    error = float(np.sqrt(max(count / effective - 1, 0) / independent))
    return ComponentEvidence(
        name, ln_bayes, error, sigma_of(ln_bayes), "ratio", posterior.converged
    )


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
