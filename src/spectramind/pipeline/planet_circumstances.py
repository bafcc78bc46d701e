"""PlanetCircumstances of planets from their features and the star table."""

from collections.abc import Sequence

import numpy as np

from spectramind.config.root import Config
from spectramind.contracts.circumstances import PlanetCircumstances
from spectramind.contracts.depths import Depths, load_depths
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.tree import KaggleTree
from spectramind.errors import SchemaError
from spectramind.instrument.grid import AIRS_BINS
from spectramind.pipeline.planets import usable_visits
from spectramind.pipeline.visits import star_rows, visits_by_planet

_PPM = 1e6


def load_circumstances(config: Config, split: str, ids: Sequence[str]) -> PlanetCircumstances:
    """PlanetCircumstances of planets of one split of the tree.

    Raises:
        SchemaError: a planet is not in the tree, or its features are missing.
    """
    tree, features = KaggleTree(config.data.raw), WorkFolder(config.paths).features
    grouped, stars = visits_by_planet(tree, split), dict(star_rows(tree, split))
    doubted, impact, star_k, noise = [], [], [], []
    for planet in ids:
        if planet not in grouped:
            raise SchemaError(f"planet {planet} is not in {tree.root / split}")
        names = [visit.name for visit in grouped[planet]]
        found = {name: load_depths(features.depths(name)) for name in names}
        usable = list(usable_visits(found).values())
        star = stars[names[0]]
        doubted.append(all(depths.info["reason"] for depths in found.values()))
        impact.append(_impact(usable[0]))
        star_k.append(star.told_teff_k)
        weights = [1 / np.median(depths.fit.variance[AIRS_BINS]) for depths in usable]
        noise.append(_PPM * sum(weights) ** -0.5)
    return PlanetCircumstances(
        tuple(ids),
        np.array(doubted, dtype=bool),
        np.array(impact, dtype=float),
        np.array(star_k, dtype=float),
        np.array(noise, dtype=float),
    )


def _impact(depths: Depths) -> float:
    return float(depths.info.get("parameters", {}).get("b", np.nan))
