"""The whole configuration of a run, typed and frozen."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from spectramind.config.ablation import AblateConfig
from spectramind.config.against import ScoreConfig
from spectramind.config.auditing import AuditConfig
from spectramind.config.base import Section, digest
from spectramind.config.budgeting import BudgetConfig
from spectramind.config.calib import KillChainConfig
from spectramind.config.curves import FeaturesConfig
from spectramind.config.diag import DashboardConfig
from spectramind.config.drifting import DriftAlarmConfig
from spectramind.config.exporting import ExportConfig
from spectramind.config.fit import FitConfig
from spectramind.config.gating import GateConfig
from spectramind.config.local_model import LocalModelConfig
from spectramind.config.loss import LossConfig
from spectramind.config.model import ModelConfig
from spectramind.config.opacities import PhysicsConfig
from spectramind.config.optimisation import SplitConfig, TrainConfig
from spectramind.config.retrieving import RetrievalConfig
from spectramind.config.sim import SimulationConfig
from spectramind.config.uq import CorelConfig, EpistemicConfig, InstanceConfig, TempConfig


class PathsConfig(Section):
    """Where a run reads and writes. Everything hangs below ``work`` unless moved.

    Attributes:
        work: folder of the run.
        calibrated: light curves and the visits' logs. features: what is made of them.
        splits: which planets train, stop and calibrate.
        outputs: everything that is made of spectra.
        checkpoint: the artifact that predicts. exports: its network for others to run.
        temperature, corel: the calibrators of sigma.
        predictions: by estimator. submission: the table. bundle: the zip that is handed in.
        score, audit, gate, ablation: what these commands found.
        diagnostics: the report. plots: what DVC draws and compares.
        log_report, log_table: what analyze-log says of all runs.
        kaggle: the folder, or the file ending in ``.zip``, that kaggle-bundle packs.
        truth: CSV with the true spectra of the test planets, where they are known.
        real: a tree of real data that simulate-report compares with, null for none.
        simulation_report: its page.
        retrieval: posteriors of atmospheres, by planet, and the network that proposes them.
        spectra: a file of anyone's spectra that score and audit judge, null for what predict found.
    """

    work: Path
    calibrated: Path
    features: Path
    splits: Path
    outputs: Path
    checkpoint: Path
    exports: Path
    temperature: Path
    corel: Path
    predictions: Path
    submission: Path
    score: Path
    audit: Path
    gate: Path
    ablation: Path
    diagnostics: Path
    truth: Path
    bundle: Path
    plots: Path
    log_report: Path
    log_table: Path
    kaggle: Path
    spectra: Path | None
    real: Path | None
    simulation_report: Path
    retrieval: Path


class DataConfig(Section):
    """The competition tree.

    Attributes:
        raw: its folder, read in place. split: which of its folders calibrate and features work on.
        link: a tree elsewhere: ``obtain`` makes ``raw`` a link to it and simulates nothing.
    """

    raw: Path
    link: Path | None
    split: Literal["train", "test", "all"]


class CalibConfig(KillChainConfig):
    """The detector's kill chain, and the calibration of sigma.

    ``cache``: calibrate leaves visits as they are that were calibrated with the same settings, code
    and files; off, it does all of them anew.
    """

    cache: bool
    temp: TempConfig
    corel: CorelConfig
    instance: InstanceConfig


class SubmissionConfig(Section):
    """How a submission table is written.

    Attributes:
        dialect: whose columns, the doctrine's or Kaggle's.
    """

    dialect: Literal["spectramind", "kaggle"]


class EnvConfig(Section):
    """The machine.

    Attributes:
        workers: processes; 0 is one a core.
        executor: who works on visits: processes here, or an existing Dask cluster.
        scheduler: that cluster's address or scheduler file.
        device: torch's; ``auto`` takes a GPU where there is one.
        threads: torch's on the CPU: 0 is one for a small network and every core for a large one;
            the rest of the chain spreads its work over processes.
        launcher: of the jobs of a sweep (``-m``): ``basic`` one after the other here, ``joblib``
            several at once here, ``submitit_slurm`` as jobs of a Slurm cluster, ``submitit_local``
            the same on this machine (joblib: extra ``sweep``, submitit: extra ``slurm``;
            ``hydra.launcher.*`` sets them up).
        budget: what a run may take.
    """

    workers: int = Field(ge=0)
    executor: Literal["local", "dask"]
    scheduler: str | None = Field(min_length=1)
    device: Literal["auto", "cpu", "cuda"]
    threads: int = Field(ge=0)
    launcher: Literal["basic", "joblib", "submitit_slurm", "submitit_local"]
    budget: BudgetConfig

    @field_validator("scheduler")
    @classmethod
    def _a_cluster_has_one(cls, scheduler: str | None, info: ValidationInfo) -> str | None:
        if scheduler is None and info.data.get("executor") == "dask":
            raise ValueError(
                "executor=dask needs a running cluster's address (tcp://HOST:8786) or scheduler "
                "file here"
            )
        return scheduler


class LoggerConfig(Section):
    """The course of trainings, and the rotating log file.

    Attributes:
        tracker: what keeps the course beside the lines of JSON that are always written.
        level: lowest level kept in the log. rotate_bytes: size of a file. backups: older files.
    """

    tracker: Literal["jsonl", "tensorboard", "wandb", "mlflow"]
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"]
    rotate_bytes: int = Field(ge=10_000)
    backups: int = Field(ge=0)


# Settings that no number depends on: where files lie, how many processes and threads share the work
# (a visit's sums have one order wherever it is computed), what is logged, how the page and the
# table of the same numbers look. Everything else counts: `data.split` says whose numbers they are;
# `env.device`, because a GPU rounds otherwise than a CPU and training carries that on.
_NOT_SCIENCE: dict[str, Any] = {
    "paths": True,
    "data": {"raw", "link"},
    "calib": {"cache"},
    "env": {"workers", "executor", "scheduler", "threads", "launcher", "budget"},
    "logger": True,
    "diag": True,
    "audit": True,
    "drift": True,
    "gate": True,
    "ablate": True,
    "train": {"top_k", "detect_anomaly"},
    "submission": True,
    "export": True,
    "explain": True,
    "physics": True,
    "retrieval": True,
}


class Config(Section):
    """One run.

    Attributes:
        seed: of everything that is drawn.
        level: what ``simulate`` writes, raw frames or light curves.
    """

    seed: int = Field(ge=0)
    level: Literal["telemetry", "lightcurves"]
    paths: PathsConfig
    data: DataConfig
    sim: SimulationConfig
    calib: CalibConfig
    features: FeaturesConfig
    fit: FitConfig
    split: SplitConfig
    model: ModelConfig
    train: TrainConfig
    loss: LossConfig
    uq: EpistemicConfig
    drift: DriftAlarmConfig
    diag: DashboardConfig
    score: ScoreConfig
    audit: AuditConfig
    gate: GateConfig
    ablate: AblateConfig
    submission: SubmissionConfig
    export: ExportConfig
    explain: LocalModelConfig
    physics: PhysicsConfig
    retrieval: RetrievalConfig
    env: EnvConfig
    logger: LoggerConfig

    @property
    def hash(self) -> str:
        """First 8 hex digits of the SHA-256 of the resolved configuration."""
        return digest(self)[:8]

    @property
    def science_hash(self) -> str:
        """The same over the settings that can change a number: equal on any machine and folder."""
        return digest(self.model_dump(mode="json", exclude=_NOT_SCIENCE))[:8]
