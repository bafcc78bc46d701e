"""The network's marks: what it adds to physics, beside what it must beat (part of marks).

On each tree the same features serve all: networks are trained from ``SEEDS``, one by one, and set
beside the oracle, physics and the linear corrector. All are taught, stopped and calibrated on the
same folds by the same rules and judged on the test planets, planet by planet against physics. A
network stands twice: as kept, which is what would be submitted (physics, where no epoch beat it by
a standard error on the early-stop fold), and with its best epoch whether kept or not. The ensemble
as kept has every member that is better than physics, and physics in place of the others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from chain import Run, tree
from numpy.typing import NDArray

from spectramind.config.overrides import quoted
from spectramind.config.root import Config
from spectramind.contracts.predictive import SUBMITTED, Predictive
from spectramind.contracts.spectra import SPECTRUM_COLUMNS, truth_for
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.tables import read_truth
from spectramind.dataset.tree import KaggleTree
from spectramind.estimators.artifact import Artifact, Member
from spectramind.estimators.epistemic import Epistemic
from spectramind.estimators.protocol import Estimator
from spectramind.evaluation.official import element_scores, naive_moments, planet_scores
from spectramind.evaluation.paired import Difference, mean_score, paired_difference
from spectramind.evaluation.score_tables import ORACLE
from spectramind.models.assembly import build_network
from spectramind.models.state_file import load_state
from spectramind.pipeline.planets import load_planets
from spectramind.pipeline.references import REFERENCES, Folds, Reference, held_out_calibrators
from spectramind.run.devices import pick_device, prepare_cpu
from spectramind.run.progress import say

TREES = ("nominal", "shifted", "foreign")
SEEDS = (1337, 1338, 1339)  # of an ensemble's members; the first is the network alone
# One training an estimate, whose best epoch stays to be looked at.
_ALWAYS = ("split.scheme=holdout", "train.top_k=1")
PHYSICS, LINEAR, NETWORK = "physics", "linear corrector", "network"
ENSEMBLE, BEST = f"ensemble of {len(SEEDS)}", "best epoch"


@dataclass(frozen=True)
class NetworkRow:
    """One estimate on one tree: score, and what it is above physics with a 95 % interval.

    ``kept``: networks that were better than physics on the early-stop fold, None where there is
    none.
    """

    tree: str
    estimate: str
    score: float
    less_physics: Difference
    planets: int
    kept: int | None = None


def judge_networks(
    work: Path,
    given: Mapping[str, Path | None],
    overrides: Sequence[str],
    features: Path | None = None,
) -> list[NetworkRow]:
    """All rows, tree by tree.

    Args:
        work: where networks are trained, in ``marks/TREE-network``.
        given: calibrated trees by name; one that is None is simulated.
        overrides: of every training.
        features: a folder that holds ``TREE/data/features``, read as they are; None fits them.
    """
    rows = []
    for name in TREES:
        where = tree(name, given[name], work, overrides)
        fitted = (work / "marks" if features is None else features) / name
        if features is None:
            Run(fitted, (*where, *overrides)).stages("features")
        own = (*where, quoted("paths.features", (fitted / "data" / "features").absolute()))
        rows += _on(name, work / "marks" / f"{name}-network", (*own, *overrides))
    return rows


def _on(name: str, folder: Path, overrides: Sequence[str]) -> list[NetworkRow]:
    """One tree."""
    runs = [
        Run(
            folder / f"seed-{seed}",
            (f"seed={seed}", f"split.seed={SEEDS[0]}", *_ALWAYS, *overrides),
        )
        for seed in SEEDS
    ]
    for run in runs:
        say(f"{run.folder}: trained in {run.stages('train'):.0f} s")
    config = runs[0].config
    kept = [Artifact.load(run.config.paths.checkpoint) for run in runs]
    best = [_best_epoch(artifact, run.config) for artifact, run in zip(kept, runs, strict=True)]
    prepare_cpu(config.env.threads, kept[0].network)
    folds, counts = Folds(config), [not artifact.physics_alone for artifact in kept]
    found = {
        ORACLE: REFERENCES["oracle"](config, folds),
        PHYSICS: calibrated(_member(kept[:1], config, PHYSICS), folds, config),
        LINEAR: REFERENCES["linear"](config, folds),
        NETWORK: calibrated(_member(kept[:1], config), folds, config),
        f"{NETWORK}, {BEST}": calibrated(_member(best[:1], config), folds, config),
        ENSEMBLE: calibrated(_member(kept, config), folds, config),
        f"{ENSEMBLE}, {BEST}": calibrated(_member(best, config), folds, config),
    }
    scored = _scored(config, found)
    networks = {NETWORK: sum(counts[:1]), ENSEMBLE: sum(counts)}
    return [
        NetworkRow(
            tree=name,
            estimate=estimate,
            score=mean_score(scores[None]),
            less_physics=paired_difference(
                scores[None], scored[PHYSICS][None], np.random.default_rng(config.seed)
            ),
            planets=len(scores),
            kept=networks.get(estimate),
        )
        for estimate, scores in scored.items()
    ]


def calibrated(estimator: Estimator, folds: Folds, config: Config) -> Reference:
    """Its sigma through the calibrators that references have, by the same rules."""
    return Reference(estimator, held_out_calibrators(estimator, config, folds))


def _member(artifacts: Sequence[Artifact], config: Config, name: str = SUBMITTED) -> Estimator:
    """An estimator of a checkpoint; of several, the ensemble of their networks."""
    first = artifacts[0]
    if len(artifacts) > 1:
        others = tuple(Member(one.network, one.epoch, one.history) for one in artifacts[1:])
        first = replace(first, others=others, epistemic=Epistemic("ensemble"))
    return first.members(pick_device(config.env.device), config.train.batch_size)[name]


def _best_epoch(artifact: Artifact, config: Config) -> Artifact:
    """The same with the weights of the best trained epoch, whether that was kept or not.

    Its prior is unchanged: ``epoch`` only tells members apart from physics.
    """
    (path,) = WorkFolder(config.paths).best_epochs("supervised").glob("*.pt")
    state = load_state(path)
    network = build_network(artifact.model, artifact.seam)
    network.load_state_dict(state["weights"])
    return replace(artifact, network=network.eval(), epoch=int(state["epoch"]))


def _scored(config: Config, found: Mapping[str, Reference]) -> dict[str, NDArray[np.float64]]:
    """Official score of each test planet by itself, (n,)."""
    root = KaggleTree(config.data.raw)
    labels = read_truth(root.root / "train.csv")[list(SPECTRUM_COLUMNS)].to_numpy()
    planets = load_planets(config, root, "test", root.planets("test"))
    truth, naive = read_truth(config.paths.truth), naive_moments(labels)

    def of(answer: Predictive) -> NDArray[np.float64]:
        spectra = answer.spectra
        y = truth_for(truth, spectra.planet_ids)
        return planet_scores(element_scores(y, spectra.mu, spectra.sigma, *naive))

    return {name: of(reference.predict(planets)) for name, reference in found.items()}


def network_lines(rows: Sequence[NetworkRow]) -> list[str]:
    """For people, in Markdown."""
    found = ["| tree | estimate | score | less physics | 95 % interval | networks kept |"]
    found += ["|---|---|--:|--:|:-:|--:|"]
    for row in rows:
        against = " | " if row.estimate == PHYSICS else " | ".join(row.less_physics.texts())
        kept = "" if row.kept is None else str(row.kept)
        where = f"{row.tree}, {row.planets}"
        found.append(f"| {where} | {row.estimate} | {row.score:.4f} | {against} | {kept} |")
    return found
