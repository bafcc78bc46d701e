"""--version."""

import spectramind
from spectramind.config.root import Config
from spectramind.run.progress import show
from spectramind.run.record import RunRecord


def version(config: Config, record: RunRecord) -> None:
    """Print the version and the hash of the default configuration."""
    show(f"spectramind {spectramind.__version__} (config {config.hash})")
