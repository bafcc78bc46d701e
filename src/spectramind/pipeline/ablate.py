"""ablate: train variants beside a base, judge all on the same held-out planets."""

import webbrowser
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from rich.console import RenderableType

from spectramind.config.root import Config
from spectramind.contracts.planet import LabelledPlanets
from spectramind.contracts.predictive import SUBMITTED
from spectramind.contracts.spectra import SPECTRUM_COLUMNS, truth_for
from spectramind.contracts.work_folder import AblationFolder, WorkFolder
from spectramind.dataset.tables import read_truth
from spectramind.dataset.tree import KaggleTree
from spectramind.diagnostics.ablation_page import build_ablation_page
from spectramind.errors import ConfigError, SchemaError, SpectraMindError
from spectramind.estimators.artifact import Artifact
from spectramind.estimators.protocol import Estimator
from spectramind.evaluation.ablation_rows import AblationRow, AblationTable, ranked
from spectramind.evaluation.ablation_tables import as_markdown, render_ablation
from spectramind.evaluation.official import element_scores, naive_moments, planet_scores
from spectramind.evaluation.paired import mean_score, paired_difference
from spectramind.pipeline.ablation_grid import BASE, Grid, Variant, base_variant, read_grid
from spectramind.pipeline.ablation_search import Search
from spectramind.pipeline.planets import load_planets
from spectramind.pipeline.references import Folds, held_out_calibrators
from spectramind.pipeline.result import Result
from spectramind.pipeline.search_space import read_space
from spectramind.pipeline.train import Training, train
from spectramind.run.atomic import write_json, write_text
from spectramind.run.devices import pick_device, prepare_cpu
from spectramind.run.progress import track
from spectramind.run.record import RunRecord

PHYSICS = "physics alone"
# Networks that are not kept score alike, as physics: between these a search goes by their gain.
_TIE = 1e-6
Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Ablation(Result):
    """What ablate found.

    Attributes:
        table: every row, and what they were judged on.
        folder: its files.
        failed: by name, why a variant could not be trained or judged.
    """

    table: AblationTable
    folder: AblationFolder
    top_n: int
    markdown: bool
    failed: dict[str, SpectraMindError] = field(default_factory=dict)

    def report(self) -> list[RenderableType]:
        files = f"{self.folder.page}, {self.folder.markdown}, {self.folder.numbers}"
        if self.markdown:
            return [as_markdown(self.table, self.top_n), f"details: {files}"]
        return [*render_ablation(self.table, self.top_n), f"details: {files}"]

    @property
    def problem(self) -> SpectraMindError | None:
        if not self.failed:
            return None
        name, error = next(iter(self.failed.items()))
        more = f" (and {len(self.failed) - 1} more)" if len(self.failed) > 1 else ""
        return type(error)(f"variant {name!r} is not in the table: {error}{more}")


@dataclass(eq=False)
class _Outcome:
    """One variant, seed by seed.

    Attributes:
        scores: official scores of each judged planet, (n,) a seed.
        kept: seeds whose network was kept.
        gains: best gain on the early-stop fold over the untrained network.
        physics: the base's estimate without network, judged alike.
    """

    scores: list[Array] = field(default_factory=list)
    kept: int = 0
    gains: list[float] = field(default_factory=list)
    physics: list[Array] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class _Judge:
    """Calibrates by the same rules for all, and scores the same planets."""

    folds: Folds
    planets: LabelledPlanets
    naive: tuple[float, float]
    on: str

    def __call__(self, estimator: Estimator, config: Config) -> Array:
        """Official score of each planet, (n,).

        COREL is fitted on the calibration fold: where that judges, it is left out for all.
        """
        calibrators = held_out_calibrators(estimator, config, self.folds, corel=self.on == "test")
        spectra = calibrators.apply(estimator.predict(self.planets.planets)).spectra
        return planet_scores(
            element_scores(self.planets.truth, spectra.mu, spectra.sigma, *self.naive)
        )


