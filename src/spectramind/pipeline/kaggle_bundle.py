"""kaggle-bundle: what a Kaggle notebook without network needs, in one folder or zip to upload."""

import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import spectramind
from spectramind.config.compose import compose
from spectramind.config.root import Config
from spectramind.contracts.work_folder import WorkFolder
from spectramind.errors import ConfigError, SchemaError
from spectramind.pipeline.result import Result
from spectramind.run import environment
from spectramind.run.atomic import atomic_path, unwritable_is_told
from spectramind.run.record import RunRecord, read_manifest
from spectramind.submission.kaggle_manifest import BUNDLE_NAME, RUN_NAME, KaggleManifest
from spectramind.submission.wheelhouse import Image, Wheelhouse, fill

_NOTEBOOKS = ("spectramind.ipynb", "train.ipynb")
_CALIBRATORS = ("*.json", "*.npz", "*.csv")
# What these say holds for this machine, or Kaggle's notebooks say it themselves.
_LOCAL = ("paths.", "data.", "data=", "env.", "env=", "submission.", "logger.", "logger=")


@dataclass(frozen=True, eq=False)
class KaggleBundle(Result):
    """What was packed.

    Attributes:
        out: the folder or zip; bytes: its size.
        wheels: what was put into the wheelhouse, None where there is none.
        run: paths below the run's folder; empty where nothing is trained yet.
        missing: in words, what a whole run has and this one lacks.
    """

    out: Path
    bytes: int
    wheels: Wheelhouse | None
    run: tuple[str, ...]
    missing: tuple[str, ...]

    def report(self) -> list[str]:
        lines = []
        if self.wheels is not None:
            lacking = ", ".join(self.wheels.lacking) or "nothing: the image has all of it"
            lines += [f"wheels: {self.wheels.own.name}; of what the image lacks: {lacking}"]
            lines += [f"newer than the image's: {one}" for one in self.wheels.newer]
        lines += [f"run: {', '.join(self.run)}" if self.run else "run: none, train.ipynb makes one"]
        lines += [f"not there: {one}" for one in self.missing]
        return [*lines, f"to upload as a data set: {self.out} ({self.bytes / 1e6:.1f} MB)"]


