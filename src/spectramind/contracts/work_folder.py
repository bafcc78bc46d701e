"""Where every file below ``paths.work`` lies: no other module spells such a path.

``WorkFolder.of(config.paths)`` is the whole; its parts go to the rooms that need no more.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from spectramind.config.root import PathsConfig
from spectramind.contracts.plot_files import PlotTables
from spectramind.contracts.predictive import SUBMITTED
from spectramind.contracts.report_files import DiagnosticsFolder
from spectramind.contracts.retrieval_files import RetrievalFolder
from spectramind.instrument.detectors import Detector

_SWEEPS = "multirun"  # as configs/config_v50.yaml has it: FOLDER/multirun/WHEN/JOB


@dataclass(frozen=True)
class CalibratedFolder:
    """What ``calibrate`` leaves, visit by visit."""

    root: Path

    def series(self, detector: Detector, visit: str) -> Path:
        """A detector's light curves, and its cube if that was kept."""
        return self.root / detector.key / f"{detector.key}_{visit}.npz"

    def images(self, visit: str) -> Path:
        """Mean image and mask of both detectors."""
        return self.root / "images" / f"images_{visit}.npz"

    def log(self, visit: str) -> Path:
        """The record of every step; written last, so that its digest says the visit is done."""
        return self.root / "logs" / f"{visit}.json"

    def log_page(self, visit: str) -> Path:
        """The same for people."""
        return self.log(visit).with_suffix(".txt")

    def absolute(self) -> Self:
        """The same for another process, which may run in another folder."""
        return type(self)(self.root.absolute())


@dataclass(frozen=True)
class FeaturesFolder:
    """What ``features`` leaves, visit by visit."""

    root: Path

    def fgs1_white(self, visit: str) -> Path:
        """FGS1's white light on its own clock."""
        return self._of("fgs1_white", visit)

    def airs_bins(self, visit: str) -> Path:
        """The 283 bins on the AIRS clock."""
        return self._of("airs_bins", visit)

    def variance(self, visit: str) -> Path:
        """The variance of both."""
        return self._of("variance", visit)

    def depths(self, visit: str) -> Path:
        """Depths, their covariance and the fit."""
        return self._of("depths", visit)

    def log(self, visit: str) -> Path:
        """What the light curves were made with."""
        return self.root / "logs" / f"{visit}.json"

    @property
    def population(self) -> Path:
        """How orbits and limb darkening stray, learnt from the visits."""
        return self.root / "population.json"

    def _of(self, kind: str, visit: str) -> Path:
        return self.root / kind / f"{kind}_{visit}.npz"

    def absolute(self) -> Self:
        """The same for another process, which may run in another folder."""
        return type(self)(self.root.absolute())


@dataclass(frozen=True)
class RecordFolder:
    """The run record."""

    root: Path

    @property
    def events(self) -> Path:
        """One line a command."""
        return self.root / "events.jsonl"

    @property
    def debug_log(self) -> Path:
        """The same for people."""
        return self.root / "v50_debug_log.md"

    @property
    def manifest(self) -> Path:
        """The last good run of each command."""
        return self.root / "run_hash_summary_v50.json"

    @property
    def timing(self) -> Path:
        """What each stage of each command took, a row each."""
        return self.root / "timing.csv"

    @property
    def running(self) -> Path:
        """Folder of what runs here now."""
        return self.root / "progress"

    def progress(self, run_id: str) -> Path:
        """How far a command is; it is gone when the command is."""
        return self.running / f"{run_id}.json"

    def settings(self, cfg_hash: str) -> Path:
        """The settings, whole, that commands ran with; their events name the hash."""
        return self.root / "settings" / f"{cfg_hash}.json"

    @classmethod
    def of_settings(cls, path: Path) -> Self:
        """The record that kept settings lie in."""
        return cls(path.absolute().parents[1])

    def work_now(self, before: Path) -> Path:
        """Where the work folder is that was ``before`` when the record was made: here, or, of a
        job of a sweep, above.
        """
        job = self.root.parts[-3:]
        is_job = job[:1] == (_SWEEPS,) and before.parts[-3:] != job
        return self.root.parents[2] if is_job else self.root

    @property
    def lock(self) -> Path:
        """Held by the command that works here."""
        return self.root / "logs" / ".lock"

    @property
    def log(self) -> Path:
        """The rotating log."""
        return self.root / "logs" / "spectramind.log"

    @property
    def compiled(self) -> Path:
        """Compiled code, where nothing else of the machine can be written."""
        return self.root / ".numba_cache"


