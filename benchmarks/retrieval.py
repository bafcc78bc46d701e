"""Is the retrieval exact, and fast? Simulated planets with real noise, nautilus as the referee.

    python benchmarks/retrieval.py --work runs/demo --planets 60 --referee 3

``--work`` has the features whose covariances are the noise, and the trained network (made on first
use). Planets are drawn from the very prior that is fitted, so ranks must be uniform and intervals
hold the truth as often as they say:

- SBC: ranks of the truth among draws (Talts et al. 2018), a Kolmogorov-Smirnov p-value a parameter;
- TARP (Lemos et al. 2023): coverage of random balls, the largest departure from the diagonal;
- both for the network alone (``before``) and after importance sampling (``after``);
- marginals and ln Z beside nautilus, ln Z beside plain importance sampling from the network where
  that is efficient enough, efficiencies, and seconds of CPU and of the clock.
"""

import argparse
import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.special import logsumexp

from spectramind.config.compose import compose
from spectramind.config.overrides import quoted
from spectramind.contracts.measurement import Measurement
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.tree import KaggleTree
from spectramind.errors import SchemaError
from spectramind.pipeline.observed_planets import examples
from spectramind.pipeline.proposal import forward_model, ready_proposal
from spectramind.retrieval.atmosphere_target import RADIUS, AtmosphereTarget
from spectramind.retrieval.gaussian_likelihood import GaussianLikelihood
from spectramind.retrieval.importance_sampling import ImportanceSampler
from spectramind.retrieval.log_weights import effective, systematic
from spectramind.retrieval.nested_sampling import NestedSampler
from spectramind.retrieval.retrieve_planet import Observed, target_of, ways_of
from spectramind.retrieval.sampler import WeightedPosterior
from spectramind.retrieval.trained_networks import TrainedNetworks
from spectramind.run.record import RunRecord
from spectramind.run.threads import calm_threads

Array = NDArray[np.float64]
_DRAWS, _MANY = 200, 2000
_DIRECT, _ENOUGH = 8000, 200


def simulated(
    model,
    known: dict[str, float],
    level: float,
    spread: tuple[float, float],
    noise: Measurement,
    rng,
) -> tuple[Array, Measurement]:
    """A planet of the prior and its measured spectrum; the radius near the noise's own planet."""
    space = model.space
    while True:
        truth = space.from_unit(rng.random((1, len(space.free))), known)
        if RADIUS in space.free:
            column = space.free.index(RADIUS)
            truth[:, column] = np.sqrt(level) * np.exp(rng.uniform(*spread))
        depth = np.asarray(model.spectrum(truth, known), dtype=np.float64)
        if np.isfinite(depth).all():
            seen = GaussianLikelihood(noise).draw(depth, rng)[0]
            return truth[0], Measurement(seen, noise.variance, noise.modes)


def believed(
    target: AtmosphereTarget, points: Array, log_weight: Array, drawn: Array, rng
) -> Array:
    """Equally likely parameters of a posterior whose prior is cut to the radii that truth has."""
    parameters = target.coordinates.parameters(points)
    space = target.coordinates.space
    if RADIUS in space.free:
        log_ratio = np.log(parameters[:, space.free.index(RADIUS)])
        outside = (log_ratio < drawn[0]) | (log_ratio > drawn[1])
        log_weight = np.where(outside, -np.inf, log_weight)
    return parameters[systematic(np.exp(log_weight - log_weight.max()), _DRAWS, rng)]


def tarp(truth: Array, draws: Array, rng) -> float:
    """Largest departure of the expected coverage from the diagonal; (n, P), (n, D, P) of 0..1."""
    reference = rng.random(truth.shape)
    far = np.linalg.norm(truth - reference, axis=1)
    share = (np.linalg.norm(draws - reference[:, None], axis=2) < far[:, None]).mean(1)
    return float(stats.kstest(share, "uniform").statistic)


def nobody(_: int) -> None:
    """Is told of spectra."""


