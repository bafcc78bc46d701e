"""Features on disk -> planets as the models want them, with their spectra where known."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from spectramind.config.root import Config
from spectramind.contracts.depths import Depths, load_depths
from spectramind.contracts.planet import LabelledPlanets, Planet
from spectramind.contracts.spectra import SPECTRUM_COLUMNS, truth_for
from spectramind.contracts.work_folder import FeaturesFolder, WorkFolder
from spectramind.dataset.tables import read_truth
from spectramind.dataset.tree import KaggleTree
from spectramind.errors import SchemaError
from spectramind.evaluation.official import naive_moments
from spectramind.features.visit_fit import mean_around
from spectramind.pipeline.fit_reader import FitWords
from spectramind.pipeline.visits import visits_by_planet
from spectramind.run.npz import read_npz

Array = NDArray[np.float64]
Fit = TypeVar("Fit", Depths, FitWords)


def naive_of(config: Config) -> tuple[float, float]:
    """The metric's m0 and s0: mean and spread of the train labels (``evaluation.official``).

    Raises:
        SchemaError: the tree's labels are missing or broken.
    """
    labels = read_truth(KaggleTree(config.data.raw).root / "train.csv")
    return naive_moments(labels[list(SPECTRUM_COLUMNS)].to_numpy())


def load_planets(config: Config, tree: KaggleTree, split: str, ids: Iterable[str]) -> list[Planet]:
    """Features of the given planets.

    Raises:
        SchemaError: a planet is not in the tree, or its features are missing.
    """
    grouped, features = visits_by_planet(tree, split), WorkFolder(config.paths).features
    planets = []
    for planet_id in ids:
        if planet_id not in grouped:
            raise SchemaError(f"planet {planet_id} is not in {tree.root / split}")
        visits = usable_visits(
            {v.name: load_depths(features.depths(v.name)) for v in grouped[planet_id]}
        )
        first, shown = next(iter(visits.items()))
        planets.append(
            Planet(
                planet_id=planet_id,
                measurements=tuple(depths.fit for depths in visits.values()),
                white=shown.white,
                model=shown.model,
                jitter=_jitter(features, first, shown),
                visits=tuple(visit.name for visit in grouped[planet_id]),
                usable=tuple(visits),
            )
        )
    return planets


def load_visits(config: Config, tree: KaggleTree, ids: Iterable[str]) -> list[Planet]:
    """Every training-split visit of these planets whose fit is trusted, as a planet of its own."""
    grouped, features = visits_by_planet(tree, "train"), WorkFolder(config.paths).features
    visits = []
    for planet_id in ids:
        for visit in grouped[planet_id]:
            depths = load_depths(features.depths(visit.name))
            if depths.measured and not depths.info["reason"]:
                visits.append(
                    Planet(
                        planet_id=planet_id,
                        measurements=(depths.fit,),
                        white=depths.white,
                        model=depths.model,
                        jitter=_jitter(features, visit.name, depths),
                        visits=(visit.name,),
                        usable=(visit.name,),
                    )
                )
    return visits


def usable_visits(visits: dict[str, Fit]) -> dict[str, Fit]:
    """Visits whose fit can be trusted; if there is none those that have a fit, else all."""
    trusted = {name: fit for name, fit in visits.items() if not fit.info["reason"]}
    return trusted or {name: fit for name, fit in visits.items() if fit.measured} or visits


def _jitter(features: FeaturesFolder, visit: str, depths: Depths) -> Array:
    """FGS1 jitter averaged around the samples of the fit, (T, 2)."""
    if len(depths.time_h) == 0:
        return np.zeros((0, 2))
    path = features.fgs1_white(visit)
    raw = read_npz(path, "time", "jitter", made_by="features")
    return mean_around(depths.time_h, np.asarray(raw["time"]), np.asarray(raw["jitter"]))


def load_labelled(config: Config, tree: KaggleTree, ids: Sequence[str]) -> LabelledPlanets:
    """Training-split planets with their true spectra, without those of which nothing was measured.

    Raises:
        SchemaError: a planet is not in the tree, or none was measured.
    """
    planets = [p for p in load_planets(config, tree, "train", ids) if len(p.white) > 0]
    if not planets:
        raise SchemaError(
            f"none of the {len(ids)} planets of a fold was measured: see what `spectramind "
            "features` warned of"
        )
    truth = truth_for(read_truth(tree.root / "train.csv"), [p.planet_id for p in planets])
    return LabelledPlanets(tuple(planets), truth)


def why_doubted(visits: Iterable[Depths | FitWords]) -> str:
    """Why a planet is doubted, all of whose visits are these; empty if one of them is trusted."""
    reasons = [str(fit.info["reason"]) for fit in visits]
    return "; ".join(dict.fromkeys(reasons)) if all(reasons) else ""


def doubts(config: Config, ids: Sequence[str]) -> dict[str, str]:
    """Why the fit of a test planet is doubted, for those of which no visit is trusted."""
    grouped = visits_by_planet(KaggleTree(config.data.raw), "test")
    features = WorkFolder(config.paths).features
    reasons = {}
    for planet in ids:
        why = why_doubted(load_depths(features.depths(visit.name)) for visit in grouped[planet])
        if why:
            reasons[planet] = why
    return reasons
