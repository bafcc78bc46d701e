"""What the network that was kept looks at, for the topic "shap": gradients, attention, edges."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from spectramind.config.root import Config
from spectramind.contracts.depths import load_info
from spectramind.contracts.planet import Planet
from spectramind.contracts.work_folder import WorkFolder
from spectramind.diagnostics.attribution_course import PlanetCourse, along_transit, by_phase
from spectramind.diagnostics.panel import Values, plain
from spectramind.errors import ConfigError
from spectramind.estimators.artifact import Artifact
from spectramind.estimators.masked_inputs import BANDS, band_of_bins
from spectramind.estimators.physics_estimate import PhysicsEstimate
from spectramind.instrument.graph import EDGE_TYPES, BinGraph, build_graph
from spectramind.models.attention_shares import attention_by_type
from spectramind.models.edge_importance import EdgeImportance, edge_importance
from spectramind.models.inputs import batch_inputs
from spectramind.models.network import Inputs, SpectraMind
from spectramind.models.path_attribution import (
    TARGETS,
    PathAttribution,
    average_planet,
    path_attribution,
)
from spectramind.physics.transit_phases import PHASES, inner_share, phases, transit_clock
from spectramind.run.atomic import json_number

Array = NDArray[np.float64]
# Channels of the light curves (``models.inputs.sequence``): FGS1's dip, residual and pointing.
_FGS1, _AIRS = [0, 2, 4, 5], [1, 3]
_DIGITS = 4


def explain_network(
    config: Config, artifact: Artifact, planets: Sequence[Planet], rows: Sequence[int]
) -> Values:
    """What the correction hangs on, of some planets.

    Args:
        config, artifact: of the run. planets: the whole set, which is predicted together.
        rows: of the planets to explain.

    Raises:
        ConfigError: captum or torch-geometric is not installed.
    """
    settings, some = config.diag.shap, [planets[row] for row in rows]
    physics = PhysicsEstimate(artifact.prior, artifact.model.prior)
    posteriors = physics.posteriors(planets)
    inputs = batch_inputs(some, [posteriors[row] for row in rows], artifact.sequence_length)
    everyone = batch_inputs(planets, posteriors, artifact.sequence_length)
    networks = [artifact.network, *(member.network for member in artifact.others)]
    mean = average_planet(everyone).nodes[: len(some)]
    start = Inputs(torch.zeros_like(inputs.fgs1), mean, inputs.mu0, inputs.sigma0)
    found = path_attribution(networks, inputs, start, settings.path_steps)
    courses = [
        _course(config, planet, curves)
        for planet, curves in zip(some, np.moveaxis(found.curves, 1, 0), strict=True)
    ]
    graph = build_graph(seam=artifact.seam, edge_types=artifact.model.airs_gnn.edge_types)
    return {
        "planets": [planet.planet_id for planet in some],
        "members": len(networks),
        "steps": settings.path_steps,
        **_gradients(found, courses),
        **_attention(artifact.network, inputs, graph),
        "edges": _edges(artifact.network, inputs, graph, settings.edge_epochs, settings.seed),
    }


def _course(config: Config, planet: Planet, curves: Array) -> PlanetCourse:
    """A planet's attributions (2, L, C) by target, of FGS1's channels and of AIRS's: (4, L)."""
    given = np.concatenate([curves[..., _FGS1].sum(-1), curves[..., _AIRS].sum(-1)])
    length = given.shape[1]
    if len(planet.model) == 0:
        clock = np.full(length, np.nan)
        return PlanetCourse(clock, phases(clock, 0.0), given)
    told = load_info(WorkFolder(config.paths).features.depths(planet.usable[0]))
    geometry = told["parameters"]
    clock = transit_clock(planet.model[:, 0])
    even = np.interp(np.linspace(0, len(clock) - 1, length), np.arange(len(clock)), clock)
    return PlanetCourse(even, phases(even, inner_share(geometry["k_fgs1"], geometry["b"])), given)


