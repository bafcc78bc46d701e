"""What the report's groups and repeat visits are made of: planets' traits, pairs of visits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spectramind.config.root import Config
from spectramind.contracts.depths import load_depths
from spectramind.contracts.predictive import Predictive
from spectramind.contracts.work_folder import FeaturesFolder, WorkFolder
from spectramind.dataset.tree import KaggleTree, Visit
from spectramind.diagnostics.report_data import NO_REPEATS, PlanetTraits, RepeatVisits
from spectramind.errors import SchemaError, SpectraMindError
from spectramind.evaluation.repeatability import compare_visits
from spectramind.pipeline.fit_reader import FitReader
from spectramind.pipeline.planets import usable_visits, why_doubted
from spectramind.pipeline.visits import star_rows, visits_by_planet
from spectramind.run.npz import read_npz

# Takes the name of a field of the report, and why it is empty or not whole.
Note = Callable[[str, str], None]


@dataclass(frozen=True)
class _Planet:
    """What one planet's features tell."""

    flux: float = np.nan
    impact: float = np.nan
    doubt: str = ""


def planet_traits(
    config: Config,
    ids: Sequence[str],
    visits: dict[str, list[Visit]],
    fits: FitReader,
    note: Note,
) -> PlanetTraits | None:
    """Traits of the test planets; None, and the reason noted, where no features are there."""
    if not any(fits.features.depths(v.name).is_file() for one in ids for v in visits.get(one, ())):
        return None
    planets = [_planet(fits, visits.get(planet_id, [])) for planet_id in ids]
    return PlanetTraits(
        flux=np.array([planet.flux for planet in planets]),
        star_k=_temperatures(config, ids, note),
        impact=np.array([planet.impact for planet in planets]),
        doubt=tuple(planet.doubt for planet in planets),
    )


def _planet(fits: FitReader, visits: Sequence[Visit]) -> _Planet:
    try:
        found = {visit.name: fits.words(visit.name) for visit in visits}
    except SpectraMindError as error:
        return _Planet(doubt=str(error))
    if not found:
        return _Planet(doubt="not in data.raw")
    usable = usable_visits(found)
    impacts = [d.info["parameters"]["b"] for d in usable.values() if "parameters" in d.info]
    return _Planet(
        flux=_flux(fits.features.fgs1_white(next(iter(usable)))),
        impact=float(np.mean(np.abs(impacts))) if impacts else np.nan,
        doubt=why_doubted(found.values()),
    )


def _flux(path: Path) -> float:
    try:
        flux = np.asarray(read_npz(path, "flux", made_by="features")["flux"], dtype=np.float64)
    except SpectraMindError:
        return np.nan
    return float(np.median(flux[np.isfinite(flux)])) if np.isfinite(flux).any() else np.nan


def _temperatures(config: Config, ids: Sequence[str], note: Note) -> NDArray[np.float64]:
    """Of the star table; NaN where it cannot be believed."""
    try:
        rows = dict(star_rows(KaggleTree(config.data.raw), "test"))
    except SpectraMindError as error:
        note("traits", str(error))
        rows = {}
    found = [rows.get(planet_id) for planet_id in ids]
    return np.array([np.nan if row is None else row.told_teff_k for row in found])


def repeat_visits(config: Config, note: Note) -> list[RepeatVisits]:
    """Planets of all splits that were visited twice; of more visits two by two.

    What keeps a visit from being compared is noted.
    """
    features = WorkFolder(config.paths).features
    pairs, without = [], []
    try:
        tree = KaggleTree(config.data.raw)
        grouped = {split: visits_by_planet(tree, split) for split in tree.splits()}
    except SpectraMindError as error:
        note("repeats", str(error))
        return []
    for split, planets in grouped.items():
        for visits in planets.values():
            for first, second in zip(visits[::2], visits[1::2], strict=False):
                try:
                    pairs.append(_pair(features, split, first, second))
                except SpectraMindError as error:
                    without.append(str(error))
    if not any(len(visits) > 1 for planets in grouped.values() for visits in planets.values()):
        note("repeats", NO_REPEATS)
    elif without:
        note("repeats", f"pairs of visits that are not in it: {len(without)}, such as {without[0]}")
    return pairs


def _pair(features: FeaturesFolder, split: str, first: Visit, second: Visit) -> RepeatVisits:
    """The two side by side.

    Raises:
        SchemaError: in one of them no transit was fitted, or its depths are missing or broken.
    """
    found = [load_depths(features.depths(visit.name)) for visit in (first, second)]
    for visit, depths in zip((first, second), found, strict=True):
        if not depths.measured:
            why = depths.info["reason"] or "no transit was fitted"
            raise SchemaError(f"visit {visit.name}: {why}")
    reasons = [str(depths.info["reason"]) for depths in found if depths.info["reason"]]
    difference = compare_visits(found[0].fit, found[1].fit)
    names = first.name, second.name
    doubt = "; ".join(dict.fromkeys(reasons))
    return RepeatVisits(first.planet_id, names, split, doubt, difference)


def all_estimates(config: Config, ids: Sequence[str], note: Note) -> dict[str, Predictive]:
    """Every estimator's prediction of these planets, by name; what is not of them is noted."""
    found, faults = {}, []
    for path in sorted(config.paths.predictions.glob("*.npz")):
        try:
            found[path.stem] = Predictive.load(path).select(ids)
        except SpectraMindError as error:
            faults.append(str(error))
    if faults:
        note("estimates", "; ".join(faults))
    return found