def ablate(config: Config, record: RunRecord) -> Ablation:
    """Train every variant from every seed, judge, write table, page and numbers.

    What is trained already with the same settings and data is not trained again; what was
    interrupted goes on. A variant that fails is named, and the others go on. All are trained with
    ``split.scheme=holdout``.

    Raises:
        ConfigError: a grid that cannot be read, or a variant that cannot be trained.
        SchemaError: no truth of the planets that are to judge, or the base fails.
    """
    config = _holding_out(config)
    outcomes: dict[str, _Outcome] = {}
    failed: dict[str, SpectraMindError] = {}
    judged_truth = _truth(config)
    grid, jobs, count = _jobs(config, record, outcomes)
    judge: _Judge | None = None
    for variant, seed in track(jobs, "ablate", count):
        if variant.name in failed:
            continue
        try:
            artifact = _trained(config, variant, seed, record)
            judge = judge or judged_truth(config)
            _add(outcomes.setdefault(variant.name, _Outcome()), artifact, variant.config, judge)
        except (ConfigError, SchemaError) as error:
            if variant.name == BASE:
                raise
            outcomes.pop(variant.name, None)
            failed[variant.name] = error
            record.warn(f"variant {variant.name!r} is left out: {error}")
    if judge is None:
        raise ConfigError("ablate.seeds names no seed")
    table = _table(config, grid(), outcomes, failed, judge, record)
    return _write(config, record, table, failed)


def _jobs(
    config: Config, record: RunRecord, outcomes: Mapping[str, _Outcome]
) -> tuple[Callable[[], Grid], Iterable[tuple[Variant, int]], int]:
    """What is trained from which seed, and how many; the grid is whole when all are.

    Args:
        outcomes: filled by the caller job by job: a search goes by them.
    """
    seeds = config.ablate.seeds
    if config.ablate.search is None:
        found = read_grid(config)
        jobs = [(variant, seed) for variant in found.variants for seed in seeds]
        return lambda: found, jobs, len(jobs)
    space = read_space(config.ablate.search)
    base = base_variant(config, space.file)
    search = Search(config, space, record)

    def scores() -> Iterator[tuple[Variant, int]]:
        yield from ((base, seed) for seed in seeds)
        known: dict[str, float] = {}
        for variant in search.trials(known):
            yield from ((variant, seed) for seed in seeds)
            if (outcome := outcomes.get(variant.name)) is not None:
                gain = float(np.mean(outcome.gains))
                known[variant.name] = mean_score(np.stack(outcome.scores)) + _TIE * gain

    def searched() -> Grid:
        return Grid(space.file, (base, *search.variants), ())

    return searched, scores(), (1 + config.ablate.trials) * len(seeds)


def _holding_out(config: Config) -> Config:
    """Folds are held out whatever is set: one training a variant, and planets left to judge."""
    split = config.split.model_copy(update={"scheme": "holdout"})
    return config.model_copy(update={"split": split})


def _truth(config: Config) -> Callable[[Config], _Judge]:
    """Who judges; asked for before the training, read after the first, which makes the split.

    Raises:
        SchemaError: the truth of the test planets is not known.
    """
    on, path = config.ablate.judge_on, config.paths.truth
    if on == "test" and not path.is_file():
        raise SchemaError(
            f"{path} is missing: the test planets cannot judge without their true spectra; leave "
            "`--on test` out to judge on the calibration fold, or set paths.truth=FILE"
        )

    def read(config: Config) -> _Judge:
        tree, folds = KaggleTree(config.data.raw), Folds(config)
        labels = read_truth(tree.root / "train.csv")[list(SPECTRUM_COLUMNS)].to_numpy()
        planets = _test_planets(config, tree) if on == "test" else folds.calibration
        return _Judge(folds, planets, naive_moments(labels), on)

    return read


def _test_planets(config: Config, tree: KaggleTree) -> LabelledPlanets:
    ids = tree.planets("test")
    truth = truth_for(read_truth(config.paths.truth), ids)
    return LabelledPlanets(tuple(load_planets(config, tree, "test", ids)), truth)


