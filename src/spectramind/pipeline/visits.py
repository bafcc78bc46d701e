"""Which splits, visits and star rows a command works on."""

from collections import defaultdict

from spectramind.config.root import Config
from spectramind.contracts.star_row import StarRow
from spectramind.dataset.tables import check_axes, read_orbits
from spectramind.dataset.tree import KaggleTree, Visit
from spectramind.features.star_rows import star_rows as usable_rows


def open_tree(config: Config) -> KaggleTree:
    """The tree at ``data.raw``, its names and wavelengths checked before any work begins.

    Raises:
        SchemaError: no such tree, another axis, or planets whose names collide or fit no
            submission.
    """
    tree = KaggleTree(config.data.raw)
    check_axes(tree)
    for split in splits_of(config, tree):
        tree.planets(split)
    return tree


def splits_of(config: Config, tree: KaggleTree) -> list[str]:
    """Splits a command works on: the one asked for, or all the tree holds."""
    return tree.splits() if config.data.split == "all" else [config.data.split]


def star_rows(tree: KaggleTree, split: str) -> list[tuple[str, StarRow]]:
    """Every visit of a split with its planet's row of the star table, stand-ins where that fails.

    Raises:
        SchemaError: the table is missing or broken as a whole.
    """
    visits = tree.visits(split)
    rows = usable_rows(read_orbits(tree, split), {visit.planet_id for visit in visits})
    return [(visit.name, rows[visit.planet_id]) for visit in visits]


def visits_by_planet(tree: KaggleTree, split: str) -> dict[str, list[Visit]]:
    """Visits of each planet, first visit first."""
    grouped: dict[str, list[Visit]] = defaultdict(list)
    for visit in tree.visits(split):
        grouped[visit.planet_id].append(visit)
    return dict(grouped)