def timed(work: Callable[[], WeightedPosterior]) -> tuple[WeightedPosterior, float, float]:
    """What it gives, CPU seconds, seconds."""
    wall, cpu = time.monotonic(), time.process_time()
    found = work()
    return found, time.process_time() - cpu, time.monotonic() - wall


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--planets", type=int, default=200)
    parser.add_argument("--referee", type=int, default=10)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--minutes", type=float, default=1e9, help="Begin no planet after so long.")
    parser.add_argument("overrides", nargs="*")
    given = parser.parse_args()
    calm_threads()
    where = [quoted("paths.work", given.work), quoted("data.raw", given.work / "data" / "raw")]
    config = compose([*where, "retrieval.sampling.sampler=importance", *given.overrides])
    tree, began = KaggleTree(config.data.raw), time.monotonic()
    key = ready_proposal(config, tree, RunRecord("benchmark", {}, given.work))
    model, settings = forward_model(config), config.retrieval.sampling
    path = WorkFolder(config.paths).retrieval.network(str(key))
    networks = TrainedNetworks.load(path, config.retrieval)
    real, rng = examples(config, tree), np.random.default_rng(given.seed)
    names = model.space.free
    rows: list[dict] = []
    inside = {level: np.zeros((0, len(names)), dtype=bool) for level in (0.68, 0.95)}
    before, after, truths = [], [], []
    for number in range(given.planets):
        if time.monotonic() - began > given.minutes * 60:
            break
        at = int(rng.integers(len(real.measured)))
        known, spread = dict(real.known[at]), config.retrieval.network.level_range
        truth, measured = simulated(
            model, known, float(real.level[at]), spread, real.measured[at], rng
        )
        observed = Observed(str(number), measured, known)
        try:
            target = target_of(observed, model, networks)
        except SchemaError:  # drowned in noise: no transit
            continue
        ways = ways_of(observed, model, networks)
        proposal = ways.propose("")
        sampler = ImportanceSampler(proposal, target.of_model(ways.emulated), settings)
        found, cpu, wall = timed(partial(sampler.sample, target, number, nobody))
        row = {
            "efficiency": found.efficiency,
            "effective": found.effective,
            "converged": found.converged,
            "spectra": found.spectra,
            "ln_z": found.ln_z,
            "error": found.ln_z_error,
            "cpu_s": cpu,
            "wall_s": wall,
        }
        if number < given.referee:
            row |= direct(found, target, proposal, rng)
            row |= refereed(found, target, settings, number)
        rows.append(row)
        print(number, {k: round(float(v), 3) for k, v in row.items()}, flush=True)
        drawn = np.log(np.sqrt(real.level[at])) + np.array(spread)
        raw = believed(target, proposal.sample(_MANY, rng), np.zeros(_MANY), drawn, rng)
        exact = believed(target, found.points, found.log_weight, drawn, rng)
        truths.append(truth)
        before.append(raw)
        after.append(exact)
        for share in inside:
            low, high = np.quantile(exact, [(1 - share) / 2, (1 + share) / 2], axis=0)
            inside[share] = np.vstack([inside[share], (truth >= low) & (truth <= high)])
    summary = judged(rows, inside, np.array(truths), np.array(before), np.array(after), names)
    summary |= {
        "training_s": networks.seconds,
        "training_spectra": networks.emulator_told.count,
        "emulator_variance_left": networks.emulator_told.loss[-1],
        "training_loss": networks.proposal.told.loss[-1],
    }
    print(json.dumps(summary, indent=1))
    if given.out:
        given.out.write_text(json.dumps({"summary": summary, "rows": rows}, indent=1))


def direct(found: WeightedPosterior, target: AtmosphereTarget, proposal, rng) -> dict[str, float]:
    """Beside the network's own samples with exact weights: slow, and nothing to be wrong about."""
    points = proposal.sample(_DIRECT, rng)
    joint = target.log_prior(points) + target.log_likelihood(points)
    log_weight = joint - proposal.log_density(points)
    counted = effective(log_weight)
    if counted < _ENOUGH:
        return {}
    ln_z = float(logsumexp(log_weight) - np.log(_DIRECT))
    return {"direct_off": found.ln_z - ln_z, "direct_error": counted**-0.5}


def refereed(
    found: WeightedPosterior, target: AtmosphereTarget, settings, seed: int
) -> dict[str, float]:
    """Beside nautilus: ln Z, the largest difference of means and of deviations, seconds."""
    nested, cpu, wall = timed(partial(NestedSampler(settings).sample, target, seed, nobody))
    moments = []
    for one in (found, nested):
        mean = one.weight @ one.points
        moments.append((mean, np.sqrt(one.weight @ (one.points - mean) ** 2)))
    (mean, sd), (own, own_sd) = moments
    return {
        "nested_ln_z": nested.ln_z,
        "ln_z_off": found.ln_z - nested.ln_z,
        "nested_cpu_s": cpu,
        "nested_wall_s": wall,
        "nested_spectra": nested.spectra,
        "mean_off_sd": float(np.abs((mean - own) / own_sd).max()),
        "sd_ratio_off": float(np.abs(np.log(sd / own_sd)).max()),
    }


def judged(rows, inside, truth: Array, before: Array, after: Array, names) -> dict:
    """All of it in numbers."""
    rng = np.random.default_rng(1)
    converged = np.array([row["converged"] for row in rows])
    # Each parameter on 0..1 by all truths' ranks, so that no unit rules the balls of TARP.
    span = np.ptp(truth, axis=0)
    scaled = [(values - truth.min(0)) / span for values in (truth, before, after)]
    ranks = {
        name: (draws < truth[:, None]).mean(1)
        for name, draws in (("before", before), ("after", after))
    }
    return {
        "planets": len(rows),
        "converged": float(converged.mean()),
        "efficiency": dict(
            zip(
                ("least", "median", "most"),
                np.quantile([row["efficiency"] for row in rows], [0, 0.5, 1]).tolist(),
                strict=True,
            )
        ),
        "cpu_s_median": float(np.median([row["cpu_s"] for row in rows])),
        "wall_s_median": float(np.median([row["wall_s"] for row in rows])),
        "within": {
            str(share): {
                "all": float(hit[converged].mean()),
                "binomial_error": float(np.sqrt(share * (1 - share) / max(converged.sum(), 1))),
                **dict(zip(names, hit[converged].mean(0).tolist(), strict=True)),
            }
            for share, hit in inside.items()
        },
        "sbc_p": {
            which: {
                name: float(stats.kstest(values[converged, n], "uniform").pvalue)
                for n, name in enumerate(names)
            }
            for which, values in ranks.items()
        },
        "tarp_off": {
            "before": tarp(scaled[0][converged], scaled[1][converged], rng),
            "after": tarp(scaled[0][converged], scaled[2][converged], rng),
            "expected_below": float(1.36 / np.sqrt(max(converged.sum(), 1))),
        },
    }


if __name__ == "__main__":
    main()
