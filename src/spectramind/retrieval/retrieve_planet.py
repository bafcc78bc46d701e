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
from spectramind.retrieval.component_evidence import Ways, component_evidence
from spectramind.retrieval.forward_model import ForwardModel
from spectramind.retrieval.importance_sampling import ImportanceSampler
from spectramind.retrieval.nested_sampling import NestedSampler, nautilus_is_there
from spectramind.retrieval.posterior_network import NetworkProposal
from spectramind.retrieval.sampler import Target, Tick, WeightedPosterior
from spectramind.retrieval.trained_networks import TrainedNetworks
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
    importance: ImportanceSampler | None,
    settings: SamplingConfig,
    seed: int,
    tick: Tick,
    file: Path | None = None,
) -> WeightedPosterior:
    """By importance; by nested sampling where that is not efficient, or asked for.

    Args:
        target: what to sample. importance: None: there is no network.
        settings: which ways are open. seed: of all draws. tick: told of spectra computed.
        file: where nested sampling goes on after it was stopped.

    Raises:
        ConfigError: nested sampling is asked for and nautilus is not installed.
    """
    if settings.sampler == "nested" or importance is None:
        return NestedSampler(settings, file).sample(target, seed, tick).told("asked for", None)
    found = importance.sample(target, seed, tick)
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
    networks: TrainedNetworks | None,
    settings: SamplingConfig,
    seed: int,
    tick: Tick,
    file: Path | None = None,
) -> Retrieved:
    """Everything about one planet.

    Args:
        observed: it. model: the forward model. networks: that propose and emulate, None for nested
            sampling alone. settings, seed, tick, file: see ``sample_posterior``.

    Raises:
        SchemaError: there is no transit to explain.
        ConfigError: see ``sample_posterior``.
    """
    began = time.monotonic()
    own = derived_seed(seed, "retrieve", observed.planet_id) % 2**32
    target = target_of(observed, model, networks)
    ways = None if networks is None else ways_of(observed, model, networks)
    importance = None
    if ways is not None:
        importance = ImportanceSampler(ways.propose(""), target.of_model(ways.emulated), settings)
    posterior = sample_posterior(target, importance, settings, own, tick, file)
    evidence = component_evidence(target, posterior, ways, settings, own, tick)
    found = _predicted(target, posterior, settings.draws, np.random.default_rng(own))
    seconds = {"seconds": time.monotonic() - began}
    summary = _summary(observed, target, posterior, found) | seconds
    summary["components"] = [asdict(one) for one in evidence]
    parameters = target.coordinates.parameters(posterior.points)
    counted = np.isfinite(posterior.log_weight) & (posterior.log_weight > -60)
    space = model.space
    return Retrieved(
        names=space.free,
        units=space.units,
        parameters=parameters[counted],
        log_weight=posterior.log_weight[counted],
        log_likelihood=posterior.log_likelihood[counted],
        draws=found.parameters,
        spectra=np.nanquantile(found.spectra, SPECTRUM_LEVELS, axis=0),
        measured=observed.measured.depth,
        sigma=np.sqrt(observed.measured.total_variance),
        components=components(space),
        contributions=_contributions(target, parameters[np.argmax(posterior.log_likelihood)][None]),
        summary=summary,
    )


def target_of(
    observed: Observed, model: ForwardModel, networks: TrainedNetworks | None
) -> AtmosphereTarget:
    """A planet's posterior in the coordinates of the networks.

    Raises:
        SchemaError: there is no transit to explain.
    """
    centre, width = _CENTRE, _WIDTH
    if networks is not None:
        centre, width = networks.proposal.centre, networks.proposal.width
    level = level_of(observed.measured)
    coordinates = Coordinates(model.space, observed.known, level, centre, width)
    return AtmosphereTarget(model, observed.measured, coordinates)


def ways_of(observed: Observed, model: ForwardModel, networks: TrainedNetworks) -> Ways:
    """How a planet is sampled, with every component or without one; "" is every one."""
    names = components(model.space)
    known = np.array([observed.known[key] for key in model.space.from_table])

    def propose(name: str) -> NetworkProposal:
        gone = np.array([one == name for one in names], dtype=bool)
        return networks.proposal.propose(observed.measured, known, gone)

    return Ways(propose, model.emulated(networks.emulator))


@dataclass(frozen=True)
class _Predicted:
    """What equally likely samples, (D, P), predict: (D, 283) depths, chi2 and p-value of each."""

    parameters: Array
    spectra: Array
    chi2: Array

    @property
    def p_value(self) -> float:
        """Posterior-predictive: how often such noise would fit worse."""
        return float(stats.chi2.sf(self.chi2, self.spectra.shape[1]).mean())


def _predicted(
    target: AtmosphereTarget, posterior: WeightedPosterior, count: int, rng: np.random.Generator
) -> _Predicted:
    parameters = target.coordinates.parameters(posterior.points[posterior.draw(count, rng)])
    spectra = target.spectra(parameters)
    return _Predicted(parameters, spectra, target.likelihood.chi2(spectra))


def _summary(
    observed: Observed, target: AtmosphereTarget, posterior: WeightedPosterior, found: _Predicted
) -> dict[str, Any]:
    space = target.coordinates.space
    parameters = target.coordinates.parameters(posterior.points)
    return {
        "planet": observed.planet_id,
        "ln_z": posterior.ln_z,
        "ln_z_error": posterior.ln_z_error,
        "effective": posterior.effective,
        "efficiency": posterior.efficiency,
        "spectra": posterior.spectra,
        "path": posterior.path,
        "converged": posterior.converged,
        "why": posterior.why,
        "p_value": found.p_value,
        "chi2_least": float(found.chi2.min()),
        "bins": int(found.spectra.shape[1]),
        "fits": found.p_value >= _POOR,
        "warning": _warning(found.p_value, posterior),
        "known": dict(observed.known),
        "parameters": [
            {"name": name, "unit": unit, **_intervals(parameters[:, n], posterior.weight)}
            for n, (name, unit) in enumerate(zip(space.free, space.units, strict=True))
        ],
    }


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


def _contributions(target: AtmosphereTarget, best: Array) -> Array:
    """Depth that each component adds at one sample, (C, 283)."""
    whole = target.spectra(best)[0]
    names = components(target.coordinates.space)
    rows = [whole - target.lacking(name).spectra(best)[0] for name in names]
    return np.array(rows).reshape(-1, len(whole))