@dataclass(frozen=True)
class CalibratorFolder:
    """What was fitted to make one estimator's sigma honest."""

    temperature: Path
    corel: Path

    @property
    def corel_table(self) -> Path:
        """COREL's factors and quantiles for people, a row a bin."""
        return self.corel.with_name("corel_q_bin.csv")

    @property
    def seen(self) -> Path:
        """Traits of the planets that calibration saw."""
        return self.corel.with_name("seen_planets.json")

    @property
    def corel_quantiles(self) -> Path:
        """Its quantiles at every level and of every group, a row a bin."""
        return self.corel.with_name("q_i.csv")

    @property
    def corel_record(self) -> Path:
        """What COREL was fitted on and what it promises, for people and checks."""
        return self.corel.with_name("calibration.json")


@dataclass(frozen=True)
class AuditFolder:
    """What ``audit`` leaves."""

    root: Path

    @property
    def violations(self) -> Path:
        """What each rule says of each planet."""
        return self.root / "constraint_violation_log.json"

    @property
    def influence(self) -> Path:
        """How hard each rule pushes at each bin."""
        return self.root / "influence_maps.npz"


@dataclass(frozen=True)
class AblationFolder:
    """What ``ablate`` leaves."""

    root: Path

    @property
    def numbers(self) -> Path:
        """Every variant, every planet's score."""
        return self.root / "ablation.json"

    @property
    def markdown(self) -> Path:
        """The table as text."""
        return self.root / "ablation.md"

    @property
    def page(self) -> Path:
        """The table and the figure."""
        return self.root / "ablation.html"

    @property
    def search(self) -> Path:
        """Optuna's journal of what a search tried."""
        return self.root / "search.journal"

    def run(self, variant: str, seed: int) -> Path:
        """Where a variant is trained from a seed."""
        return self.root / "runs" / variant / f"seed_{seed}"


