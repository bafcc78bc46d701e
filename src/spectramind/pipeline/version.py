"""--version."""

from dataclasses import dataclass

import spectramind
from spectramind.config.root import Config
from spectramind.pipeline.result import Result
from spectramind.run.record import RunRecord


@dataclass(frozen=True, eq=False)
class Version(Result):
    """The version, and the hash of the default configuration."""

    version: str
    config_hash: str

    def report(self) -> list[str]:
        return [f"spectramind {self.version} (config {self.config_hash})"]


def version(config: Config, record: RunRecord) -> Version:
    """Say which version this is."""
    return Version(spectramind.__version__, config.hash)
