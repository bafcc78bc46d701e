"""What each switch of ``sim=foreign`` costs: the chain on small trees that have it alone.

A tree has the foreign profile's size and the seed of all others, so that the same planets are seen
by the same noise; light curves are drawn without frames, which is quick. Beside the switches stand
``none`` of them and ``all`` together. What a switch is set to is read from the profile.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from chain import PROFILES, Run, chain, reading, scores

from spectramind.config.compose import compose
from spectramind.contracts.predictive import SUBMITTED, Predictive
from spectramind.contracts.spectra import truth_for
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.tables import read_truth
from spectramind.errors import ConfigError
from spectramind.evaluation.coverage import white_z_scores, z_statistics
from spectramind.pipeline.planets import doubts

NONE, ALL = "none", "all"
SIZE = ("planets", "test_planets", "cadence")
# Settings that make one switch: a law and how strong it is.
_JOINED = {"limb_darkening_law": "limb_darkening", "limb_factor": "limb_darkening"}


@dataclass(frozen=True)
class Outcome:
    """How an estimate did on one tree.

    Attributes:
        estimate: its name, or that of what is switched on.
        score: of all test planets.
        z_rms, far_off: rms and largest size of the white-light (AIRS level) error in its own sigmas
            among planets whose fit nobody doubts; NaN if all are doubted.
        doubted: test planets whose fit is doubted, out of ``planets``.
    """

    estimate: str
    score: float
    z_rms: float
    far_off: float
    doubted: int
    planets: int


def outcome(estimate: str, run: Run) -> Outcome:
    """What a chain that has run found."""
    config = run.config
    spectra = Predictive.load(WorkFolder(config.paths).prediction(SUBMITTED)).spectra
    truth, doubted = read_truth(config.paths.truth), doubts(config, spectra.planet_ids)
    white = white_z_scores(truth_for(truth, spectra.planet_ids), spectra.mu, spectra.sigma)
    trusted = white[[planet not in doubted for planet in spectra.planet_ids]]
    z = z_statistics(trusted) if len(trusted) else None
    return Outcome(
        estimate=estimate,
        score=scores(config)[SUBMITTED]["score"],
        z_rms=z.rms if z else np.nan,
        far_off=z.largest if z else np.nan,
        doubted=len(doubted),
        planets=len(spectra),
    )


def _leaves(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if not isinstance(node, Mapping):
        yield path, node
        return
    for name, child in node.items():
        yield from _leaves(child, (*path, name))


def _settings(*overrides: str) -> dict[tuple[str, ...], Any]:
    """Every setting of ``sim``."""
    return dict(_leaves(compose(overrides).sim.model_dump(mode="json")))


def _switch(path: tuple[str, ...]) -> str:
    """The switch that a setting belongs to: foreign.telescope.NAME, foreign.sky.NAME, or the
    part of the population.
    """
    name = path[2] if path[0] == "foreign" else path[1]
    return _JOINED.get(name, name)


def _override(path: tuple[str, ...], value: Any) -> str:
    text = str(value).replace(" ", "") if isinstance(value, list) else value
    return f"sim.{'.'.join(path)}={text}"


def usual() -> tuple[str, ...]:
    """Overrides of the tree on which nothing is foreign."""
    size = _settings(*PROFILES["foreign"])
    return ("sim=full", *(_override((name,), size[(name,)]) for name in SIZE))


def switches() -> dict[str, tuple[str, ...]]:
    """Overrides that turn on each switch alone, by its name, in the profile's order."""
    foreign, plain = _settings(*PROFILES["foreign"]), _settings(*usual())
    found: dict[str, tuple[str, ...]] = {}
    for path, value in foreign.items():
        if value != plain[path]:
            found[_switch(path)] = (*found.get(_switch(path), ()), _override(path, value))
    return found


def rows() -> dict[str, tuple[str, ...]]:
    """Overrides by row of the table."""
    each = switches()
    return {NONE: (), **each, ALL: tuple(one for some in each.values() for one in some)}


def chosen(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The rows that are named, in the table's order; no name: every row.

    Raises:
        ConfigError: there is no such switch.
    """
    known, wanted = rows(), set(names)
    if strange := sorted(wanted - known.keys()):
        raise ConfigError(
            f"no switch of sim=foreign is called {', '.join(strange)}: --switches takes "
            f"{', '.join(known)}"
        )
    return {name: known[name] for name in known if not wanted or name in wanted}


def measure(work: Path, named: Iterable[str], overrides: Sequence[str]) -> list[Outcome]:
    """Simulate and judge the rows named, each trained on its own tree."""
    found = []
    for name, on in chosen(named).items():
        tree, folder = work / "switches" / name, work / "marks" / "switches" / name
        Run(tree, (*usual(), "level=lightcurves", *on, *overrides)).stages("simulate")
        found.append(outcome(name, chain(folder, reading(tree), overrides, against=())))
    return found


def lines(outcomes: Sequence[Outcome]) -> list[str]:
    """The table, for people."""
    found = [f"{'switched on':41}{'score':>8}{'z rms':>9}{'largest':>9}{'doubted':>12}"]
    for one in outcomes:
        counts = f"{one.doubted} of {one.planets}"
        found.append(
            f"{one.estimate:41}{one.score:8.4f}{one.z_rms:9.2f}{one.far_off:9.2f}{counts:>12}"
        )
    return found
