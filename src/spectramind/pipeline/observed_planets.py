"""Planets as retrieval takes them: the measurement, not what a prior made of it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from spectramind.config.root import Config
from spectramind.contracts.measurement import combine
from spectramind.contracts.planet import Planet
from spectramind.contracts.spectra import name_some
from spectramind.dataset.tables import HOST_COLUMNS, read_hosts
from spectramind.dataset.tree import KaggleTree
from spectramind.errors import SchemaError
from spectramind.pipeline.planets import load_planets
from spectramind.retrieval.atmosphere_target import level_of
from spectramind.retrieval.parameter_space import known_from_row, parameter_space
from spectramind.retrieval.proposal_training import Examples
from spectramind.retrieval.retrieve_planet import Observed

_MOST_EXAMPLES = 100


def observed_planets(
    config: Config, tree: KaggleTree, ids: Sequence[str]
) -> tuple[list[Observed], dict[str, str]]:
    """Planets of either split with their covariance and stars, and why others cannot be done.

    Raises:
        SchemaError: a planet is in neither split, or features has not run.
    """
    splits = {planet: split for split in tree.splits() for planet in tree.planets(split)}
    unknown = [planet for planet in ids if planet not in splits]
    if unknown:
        raise SchemaError(
            f"no planet {unknown[0]!r} in {tree.root}: there are {name_some(tuple(splits))}"
        )
    hosts = {split: read_hosts(tree, split) for split in {splits[planet] for planet in ids}}
    found, failed = [], {}
    for planet_id in ids:
        split = splits[planet_id]
        planet = load_planets(config, tree, split, [planet_id])[0]
        try:
            found.append(_observed(config, planet, hosts[split]))
        except SchemaError as error:
            failed[planet_id] = str(error)
    return found, failed


def _observed(config: Config, planet: Planet, hosts: pd.DataFrame) -> Observed:
    if len(planet.white) == 0:
        raise SchemaError("nothing of it was measured")
    measured = combine(planet.measurements).in_few_modes()
    level_of(measured)
    if planet.planet_id not in hosts.index:
        raise SchemaError("it has no row in the star table")
    row = {name: float(hosts[name][planet.planet_id]) for name in HOST_COLUMNS}
    names = parameter_space(config.retrieval).from_table
    return Observed(planet.planet_id, measured, known_from_row(row, names))


def examples(config: Config, tree: KaggleTree) -> Examples:
    """Planets of all splits whose noise and stars the network learns from, up to 100.

    Raises:
        SchemaError: none of them was measured.
    """
    ids = [planet for split in tree.splits() for planet in tree.planets(split)]
    spread = np.unique(np.linspace(0, len(ids) - 1, _MOST_EXAMPLES).round().astype(int))
    found, _ = observed_planets(config, tree, [ids[n] for n in spread])
    if not found:
        raise SchemaError("no planet was measured: see what `spectramind features` warned of")
    return Examples(
        [one.measured for one in found],
        [one.known for one in found],
        np.array([level_of(one.measured) for one in found]),
    )