def _gradients(found: PathAttribution, courses: Sequence[PlanetCourse]) -> Values:
    """Completeness, shares of phases, course along the transit, of bins and of bands."""
    mean, error = by_phase(courses)
    clock, course = along_transit(courses)
    inner = [np.abs(one.clock[one.phase == PHASES.index("in transit")]) for one in courses]
    reach = [float(one.max()) for one in inner if len(one)]
    of_bins = found.nodes.sum(-1)  # targets, planets, 283
    band = band_of_bins()
    bands = np.stack([of_bins[:, :, band == n].sum(-1) for n in range(len(BANDS))], axis=2)
    size = np.abs(bands)
    return {
        "targets": list(TARGETS),
        "change_ppm": plain(np.sqrt((found.change**2).mean(axis=1))),
        "residual_ppm": plain(np.abs(found.residual).max(axis=1)),
        "phases": list(PHASES),
        "by_phase": plain(mean.round(_DIGITS)),
        "by_phase_error": plain(error.round(_DIGITS)),
        "clock": plain(clock.round(_DIGITS)),
        "course": plain(course.round(_DIGITS)),
        "inner": float(np.mean(reach)) if reach else None,
        "by_bin": plain(np.abs(of_bins).mean(axis=1).round(_DIGITS)),
        "bands": list(BANDS),
        "by_band": plain(size.mean(axis=1).round(_DIGITS)),
        "by_band_error": plain(_error(size, 1).round(_DIGITS)),
    }


def _attention(network: SpectraMind, inputs: Inputs, graph: BinGraph) -> Values:
    """A row a layer and type of edge: its share of the attention, and what even attention gives."""
    with torch.no_grad():
        weights = network.cpu().eval()(inputs).attention
    try:
        found = attention_by_type(weights, graph)
    except ConfigError as error:
        return {"attention": [], "no_attention": str(error)}
    degree = np.bincount(graph.target)
    rows = []
    for name, typed in found.items():
        share = typed.share.double().mean(dim=(2, 3)).numpy()  # planets, layers
        own = np.bincount(typed.target.numpy(), minlength=len(degree))
        rows += [
            {
                "layer": layer + 1,
                "type": name,
                "share": float(share[:, layer].mean()),
                "error": json_number(_error(share[:, layer], 0)),
                "even": float((own / degree).mean()),
            }
            for layer in range(share.shape[1])
        ]
    return {"attention": rows, "no_attention": ""}


def _edges(
    network: SpectraMind, inputs: Inputs, graph: BinGraph, epochs: int, seed: int
) -> list[dict[str, Any]]:
    """A row a type of edge: the explainer's mask and what cutting it changes, over planets."""
    parts = (inputs.fgs1, inputs.nodes, inputs.mu0, inputs.sigma0)
    found: list[dict[str, EdgeImportance]] = [
        edge_importance(
            network, graph.types, Inputs(*(p[row : row + 1] for p in parts)), epochs, seed
        )
        for row in range(len(inputs.mu0))
    ]
    rows = []
    for name in EDGE_TYPES:
        if there := [one[name] for one in found if name in one]:
            mask, cut = (np.array([getattr(one, key) for one in there]) for key in ("mask", "cut"))
            rows.append(
                {
                    "type": name,
                    "edges": there[0].edges,
                    "mask": float(mask.mean()),
                    "mask_error": json_number(_error(mask, 0)),
                    "cut": float(cut.mean()),
                    "cut_error": json_number(_error(cut, 0)),
                    "planets": len(there),
                }
            )
    return rows


def _error(values: Array, axis: int) -> Array:
    """Standard error of the mean along an axis; NaN of a single one."""
    count = values.shape[axis]
    if count < 2:
        return np.asarray(np.full_like(values.mean(axis=axis), np.nan))
    return np.asarray(values.std(axis=axis, ddof=1) / np.sqrt(count))
