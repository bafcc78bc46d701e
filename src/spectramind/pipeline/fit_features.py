"""features: light curves of every visit, and the depths of all bins with their covariance."""

from dataclasses import dataclass
from pathlib import Path

from spectramind.config.root import Config
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.tree import KaggleTree, Visit
from spectramind.errors import SchemaError
from spectramind.features.extract import Extraction, extract
from spectramind.features.fits import (
    TEACHER,
    Job,
    fit_visits,
    learn_population,
    save_unmeasured,
)
from spectramind.features.population import Population
from spectramind.pipeline.prepare import anywhere, told_together, workers_of
from spectramind.pipeline.result import Result
from spectramind.pipeline.visits import open_tree, splits_of, star_rows
from spectramind.run.atomic import remove_strays
from spectramind.run.failures import failure_of
from spectramind.run.record import RunRecord

_MEANWHILE = "their planets get a wide sigma"


@dataclass(frozen=True, eq=False)
class SplitFeatures:
    """A split's visits.

    Attributes:
        visits: how many.
        doubtful: why the fit of some is doubted, by name.
        without_curves: why others have no light curves.
        notes: what was mended or read otherwise in a star row.
        faults: what no later command mends.
    """

    visits: int
    doubtful: dict[str, str]
    without_curves: dict[str, str]
    notes: dict[str, str]
    faults: dict[str, str]


@dataclass(frozen=True, eq=False)
class FittedVisits(Result):
    """What features found: what visits have in common, and each split's visits."""

    population: Population
    splits: dict[str, SplitFeatures]
    folder: Path

    def report(self) -> list[str]:
        lines = [self.population.describe()]
        for name, split in self.splits.items():
            lines.append(
                f"{name}: {split.visits} visits in {self.folder}, {len(split.doubtful)} doubtful "
                f"fits, {len(split.without_curves)} without light curves"
            )
            told = {
                "without light curves": split.without_curves,
                "doubtful": split.doubtful,
                "note": split.notes,
            }
            lines += [f"{what}: {v}: {why}" for what, by in told.items() for v, why in by.items()]
        return lines

    @property
    def problem(self) -> SchemaError | None:
        faults = {name: why for one in self.splits.values() for name, why in one.faults.items()}
        return SchemaError(told_together(faults, _MEANWHILE)) if faults else None


@dataclass
class _Split:
    """What ``features`` has of a split.

    Attributes:
        jobs: visits that have light curves, with their rows of the star table.
        lost: why calibration left nothing of a visit, said there already.
        broken: why a visit has no light curves though it should.
    """

    jobs: list[Job]
    lost: dict[str, str]
    broken: dict[str, str]

    @property
    def unmeasured(self) -> dict[str, str]:
        """Why visits have no light curves."""
        return self.lost | self.broken

    @property
    def faults(self) -> dict[str, str]:
        """What no later command would mend: visits without light curves, impossible star rows."""
        return self.broken | {name: star.fault for name, star in self.jobs if star.fault}

    @property
    def teachers(self) -> list[Job]:
        """Visits that may say how orbits and limb darkening stray from what is expected."""
        return [job for job in self.jobs if not job[1].fault]


def features(config: Config, record: RunRecord) -> FittedVisits:
    """Extract light curves and fit the transits; visits without light curves and impossible star
    rows are named, the others are done.
    """
    there = anywhere(config)
    tree = open_tree(there)
    made = WorkFolder(there.paths).features
    remove_strays(made.root)
    asked = {split: _extracted(there, tree, split) for split in splits_of(config, tree)}
    taught = _learn(there, tree, {split: work.teachers for split, work in asked.items()})
    if taught.taught_by != TEACHER:
        record.warn(
            f"no training visit has light curves: {taught.visits} of the visits asked for say how "
            "orbits and limb darkening stray; calibrate the training split and repeat the command"
        )
    found = {}
    for split, work in asked.items():
        save_unmeasured(made, work.unmeasured)
        fits = fit_visits(work.jobs, made, config.fit, taught, workers_of(config))
        doubtful = {name: info["reason"] for name, info in fits.items() if info["reason"]}
        noted = {name: star.note for name, star in work.jobs if star.note}
        for visit, reason in [*(work.unmeasured | doubtful).items(), *noted.items()]:
            record.warn(f"{visit}: {reason}")
        found[split] = SplitFeatures(
            len(fits) + len(work.unmeasured), doubtful, work.unmeasured, noted, work.faults
        )
    return FittedVisits(taught, found, config.paths.features)


def _extracted(config: Config, tree: KaggleTree, split: str) -> _Split:
    """Light curves of a split, written where they are not there yet.

    Raises:
        SchemaError: no visit of the split is calibrated.
    """
    rows = star_rows(tree, split)
    lost = _not_calibrated(config, tree, split)
    visits = [visit for visit in tree.visits(split) if visit.name not in lost]
    made = _light_curves(config, visits, split)
    if visits and len(made.failed) == len(visits):
        raise SchemaError(next(iter(made.failed.values())))
    without = lost.keys() | made.failed.keys()
    return _Split([job for job in rows if job[0] not in without], lost, made.failed)


def _light_curves(config: Config, visits: list[Visit], split: str) -> Extraction:
    """Light curves of visits of a split, written where they are not there yet."""
    folder = WorkFolder(config.paths)
    workers, label = workers_of(config), f"light curves {split}"
    return extract(config.features, visits, folder.calibrated, folder.features, workers, label)


def _learn(config: Config, tree: KaggleTree, teachers: dict[str, list[Job]]) -> Population:
    """The population as the training split has it, whatever was asked for.

    Training visits that are calibrated get their light curves for it.
    """
    folder = WorkFolder(config.paths)
    if TEACHER not in teachers and TEACHER in tree.splits():
        calibrated = {
            visit.name: visit
            for visit in tree.visits(TEACHER)
            if folder.calibrated.log(visit.name).is_file()
            and failure_of(folder.calibrated.log(visit.name)) is None
        }
        made = _light_curves(config, list(calibrated.values()), TEACHER)
        usable = calibrated.keys() - made.failed.keys()
        rows = [job for job in star_rows(tree, TEACHER) if job[0] in usable] if usable else []
        teachers = {TEACHER: [job for job in rows if not job[1].fault], **teachers}
    return learn_population(teachers, folder.features, config.fit, workers_of(config))


def _not_calibrated(config: Config, tree: KaggleTree, split: str) -> dict[str, str]:
    """Reason by name of the visits whose calibration failed."""
    calibrated = WorkFolder(config.paths).calibrated
    logs = {
        visit.name: calibrated.log(visit.name)
        for visit in tree.visits(split)
        if not visit.light_curves_path.is_file()
    }
    return {name: reason for name, log in logs.items() if (reason := failure_of(log)) is not None}
