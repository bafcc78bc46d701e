"""What is uploaded to Kaggle says what it holds: a manifest of digests beside the files."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from spectramind.errors import SchemaError, first_fault
from spectramind.run.atomic import write_json
from spectramind.run.environment import file_digest

# Notebooks and the boot script look for these names.
BUNDLE_NAME = "kaggle_bundle.json"
RUN_NAME = "kaggle_run.json"


class KaggleManifest(BaseModel):
    """``kaggle_bundle.json`` of a bundle, ``kaggle_run.json`` of a run.

    Attributes:
        time: when it was made, ISO 8601 UTC.
        git_sha, version: what made it; config_hash, science_hash: with which settings.
        python: that the wheels are for, empty where there are none.
        wheel: the project's own, empty likewise.
        overrides: what the run was made with, apart from paths, data and machine.
        files: SHA-256 by path below the folder.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    time: str
    git_sha: str
    version: str
    config_hash: str
    science_hash: str
    python: str = ""
    wheel: str = ""
    overrides: tuple[str, ...] = ()
    files: dict[str, str] = {}

    @classmethod
    def read(cls, path: Path) -> "KaggleManifest":
        """Read it.

        Raises:
            SchemaError: missing, or not a manifest.
        """
        try:
            return cls.model_validate_json(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise SchemaError(f"{path} cannot be read ({error.strerror})") from error
        except ValidationError as error:
            raise SchemaError(f"{path}: {first_fault(error, 'manifest')}") from error

    def write(self, folder: Path, name: str) -> "KaggleManifest":
        """Write it into the folder with the digests of all files that are in it.

        Returns:
            What was written.
        """
        files = {relative: file_digest(folder / relative) for relative in _files(folder)}
        files.pop(name, None)
        whole = self.model_copy(update={"files": files})
        write_json(folder / name, whole.model_dump(mode="json"))
        return whole

    def verify(self, folder: Path) -> None:
        """Compare a folder with it.

        Raises:
            SchemaError: a file is missing or another one.
        """
        for relative, digest in self.files.items():
            path = folder / relative
            if not path.is_file():
                raise SchemaError(f"{path} is missing: upload the whole folder again")
            if file_digest(path) != digest:
                raise SchemaError(f"{path} is not what its manifest says: upload it again")


def _files(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix()
