"""One planet: from its spectrum to posterior, evidence and what the model makes of the spectrum."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from spectramind.config.posteriors import SamplingConfig
from spectramind.contracts.measurement import Measurement
from spectramind.contracts.retrieved import SPECTRUM_LEVELS, Retrieved
from spectramind.retrieval.atmosphere_target import (
    AtmosphereTarget,
    Coordinates,
    components,
    level_of,
)
from spectramind.retrieval.component_evidence import component_evidence
from spectramind.retrieval.forward_model import ForwardModel
from spectramind.retrieval.importance_sampling import ImportanceSampler
from spectramind.retrieval.nested_sampling import NestedSampler, nautilus_is_there
from spectramind.retrieval.posterior_network import NetworkProposal, TrainedProposal
from spectramind.retrieval.sampler import Proposal, Target, Tick, WeightedPosterior
from spectramind.run.seeds import derived_seed

Array = NDArray[np.float64]
_POOR = 0.01  # posterior-predictive p-value below which the model does not fit
_INTERVALS = {"95": (0.025, 0.975), "68": (0.16, 0.84)}
# The radius's coordinate of a model that has no network.
_CENTRE, _WIDTH = -0.06, 0.06


@dataclass(frozen=True)
class Observed:
    """One planet as it was measured: its name, its spectrum, what the star table tells of it."""

    planet_id: str
    measured: Measurement
    known: Mapping[str, float]


def sample_posterior(
    target: Target,
    proposal: Proposal | None,
    settings: SamplingConfig,
    seed: int,
    tick: Tick,
    file: Path | None = None,
) -> WeightedPosterior:
    """By importance from a proposal; by nested sampling where that is not efficient, or asked for.

    Args:
        target: what to sample. proposal: None: there is none.
        settings: which ways are open. seed: of all draws. tick: told of spectra computed.
        file: where nested sampling goes on after it was stopped.

    Raises:
        ConfigError: nested sampling is asked for and nautilus is not installed.
    """
    if settings.sampler == "nested" or proposal is None:
        return NestedSampler(settings, file).sample(target, seed, tick).told("asked for", None)
    found = ImportanceSampler(proposal, settings).sample(target, seed, tick)
    if found.converged or settings.sampler == "importance":
        return found
    if not nautilus_is_there():
        return found.told(
            f"{found.why}; nautilus, which would take over, is not installed: pip install "
            "'spectramind[retrieval]'"
        )
    nested = NestedSampler(settings, file).sample(target, seed, tick)
    return nested.told(f"{found.why}: nautilus took over")


def retrieve_planet(
    observed: Observed,
    model: ForwardModel,
    trained: TrainedProposal | None,
    settings: SamplingConfig,
    seed: int,
    tick: Tick,
    file: Path | None = None,
) -> Retrieved:
    """Everything about one planet.

    Args:
        observed: it. model: the forward model. trained: the proposing network, None for nested
            sampling alone. settings, seed, tick, file: see ``sample_posterior``.

    Raises:
        SchemaError: there is no transit to explain.
        ConfigError: see ``sample_posterior``.
    """
    began, space = time.monotonic(), model.space
    own = derived_seed(seed, "retrieve", observed.planet_id) % 2**32
    centre, width = (trained.centre, trained.width) if trained else (_CENTRE, _WIDTH)
    level = level_of(observed.measured)
    coordinates = Coordinates(space, observed.known, level, centre, width)
    target = AtmosphereTarget(model, observed.measured, coordinates)
    names = components(space)

    def without(name: str) -> NetworkProposal:
        assert trained is not None
        known = np.array([observed.known[key] for key in space.from_table])
        gone = np.array([one == name for one in names], dtype=bool)
        return trained.propose(observed.measured, known, gone)

    proposal = without("") if trained else None
    posterior = sample_posterior(target, proposal, settings, own, tick, file)
    evidence = component_evidence(
        model, target, posterior, without if trained else None, settings, own, tick
    )
    parameters = coordinates.parameters(posterior.points)
    rng = np.random.default_rng(own)
    rows = posterior.draw(settings.draws, rng)
    spectra = target.spectra(parameters[rows])
    chi2 = target.likelihood.chi2(spectra)
    p_value = float(stats.chi2.sf(chi2, spectra.shape[1]).mean())
    counted = np.isfinite(posterior.log_weight) & (posterior.log_weight > -60)
    best = parameters[int(np.argmax(posterior.log_likelihood))][None]
    summary = {
        "planet": observed.planet_id,
        "ln_z": posterior.ln_z,
        "ln_z_error": posterior.ln_z_error,
        "effective": posterior.effective,
        "efficiency": posterior.efficiency,
        "spectra": posterior.spectra,
        "path": posterior.path,
        "converged": posterior.converged,
        "why": posterior.why,
        "p_value": p_value,
        "chi2_least": float(chi2.min()),
        "bins": int(spectra.shape[1]),
        "fits": p_value >= _POOR,
        "warning": _warning(p_value, posterior),
        "seconds": time.monotonic() - began,
        "known": dict(observed.known),
        "parameters": [
            {"name": name, "unit": unit, **_intervals(parameters[:, n], posterior.weight)}
            for n, (name, unit) in enumerate(zip(space.free, space.units, strict=True))
        ],
        "components": [asdict(one) for one in evidence],
    }
    return Retrieved(
        names=space.free,
        units=space.units,
        parameters=parameters[counted],
        log_weight=posterior.log_weight[counted],
        log_likelihood=posterior.log_likelihood[counted],
        draws=parameters[rows],
        spectra=np.nanquantile(spectra, SPECTRUM_LEVELS, axis=0),
        measured=observed.measured.depth,
        sigma=np.sqrt(observed.measured.total_variance),
        components=names,
        contributions=_contributions(model, target, best),
        summary=summary,
    )


def weighted_quantile(values: Array, weight: Array, share: float) -> float:
    """Of weighted samples."""
    order = np.argsort(values)
    total = np.cumsum(weight[order])
    return float(np.interp(share, (total - weight[order] / 2) / total[-1], values[order]))


def _intervals(values: Array, weight: Array) -> dict[str, Any]:
    found: dict[str, Any] = {"median": weighted_quantile(values, weight, 0.5)}
    for name, ends in _INTERVALS.items():
        found |= {
            f"{end}_{name}": weighted_quantile(values, weight, share)
            for end, share in zip(("low", "high"), ends, strict=True)
        }
    mean = float(weight @ values)
    return found | {"mean": mean, "sd": float(np.sqrt(weight @ (values - mean) ** 2))}


def _warning(p_value: float, posterior: WeightedPosterior) -> str:
    """What to doubt; empty: nothing."""
    said = []
    if p_value < _POOR:
        said.append(
            f"the model does not fit this spectrum (posterior-predictive p = {p_value:.2g}): its "
            "intervals are too narrow, believe none of them"
        )
    if not posterior.converged:
        said.append(f"not converged: {posterior.why}")
    return "; ".join(said)


def _contributions(model: ForwardModel, target: AtmosphereTarget, best: Array) -> Array:
    """Depth that each component adds at one sample, (C, 283)."""
    whole = target.spectra(best)[0]
    measured, coordinates = target.likelihood.measured, target.coordinates
    rows = [
        whole - AtmosphereTarget(model, measured, coordinates, (name,)).spectra(best)[0]
        for name in components(coordinates.space)
    ]
    return np.array(rows).reshape(-1, len(whole))
