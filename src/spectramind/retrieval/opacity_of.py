"""The opacities that the settings name, brought onto the bins once a process."""

from functools import lru_cache
from pathlib import Path

from spectramind.config.opacities import OpacityConfig
from spectramind.physics.channels import bin_channels
from spectramind.physics.opacity_files.open_tables import opacity_paths, read_gas_tables
from spectramind.physics.tabulated import TabulatedOpacity, tabulated


def opacity_of(config: OpacityConfig) -> TabulatedOpacity | None:
    """Files below ``physics.opacity.path`` on the 283 bins' channels; None: the band table.

    Raises:
        ConfigError: nothing there, or a file that does not cover the bins.
        SchemaError: a file that does not hold what its layout says.
    """
    if config.path is None:
        return None
    files = tuple((p, p.stat().st_mtime_ns, p.stat().st_size) for p in opacity_paths(config.path))
    return _read(config.path, files)


@lru_cache(maxsize=2)
def _read(path: Path, files: tuple[tuple[Path, int, int], ...]) -> TabulatedOpacity:
    return tabulated(read_gas_tables(path)[0], bin_channels())
