"""Planets in the spaces that maps are drawn of: physics features, traits, the network's latents.

What training saw is shown beside the planets predicted. Whose files are at hand is told by the
features themselves: a checkpoint may be used on another tree whose planets have the same names.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from spectramind.config.root import Config
from spectramind.contracts.planet import Planet
from spectramind.contracts.predictive import SUBMITTED, Predictive
from spectramind.contracts.traits import TRAITS, Traits
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.tree import KaggleTree
from spectramind.diagnostics.planet_space import LEAST, PlanetSpace
from spectramind.errors import SchemaError, SpectraMindError
from spectramind.estimators.artifact import Artifact
from spectramind.estimators.network_estimate import NetworkEstimate
from spectramind.pipeline.fit_calibrators import members
from spectramind.pipeline.physics_features import COLUMNS, physics_features
from spectramind.pipeline.planets import load_planets
from spectramind.pipeline.watch_drift import seen_by_calibration
from spectramind.run.environment import file_digest
from spectramind.uncertainty.seen_planets import load_traits

Array = NDArray[np.float64]
_NOISE = ("noise_fgs1", "noise_airs")
_ALIKE = 1e-6  # of the logarithm of a noise: files keep nine decimals
_KNOWN = 0.5  # share of either set that must tell a trait
NO_NETWORK = "the checkpoint holds no network that was kept: its answer is the physics estimate"


@dataclass(frozen=True, eq=False)
class LatentSpaces:
    """All that maps are drawn of.

    Attributes:
        spaces: the physics features (or traits) first, then the network's latents.
        network: why there are no latents of a network, empty where there are.
        reference: which labelled planets are beside the new ones, in words.
        unmeasured: planets predicted of which nothing was measured.
        labelled_here: the labelled planets are those of this tree.
    """

    spaces: tuple[PlanetSpace, ...]
    network: str
    reference: str
    unmeasured: tuple[str, ...]
    labelled_here: bool


@dataclass(frozen=True, eq=False)
class _Labelled:
    """Labelled planets that training saw, and in words which; none: why not."""

    planets: tuple[Planet, ...]
    features: Array
    said: str


def latent_spaces(config: Config) -> LatentSpaces:
    """Gather the planets predicted and those that training saw.

    Raises:
        SchemaError: nothing was trained or predicted, or the features of the planets predicted
            are missing or broken.
    """
    folder, tree = WorkFolder(config.paths), KaggleTree(config.data.raw)
    if not folder.prediction(SUBMITTED).is_file():
        raise SchemaError("no planet is predicted: run `spectramind predict`")
    artifact = Artifact.load(config.paths.checkpoint)
    ids = Predictive.load(folder.prediction(SUBMITTED)).planet_ids
    everyone = load_planets(config, tree, "test", ids)
    new = [planet for planet in everyone if len(planet.white)]
    labelled = _labelled(config, tree, artifact)
    spaces = [_physics_space(config, artifact, labelled, new)]
    network = NO_NETWORK
    if not artifact.physics_alone:
        network = ""
        spaces.append(_network_space(config, artifact, labelled.planets, new))
    return LatentSpaces(
        tuple(spaces),
        network,
        labelled.said,
        tuple(planet.planet_id for planet in everyone if not len(planet.white)),
        bool(labelled.planets),
    )


def _labelled(config: Config, tree: KaggleTree, artifact: Artifact) -> _Labelled:
    """The labelled planets that the checkpoint saw, where their features are these."""
    named = {*artifact.train_ids, *artifact.stop_ids}
    if not named:
        return _none("the checkpoint was made without labels")
    there = [p for p in tree.planets("train") if p in named] if "train" in tree.splits() else []
    if len(there) < LEAST:
        return _none(f"of the {len(named)} planets that training saw {len(there)} are in this tree")
    try:
        planets = [p for p in load_planets(config, tree, "train", there) if len(p.white)]
        values = physics_features(config, planets, artifact.prior.errors)
    except SpectraMindError as error:
        return _none(f"features of the labelled planets cannot be read: {error}")
    ids = [planet.planet_id for planet in planets]
    if not _are_the_same(ids, values, seen_by_calibration(config)):
        return _none(
            "planets of this tree have the names of those that training saw and are others"
        )
    return _Labelled(
        tuple(planets), values, f"{len(planets)} labelled planets that training saw (pale)"
    )


def _none(why: str) -> _Labelled:
    return _Labelled((), np.empty((0, len(COLUMNS))), why)


def _are_the_same(ids: Sequence[str], values: Array, seen: Traits | None) -> bool:
    """Whether features are of the planets that calibration saw: names may be those of others.

    True where calibration left nothing to compare with.
    """
    if seen is None:
        return True
    rows = {planet: i for i, planet in enumerate(seen.planet_ids)}
    shared = [(i, rows[planet]) for i, planet in enumerate(ids) if planet in rows]
    if not shared:
        return True
    here, kept = (np.array(part) for part in zip(*shared, strict=True))
    apart = np.zeros(len(shared))
    for name in _NOISE:
        ours, theirs = COLUMNS.index(TRAITS[name].said), list(TRAITS).index(name)
        apart = np.fmax(apart, np.abs(values[here, ours] - seen.values[kept, theirs]))
    return float((apart < _ALIKE).mean()) > _KNOWN


def _physics_space(
    config: Config, artifact: Artifact, labelled: _Labelled, new: Sequence[Planet]
) -> PlanetSpace:
    """Physics features; the traits that calibration kept where the labelled planets' files are not
    at hand.
    """
    seen = seen_by_calibration(config)
    path = WorkFolder(config.paths).raw_traits
    kept = load_traits(path, file_digest(config.paths.checkpoint), "predict")
    ids = tuple(planet.planet_id for planet in new)
    if not labelled.planets and seen is not None and kept is not None:
        return _trait_space(seen, kept, ids)
    return PlanetSpace(
        name="features",
        title="Physics features",
        said="noise and residuals, the fit's offsets and geometry, depth and its errors, and the "
        "spectrum's shape in its own sigmas",
        columns=COLUMNS,
        seen_ids=tuple(planet.planet_id for planet in labelled.planets),
        seen=labelled.features,
        new_ids=ids,
        new=physics_features(config, new, artifact.prior.errors),
    )


def _trait_space(seen: Traits, kept: Traits, ids: Sequence[str]) -> PlanetSpace:
    """What the drift alarm compares, of the planets that calibration saw and of those predicted."""
    rows = [kept.planet_ids.index(planet) for planet in ids if planet in kept.planet_ids]
    new = kept.values[rows]
    known = [
        i
        for i in range(len(TRAITS))
        if all(np.isfinite(part[:, i]).mean() > _KNOWN for part in (seen.values, new))
    ]
    return PlanetSpace(
        name="traits",
        title="Traits",
        said="what the drift alarm compares: noise and residuals, the fit's offsets, depth and "
        "how the spectrum stands to it",
        columns=tuple(trait.said for i, trait in enumerate(TRAITS.values()) if i in known),
        seen_ids=seen.planet_ids,
        seen=seen.values[:, known],
        new_ids=tuple(kept.planet_ids[row] for row in rows),
        new=new[:, known],
    )


def _network_space(
    config: Config, artifact: Artifact, labelled: Sequence[Planet], new: Sequence[Planet]
) -> PlanetSpace:
    """Fused latents of the network; of an ensemble, of the first member that was trained."""
    estimator = members(config, artifact)[SUBMITTED]
    if not isinstance(estimator, NetworkEstimate):
        raise TypeError(f"{SUBMITTED} is no network")
    if artifact.epoch == 0:
        trained = next(member.network for member in artifact.others if member.epoch)
        estimator = replace(estimator, network=trained)
    found = estimator.latents([*labelled, *new])
    return PlanetSpace(
        name="network",
        title="Network's latents",
        said="what the network's two encoders hand to its decoders, fused",
        columns=tuple(f"latent {i + 1}" for i in range(found.shape[1])),
        seen_ids=tuple(planet.planet_id for planet in labelled),
        seen=found[: len(labelled)],
        new_ids=tuple(planet.planet_id for planet in new),
        new=found[len(labelled) :],
    )