def _trained(config: Config, variant: Variant, seed: int, record: RunRecord) -> Artifact:
    """A variant's checkpoint in a folder of its own; the planets stay split as they are."""
    work = WorkFolder(config.paths)
    folder = work.trained_in(work.ablation.run(variant.folder, seed))
    own = variant.config.model_copy(update={"seed": seed, "paths": folder.paths})
    apart = replace(record, artifacts=[], metrics={}, warnings=[])  # its own are not the ablation's
    if variant.pretrain is not None:
        train(_phase(own, phase=variant.pretrain), apart)
        own = _phase(own, phase="supervised", start_from=folder.pretrained)
    found = train(own, apart)
    if not isinstance(found, Training):
        raise ConfigError(f"variant {variant.name!r} leaves no checkpoint to judge")
    return found.artifact


def _phase(config: Config, **changes: object) -> Config:
    return config.model_copy(update={"train": config.train.model_copy(update=changes)})


def _add(outcome: _Outcome, artifact: Artifact, config: Config, judge: _Judge) -> None:
    """Judge one more seed of a variant."""
    prepare_cpu(config.env.threads, artifact.network)
    members = artifact.members(pick_device(config.env.device), config.train.batch_size)
    losses = [row["val_loss"] for row in artifact.history]
    outcome.scores.append(judge(members[SUBMITTED], config))
    outcome.kept += not artifact.physics_alone
    outcome.gains.append(losses[0] - min(losses))
    if not outcome.physics:  # the prior knows no seed
        outcome.physics.append(judge(members["physics"], config))


def _table(
    config: Config,
    grid: Grid,
    outcomes: dict[str, _Outcome],
    failed: dict[str, SpectraMindError],
    judge: _Judge,
    record: RunRecord,
) -> AblationTable:
    """Every variant against the base; the base itself and physics are the first two rows."""
    base = outcomes[grid.variants[0].name]
    scores, seeds = np.stack(base.scores), config.ablate.seeds

    def row(name: str, changes: str, found: Array, kept: int | None, gain: float) -> AblationRow:
        same = paired_difference(found, scores, np.random.default_rng(config.seed))
        each = tuple(float(np.clip(one.mean(), 0.0, 1.0)) for one in found)
        by_planet = tuple(map(float, found.mean(axis=0)))
        return AblationRow(name, changes, mean_score(found), each, same, kept, gain, by_planet)

    rows = [row("base", "the settings given", scores, base.kept, float(np.mean(base.gains)))]
    alone = np.repeat(np.stack(base.physics), len(seeds), axis=0)
    rows.append(row(PHYSICS, "the estimate that networks correct", alone, None, 0.0))
    for variant in grid.variants[1:]:
        if variant.name not in failed:
            found = outcomes[variant.name]
            gain = float(np.mean(found.gains))
            stacked = np.stack(found.scores)
            rows.append(row(variant.name, variant.changes, stacked, found.kept, gain))
    return AblationTable(
        rows=tuple(rows),
        seeds=seeds,
        on=judge.on,
        planets=judge.planets.ids,
        unchanged=grid.unchanged,
        failed={name: str(error) for name, error in failed.items()},
        provenance={
            "grid" if config.ablate.search is None else "search": str(grid.file),
            "telemetry": str(config.data.raw),
            "config": config.hash,
            "date": record.timestamp,
        },
    )


def _write(
    config: Config,
    record: RunRecord,
    table: AblationTable,
    failed: dict[str, SpectraMindError],
) -> Ablation:
    folder = WorkFolder(config.paths).ablation
    write_json(folder.numbers, table.to_json())
    write_text(folder.markdown, as_markdown(table) + "\n")
    write_text(folder.page, build_ablation_page(table))
    for path in (folder.numbers, folder.markdown, folder.page):
        record.artifact(path)
    best = ranked(table)
    record.metrics |= {"base_score": table.base.score, "variants": float(len(best))}
    if best:
        record.metrics["best_difference"] = best[0].difference.value
    if config.ablate.open:
        webbrowser.open(folder.page.resolve().as_uri())
    return Ablation(table, folder, config.ablate.top_n, config.ablate.markdown, failed)
