"""Which samples of planets' light curves made their depths: their visits are fitted once more."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spectramind.config.root import Config
from spectramind.contracts.depths import load_depths
from spectramind.contracts.planet import Planet
from spectramind.contracts.star_row import StarRow
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.tree import KaggleTree
from spectramind.diagnostics.panel import Values
from spectramind.errors import SpectraMindError
from spectramind.features.population import Population, expected
from spectramind.features.sample_influence import (
    PHASES,
    SampleInfluence,
    phases,
    sample_influence,
)
from spectramind.features.visit_fit import fit_visit
from spectramind.pipeline.visits import star_rows
from spectramind.plotting.plot import listed
from spectramind.run.npz import read_npz

_SAME = 0.1  # sigma within which the fit must find the depths again


def planet_samples(config: Config, planets: Sequence[Planet]) -> dict[str, Values]:
    """By planet, what its samples did, or why that cannot be told (``problem``).

    ``diag.explain.sample_planets`` of the planets, spread evenly.
    """
    count = min(config.diag.explain.sample_planets, len(planets))
    chosen = np.linspace(0, len(planets) - 1, count).round().astype(int)
    found: dict[str, Values] = {}
    for planet in (planets[row] for row in chosen.tolist()):
        visit = planet.usable[0]
        try:
            star = dict(star_rows(KaggleTree(config.data.raw), "test"))[visit]
            found[planet.planet_id] = _of_visit(config, visit, star) | {"visit": visit}
        except SpectraMindError as error:
            found[planet.planet_id] = {"visit": visit, "problem": str(error)}
    return found


def _of_visit(config: Config, visit: str, star: StarRow) -> Values:
    folder = WorkFolder(config.paths).features
    before = load_depths(folder.depths(visit))
    bins = read_npz(folder.airs_bins(visit), "time", "flux", "pointing", made_by="features")
    time_h, flux, pointing = (
        np.asarray(bins[key], dtype=np.float64) for key in ("time", "flux", "pointing")
    )
    population = Population.known(folder.population, config.fit) or expected(config.fit)
    again, solved = fit_visit(time_h, flux, star, config.fit, pointing, population)
    if solved is None:
        return {"problem": f"nothing was measured: {again.info['reason']}"}
    off = np.abs(again.fit.depth - before.fit.depth) / np.sqrt(before.fit.total_variance)
    if off.max() > _SAME:
        return {"problem": "its depths were made with other settings or code: run features again"}
    phase = phases(solved)
    return {
        "time_h": listed(solved.light.time_h, 4),
        "phase": phase.tolist(),
        "detectors": {
            name: _told(one, phase) for name, one in sample_influence(solved.bins.last).items()
        },
    }


def _told(one: SampleInfluence, phase: NDArray[np.intp]) -> Values:
    """Slopes by sample, and by phase their sum and the shares of their size and of the noise."""
    size = np.abs(one.own)
    rows = [phase == number for number in range(len(PHASES))]
    return {
        "own": listed(one.own, 5),
        "other": listed(one.other, 5),
        "sum": listed([one.own[row].sum() for row in rows], 4),
        "size": listed([size[row].sum() / size.sum() for row in rows], 4),
        "noise": listed([one.noise[row].sum() for row in rows], 4),
    }
