"""Which splits, visits and star rows a command works on."""

from collections import defaultdict

from spectramind.config.root import Config
from spectramind.contracts.star import StarRow
from spectramind.dataset.tables import read_star_info
from spectramind.dataset.tree import KaggleTree, Visit
from spectramind.errors import SchemaError


def splits_of(config: Config, tree: KaggleTree) -> list[str]:
    """Splits a command works on: the one asked for, or all the tree holds."""
    return splits_in(tree) if config.data.split == "all" else [config.data.split]


def splits_in(tree: KaggleTree) -> list[str]:
    """Splits that the tree holds."""
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
        row = table.loc[[visit.planet_id], ["P", "sma", "i", "Ts"]].to_numpy(dtype=float)
        rows.append((visit.name, StarRow(*row[0].tolist())))
    return rows


def visits_by_planet(tree: KaggleTree, split: str) -> dict[str, list[Visit]]:
    """Visits of each planet, first visit first."""
    grouped: dict[str, list[Visit]] = defaultdict(list)
    for visit in tree.visits(split):
        grouped[visit.planet_id].append(visit)
    return dict(grouped)
