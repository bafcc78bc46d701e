"""The atmospheres of a simulated tree, and how well retrieval found them again."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spectramind.config.retrieving import RetrievalConfig
from spectramind.config.root import Config
from spectramind.config.sim import SimulationConfig
from spectramind.contracts.spectra import SPECTRUM_COLUMNS
from spectramind.dataset.tables import read_truth
from spectramind.errors import SchemaError
from spectramind.retrieval.forward_model import REST_WEIGHT_U
from spectramind.simulation.planet_draw import SimulatedPlanet
from spectramind.simulation.simulate_tree import plan, planet_of

_SAME = 1e-9  # of depth: a planet drawn again is the one whose truth stands there
_WEIGHT_OFF = 0.02  # the simulator's hydrogen weighs 2.33 u
_SEEN = 3.0  # sigma
_TOLD = 0.6  # of the prior's 68 % interval, below which a posterior says something


def true_atmospheres(config: Config, ids: Sequence[str]) -> dict[str, dict[str, float]]:
    """True parameters of test planets, by planet and the parameters' names.

    The tree's own seed and settings draw them again; a planet that does not come out with the
    spectrum of the tree's truth (another version simulated it) is left out, and so is one that the
    fitted model has not: heavier than hydrogen while ``retrieval.weight`` follows the composition,
    or of a spotted star while ``retrieval.spots`` is off.

    Raises:
        SchemaError: the tree was not simulated, or its truth cannot be read.
    """
    raw = config.data.raw
    record = raw / "truth" / "simulation.json"
    settings, seed = _simulated_with(record)
    spectra = read_truth(raw / "truth" / "test.csv")[list(SPECTRUM_COLUMNS)]
    wanted, found = set(ids) & set(spectra.index), {}
    for job in plan(settings, raw, seed):
        if job.planet_id in wanted and job.split == "test":
            planet = planet_of(job)
            same = np.allclose(planet.spectrum, spectra.loc[job.planet_id], rtol=0, atol=_SAME)
            if same and _is_held(planet, config.retrieval):
                found[job.planet_id] = _parameters(planet)
    return found


def _is_held(planet: SimulatedPlanet, fitted: RetrievalConfig) -> bool:
    """Whether the model that is fitted has such atmospheres and stars at all."""
    light = abs(planet.atmosphere.mean_molecular_weight / REST_WEIGHT_U - 1) < _WEIGHT_OFF
    return (light or fitted.weight == "free") and (planet.spots.fraction == 0 or fitted.spots)


def _simulated_with(record: Path) -> tuple[SimulationConfig, int]:
    if not record.is_file():
        raise SchemaError(f"{record} is missing: the tree was not simulated, no truth is known")
    try:
        told = json.loads(record.read_text(encoding="utf-8"))
        fields = {key: told[key] for key in SimulationConfig.model_fields}
        return SimulationConfig(**fields), int(told["seed"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SchemaError(f"{record} is of another version ({error!r}): simulate again") from error


def _parameters(planet: SimulatedPlanet) -> dict[str, float]:
    air, spots = planet.atmosphere, planet.spots
    return {
        "radius_ratio": air.planet_radius_m / air.star_radius_m,
        "temperature_k": air.temperature_K,
        "mean_weight_u": air.mean_molecular_weight,
        **{f"log10_{gas}": value for gas, value in air.log10_abundance.items()},
        "cloud_log10_pa": float(np.log10(air.cloud_pressure_pa)),
        "haze_log10": float(np.log10(air.haze_factor)),
        "haze_slope": air.haze_slope,
        "spot_fraction": spots.fraction,
        "spot_contrast_k": planet.star.teff_K - spots.temperature_K,
    }


def recovery(
    summaries: Sequence[Mapping[str, Any]],
    truth: Mapping[str, Mapping[str, float]],
    prior_span: Mapping[str, float],
) -> dict[str, Any]:
    """How truth was found again.

    Args:
        summaries: content of ``retrieval.json``, planets that converged counting alone.
        truth: see ``true_atmospheres``. prior_span: width of the prior's 68 % interval.

    Returns:
        By parameter: bias in the posterior's deviations with its standard error, shares of truths
        within 68 and 95 %, ``told`` (planets whose posterior is narrower than the prior), and a row
        a planet for figures; by component: planets in which it is seen at 3 sigma.
    """
    known = [one for one in summaries if one["planet"] in truth and one["converged"]]
    parameters = {}
    for name in [one["name"] for one in known[0]["parameters"]] if known else []:
        rows = [
            next(p for p in one["parameters"] if p["name"] == name)
            | {"planet": one["planet"], "truth": truth[one["planet"]][name]}
            for one in known
            if name in truth[one["planet"]]
        ]
        if rows:
            parameters[name] = _of_parameter(rows, prior_span.get(name, float("inf")))
    seen = [part for one in summaries for part in one["components"] if part["sigma"] >= _SEEN]
    names = {part["component"]: 0 for one in summaries for part in one["components"]}
    for part in seen:
        names[part["component"]] += 1
    return {
        "planets": len(summaries),
        "converged_with_truth": len(known),
        "parameters": parameters,
        "seen_at_3_sigma": names,
    }


def _of_parameter(rows: list[dict[str, Any]], span: float) -> dict[str, Any]:
    off = np.array([(row["mean"] - row["truth"]) / row["sd"] for row in rows])
    width = np.array([row["high_68"] - row["low_68"] for row in rows])

    def within(level: str) -> float:
        hit = [row[f"low_{level}"] <= row["truth"] <= row[f"high_{level}"] for row in rows]
        return float(np.mean(hit))

    return {
        "planets": len(rows),
        "bias_sd": float(off.mean()),
        "bias_error": float(off.std() / np.sqrt(len(off))),
        "within_68": within("68"),
        "within_95": within("95"),
        "told": int((width < _TOLD * span).sum()),
        "rows": [
            {key: row[key] for key in ("planet", "truth", "median", "low_68", "high_68")}
            for row in rows
        ],
    }