@dataclass(frozen=True)
class WorkFolder:
    """One run's files; every part can be moved by its key of ``paths``."""

    paths: PathsConfig

    @property
    def record(self) -> RecordFolder:
        return RecordFolder(self.paths.work)

    @property
    def calibrated(self) -> CalibratedFolder:
        return CalibratedFolder(self.paths.calibrated)

    @property
    def features(self) -> FeaturesFolder:
        return FeaturesFolder(self.paths.features)

    def unfinished(self, training: str = "") -> Path:
        """The state of a training that goes on; those beside the first have a name."""
        name = f"last_{training}.pt" if training else "last.pt"
        return self.paths.checkpoint.with_name(name)

    def best_epochs(self, training: str) -> Path:
        """The folder of a training's best epochs."""
        return self.paths.checkpoint.parent / "top" / training

    def fold(self, number: int) -> PathsConfig:
        """The paths of the training that predicts one group of planets, below ``folds/``.

        Its checkpoint, its predictions and what it tracks are its own; all else is shared.
        """
        outputs = self.paths.checkpoint.parent / "folds" / str(number)
        own = {"outputs": outputs, "checkpoint": outputs / self.paths.checkpoint.name}
        return self.paths.model_copy(update=own | {"predictions": outputs})

    def fold_done(self, number: int) -> Path:
        """What a fold's training found; written last, so that its digest says it is done."""
        return self.fold(number).outputs / "fold.json"

    def out_of_fold(self, estimator: str) -> Path:
        """An estimator's spectra of labelled planets, each by a training that had not seen it."""
        return self.out_of_fold_record.with_name(f"{estimator}.npz")

    @property
    def out_of_fold_record(self) -> Path:
        """Which training these come from, and which planets were held out together."""
        return self.paths.checkpoint.parent / "out_of_fold" / "out_of_fold.json"

    @property
    def pretrained(self) -> Path:
        """The encoders that pretraining left."""
        return self.paths.checkpoint.with_name("pretrained.pt")

    @property
    def plots(self) -> PlotTables:
        return PlotTables(self.paths.plots)

    @property
    def tracking(self) -> Path:
        """What trackers keep of trainings."""
        return self.paths.outputs / "tracking"

    def profile(self, training: str) -> Path:
        """The folder of what a training's steps spend their time on."""
        return self.paths.outputs / "profile" / training

    def calibrators(self, estimator: str) -> CalibratorFolder:
        """An estimator's calibrators: those of the submitted one where ``paths`` says, those of
        any other in a folder of its own beside them.
        """

        def of(path: Path) -> Path:
            return path if estimator == SUBMITTED else path.parent / estimator / path.name

        return CalibratorFolder(of(self.paths.temperature), of(self.paths.corel))

    def prediction(self, estimator: str) -> Path:
        """An estimator's spectra of the test planets."""
        return self.paths.predictions / f"{estimator}.npz"

    def raw_prediction(self, estimator: str) -> Path:
        """The same before any calibrator."""
        return self.paths.predictions / "raw" / f"{estimator}.npz"

    @property
    def raw_traits(self) -> Path:
        """Traits of the planets predicted."""
        return self.paths.predictions / "raw" / "traits.json"

    @property
    def audit(self) -> AuditFolder:
        return AuditFolder(self.paths.audit)

    @property
    def ablation(self) -> AblationFolder:
        return AblationFolder(self.paths.ablation)

    def trained_in(self, folder: Path) -> "WorkFolder":
        """The same to read from, and all that ``train`` writes in another folder.

        The split is shared: it is read, and written only where there is none.
        """
        moved = {"outputs": folder, "checkpoint": folder / self.paths.checkpoint.name}
        return WorkFolder(self.paths.model_copy(update=moved))

    @property
    def retrieval(self) -> RetrievalFolder:
        return RetrievalFolder(self.paths.retrieval)

    @property
    def diagnostics(self) -> DiagnosticsFolder:
        return DiagnosticsFolder(self.paths.diagnostics)

    @property
    def multirun(self) -> Path:
        """Folders of sweeps, each with one of every job."""
        return self.paths.work / _SWEEPS

    @property
    def sweep_records(self) -> list[RecordFolder]:
        """The record of every job that a sweep ran."""
        return [RecordFolder(job) for job in sorted(self.multirun.glob("*/*")) if job.is_dir()]

    @property
    def exported_program(self) -> Path:
        """The network as torch.export's program."""
        return self.paths.exports / "network.pt2"

    @property
    def exported_trace(self) -> Path:
        """The network as TorchScript."""
        return self.paths.exports / "network.torchscript"

    def exported_spectra(self, ending: str, planet_id: str | None = None) -> Path:
        """Spectra for others: of all planets, or of one in a folder of such files."""
        if planet_id is None:
            return self.paths.exports / f"spectra{ending}"
        return self.paths.exports / "spectra" / f"{planet_id}{ending}"

    def judged_score(self, spectra: Path) -> Path:
        """What ``score`` found of someone's spectra, beside what it found of ours."""
        return self.paths.score.with_name(f"{self.paths.score.stem}_{spectra.name}.json")

    def judged_audit(self, spectra: Path) -> AuditFolder:
        """What ``audit`` left of someone's spectra."""
        return AuditFolder(self.paths.audit / spectra.name)

    @property
    def applied(self) -> Path:
        """What made the submission."""
        return self.paths.submission.with_suffix(".applied.json")
