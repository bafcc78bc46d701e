"""Features on disk -> planets as the models want them, with their spectra where known."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spectramind.config.root import Config
from spectramind.dataset.tables import read_star_info, read_truth
from spectramind.dataset.tree import KaggleTree, Visit
from spectramind.errors import SchemaError
from spectramind.evaluation.spectra import truth_for
from spectramind.features.depths import Depths, load_depths
from spectramind.features.light_curves import load_white
from spectramind.features.white_fit import StarRow
from spectramind.models.inputs import Planet
from spectramind.training.batches import LabelledPlanets

Array = NDArray[np.float64]


def splits_of(config: Config, tree: KaggleTree) -> list[str]:
    """Splits a command works on: the one asked for, or all the tree holds."""
    if config.data.split != "all":
        return [config.data.split]
    return [split for split in ("train", "test") if (tree.root / split).is_dir()]


def star_rows(tree: KaggleTree, split: str) -> list[tuple[str, StarRow]]:
    """Every visit of a split with its planet's row of the star table.

    Raises:
        SchemaError: a planet is not in the table.
    """
    table = read_star_info(tree, split)
    rows = []
    for visit in tree.visits(split):
        if visit.planet_id not in table.index:
            raise SchemaError(f"{split}_star_info.csv has no row for planet {visit.planet_id}")
        row = table.loc[visit.planet_id]
        star = StarRow(float(row["P"]), float(row["sma"]), float(row["i"]), float(row["Ts"]))
        rows.append((visit.name, star))
    return rows


def visits_by_planet(tree: KaggleTree, split: str) -> dict[str, list[Visit]]:
    """Visits of each planet, first visit first."""
    grouped: dict[str, list[Visit]] = defaultdict(list)
    for visit in tree.visits(split):
        grouped[visit.planet_id].append(visit)
    return dict(grouped)


def load_planets(config: Config, tree: KaggleTree, split: str, ids: Iterable[str]) -> list[Planet]:
    """Features of the given planets.

    Raises:
        SchemaError: a planet is not in the tree, or its features are missing.
    """
    grouped = visits_by_planet(tree, split)
    planets = []
    for planet_id in ids:
        if planet_id not in grouped:
            raise SchemaError(f"planet {planet_id} is not in {tree.root / split}")
        depths = [load_depths(config.paths.features, v.name) for v in grouped[planet_id]]
        first = grouped[planet_id][0].name
        planets.append(
            Planet(
                planet_id=planet_id,
                measurements=tuple(d.fit for d in depths),
                white=depths[0].white,
                model=depths[0].model,
                jitter=_jitter(config.paths.features, first, depths[0]),
            )
        )
    return planets


def _jitter(features: Path, visit: str, depths: Depths) -> Array:
    """FGS1 jitter averaged around the samples of the fit, (T, 2)."""
    if len(depths.time_h) == 0:
        return np.zeros((0, 2))
    white = load_white(features, visit)
    middle = (depths.time_h[1:] + depths.time_h[:-1]) / 2
    edges = np.concatenate([[-np.inf], middle, [np.inf]])
    which = np.digitize(white.time, edges) - 1
    count = np.maximum(np.bincount(which, minlength=len(depths.time_h)), 1)
    sums = [np.bincount(which, axis, minlength=len(depths.time_h)) for axis in white.jitter.T]
    return np.stack(sums, axis=1) / count[:, None]


def load_labelled(config: Config, tree: KaggleTree, ids: Sequence[str]) -> LabelledPlanets:
    """Training-split planets with their true spectra."""
    truth = truth_for(read_truth(tree.root / "train.csv"), ids)
    return LabelledPlanets(tuple(load_planets(config, tree, "train", ids)), truth)