def kaggle_bundle(
    config: Config, record: RunRecord, image: Path | None = None, run_only: bool = False
) -> KaggleBundle:
    """Pack the wheelhouse, the boot script, the notebooks and the run of ``paths.work``, if any.

    Args:
        config, record: of the command.
        image: what the notebook's image has; None for the checkout's ``kaggle/image.txt``.
        run_only: the run alone: checkpoint, calibrators, population, split.

    Raises:
        ConfigError: no checkout here, or a folder of something else stands where it goes.
        SchemaError: ``run_only`` and nothing is trained; the image's list cannot be read.
        RuntimeRiskError: a wheel cannot be had; no room.
    """
    out = config.paths.kaggle
    _refuse_others(out)
    with unwritable_is_told(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as scratch:
            made = Path(scratch) / "made"
            made.mkdir()
            run = made if run_only else made / "run"
            kept, missing = _pack_run(config, record, run)
            if run_only and not kept:
                raise SchemaError(
                    f"{config.paths.checkpoint} is missing: run `spectramind train` first"
                )
            wheels = None if run_only else _pack_installation(config, record, made, image)
            size = sum(path.stat().st_size for path in made.rglob("*") if path.is_file())
            _put(made, out)
    record.artifact(out)
    record.metrics["megabytes"] = size / 1e6
    for one in missing if kept else ():
        record.warn(f"not in the run: {one}")
    return KaggleBundle(out, size, wheels, kept, missing if kept else ())


def _pack_installation(
    config: Config, record: RunRecord, folder: Path, image: Path | None
) -> Wheelhouse:
    """Wheels, boot script, notebooks, and last the manifest of all."""
    checkout = _checkout()
    there = Image.read(image or checkout / "kaggle" / "image.txt")
    wheelhouse = folder / "wheelhouse"
    wheelhouse.mkdir()
    wheels = fill(wheelhouse, checkout, there)
    shutil.copyfile(checkout / "bin" / "kaggle-boot.sh", folder / "kaggle-boot.sh")
    shutil.copyfile(there.source, folder / "image.txt")
    for name in _NOTEBOOKS:
        shutil.copyfile(checkout / "kaggle" / name, folder / name)
    more = {"python": there.python, "wheel": wheels.own.name}
    _manifest(config, record).model_copy(update=more).write(folder, BUNDLE_NAME)
    return wheels


def _pack_run(
    config: Config, record: RunRecord, folder: Path
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The run's files, laid as in a work folder, and its manifest; what is there, what is not.

    Nothing is there without a checkpoint.
    """
    source, target = WorkFolder(config.paths), WorkFolder(_laid_out(folder).paths)
    if not source.paths.checkpoint.is_file():
        return (), ()
    wanted = {source.paths.checkpoint: target.paths.checkpoint}
    for at, to in (
        (source.paths.temperature.parent, target.paths.temperature.parent),
        (source.paths.corel.parent, target.paths.corel.parent),
    ):
        found = [path for pattern in _CALIBRATORS for path in at.rglob(pattern)]
        wanted |= {path: to / path.relative_to(at) for path in found}
    beside = {
        source.features.population: (
            target.features.population,
            "population.json of `features`: the test planets will say how orbits stray",
        ),
        source.paths.splits: (target.paths.splits, "the split of `train`"),
    }
    wanted |= {path: to for path, (to, _) in beside.items() if path.is_file()}
    missing = [told for path, (_, told) in beside.items() if not path.is_file()]
    for path, command in (
        (source.paths.temperature, "calibrate-temp"),
        (source.paths.corel, "calibrate-corel"),
    ):
        missing += [] if path.is_file() else [f"{path.name}: `spectramind {command}` has not run"]
    for path, to in wanted.items():
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, to)
    trained = read_manifest(config.paths.work).commands.get("train")
    if trained is not None and trained.science_hash != config.science_hash:
        record.warn(
            f"the run was trained with science hash {trained.science_hash}, these settings give "
            f"{config.science_hash}: give the same overrides, notebooks repeat what is given here"
        )
    written = _manifest(config, record).write(folder, RUN_NAME)
    return tuple(written.files), tuple(missing)


def _laid_out(folder: Path) -> Config:
    """A configuration whose work folder this is, every path where it is by default."""
    return compose([f"paths.work={folder}"])


def _manifest(config: Config, record: RunRecord) -> KaggleManifest:
    typed = record.args.get("overrides", [])
    return KaggleManifest(
        time=record.timestamp,
        git_sha=environment.git_sha() or "not a checkout",
        version=spectramind.__version__,
        config_hash=config.hash,
        science_hash=config.science_hash,
        overrides=tuple(one for one in typed if not one.lstrip("+").startswith(_LOCAL)),
    )


def _checkout() -> Path:
    """The checkout that this package runs from.

    Raises:
        ConfigError: it is installed.
    """
    root = Path(spectramind.__file__).parents[2]
    if not (root / "kaggle" / "image.txt").is_file() or not (root / "pyproject.toml").is_file():
        raise ConfigError(
            "kaggle-bundle builds the project's wheel and needs its checkout: run it there, or "
            "pack the run alone with --run-only"
        )
    return root


def _refuse_others(out: Path) -> None:
    """Refuse to replace what no kaggle-bundle has written.

    Raises:
        ConfigError: such a thing is there.
    """
    ours = any((out / name).is_file() for name in (BUNDLE_NAME, RUN_NAME))
    if out.is_dir() and any(out.iterdir()) and not ours:
        raise ConfigError(
            f"paths.kaggle={out} holds other things: name a new folder, or a file ending in .zip"
        )
    if out.exists() and out.is_dir() == (out.suffix == ".zip"):
        raise ConfigError(f"paths.kaggle={out}: a zip ends in .zip, a folder does not")


def _put(made: Path, out: Path) -> None:
    """Move a folder to where it goes, or zip it there; wheels are compressed already."""
    if out.suffix == ".zip":
        with atomic_path(out) as temporary, zipfile.ZipFile(temporary, "w") as archive:
            for path in sorted(made.rglob("*")):
                if path.is_file():
                    archive.write(path, path.relative_to(made).as_posix())
        return
    if out.is_dir():
        shutil.rmtree(out)
    made.rename(out)
