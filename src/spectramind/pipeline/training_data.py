"""What a training reads: which planets, in which folds, and a digest of what it learns from."""

import hashlib
from collections.abc import Iterable

import numpy as np

from spectramind.config.root import Config
from spectramind.contracts.planet import LabelledPlanets, Planet
from spectramind.dataset.splits import Splits, load_splits, make_splits, save_splits
from spectramind.dataset.tables import read_truth
from spectramind.dataset.tree import KaggleTree
from spectramind.errors import ConfigError, SchemaError


def labelled_ids(tree: KaggleTree) -> list[str]:
    """Training planets whose spectra are known.

    Raises:
        SchemaError: there are no labels.
    """
    path = tree.root / "train.csv"
    known = set(read_truth(path).index) if path.is_file() else set()
    planets = sorted(set(tree.planets("train")) & known) if known else []
    if not planets:
        raise SchemaError(
            f"{path} is missing or names no planet of {tree.root / 'train'}: without labels only "
            "model.prior.source=atmosphere can be trained"
        )
    return planets


def splits_for(config: Config, planets: list[str]) -> Splits:
    """The split file's folds, or new ones when there is no file.

    Raises:
        SchemaError: the file belongs to other planets.
        ConfigError: it was made with other settings than are asked for.
    """
    path, asked = config.paths.splits, config.split
    if path.is_file():
        splits = load_splits(path)
    else:  # not read back: another process of torchrun may be the one that writes
        splits = make_splits(planets, asked.folds, asked.seed)
        save_splits(path, splits)
    if splits.folds is not None and (splits.folds, splits.seed) != (asked.folds, asked.seed):
        raise ConfigError(
            f"{path} was made with split.folds={splits.folds} split.seed={splits.seed}, not with "
            f"{asked.folds} and {asked.seed}: set them back, or delete the file to split anew"
        )
    if splits.planets != frozenset(planets):
        raise SchemaError(
            f"{path} splits {len(splits.planets)} planets, the tree has {len(planets)} labelled "
            "ones and not the same: delete the file to split anew"
        )
    return splits


def digest_of_folds(*folds: LabelledPlanets) -> str:
    """Digest of planets, depths and spectra."""
    data = hashlib.sha256()
    for fold in folds:
        data.update(_digest_of_labels(fold).encode())
        for planet in fold.planets:
            data.update(_bytes_of_depths(planet))
    return data.hexdigest()


def digest_of_visits(visits: Iterable[Planet]) -> str:
    """Digest of visits, their depths and light curves."""
    data = hashlib.sha256()
    for visit in visits:
        data.update(f"{visit.visits}\n".encode())
        data.update(_bytes_of_depths(visit))
        for series in (visit.white, visit.model, visit.jitter):
            data.update(np.ascontiguousarray(series).tobytes())
    return data.hexdigest()


def _bytes_of_depths(planet: Planet) -> bytes:
    each = ([m.depth, m.variance, m.modes.ravel()] for m in planet.measurements)
    return b"".join(np.concatenate(parts).tobytes() for parts in each)


def _digest_of_labels(fold: LabelledPlanets) -> str:
    """Digest of a fold's planets and spectra."""
    ids = "\n".join(planet.planet_id for planet in fold.planets)
    return hashlib.sha256(ids.encode() + np.ascontiguousarray(fold.truth).tobytes()).hexdigest()
