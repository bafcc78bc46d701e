"""The opacities that the settings name, brought onto the bins once a process."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from spectramind.config.opacities import OpacityConfig
from spectramind.errors import ConfigError
from spectramind.physics.bands import GASES
from spectramind.physics.channels import bin_channels
from spectramind.physics.opacity_files.gas_table import GasTable
from spectramind.physics.opacity_files.open_tables import opacity_paths, read_gas_tables
from spectramind.physics.opacity_files.plausibility import check_plausible
from spectramind.physics.tabulated import TabulatedOpacity, tabulated

log = logging.getLogger("spectramind")


def opacity_of(config: OpacityConfig) -> TabulatedOpacity | None:
    """Files below ``physics.opacity.path`` on the 283 bins' channels; None: the band table.

    What was read for which gas, and what was passed over, is logged when it is read.

    Raises:
        ConfigError: nothing there, a file that does not cover the bins, or one temperature alone.
        SchemaError: a file that does not hold what its layout says, or cannot be in its units.
    """
    if config.path is None:
        return None
    files = tuple((p, p.stat().st_mtime_ns, p.stat().st_size) for p in opacity_paths(config.path))
    return _read(config.path, files)


@lru_cache(maxsize=2)
def _read(path: Path, files: tuple[tuple[Path, int, int], ...]) -> TabulatedOpacity:
    tables, passed_over = read_gas_tables(path)
    for table in tables.values():
        check_plausible(table)
    found = tabulated(tables, bin_channels())
    low, high = found.temperature_K
    if low == high:
        raise ConfigError(
            f"physics.opacity.path {path}: its tables have {low:g} K alone in common: an "
            "atmosphere's temperature cannot be found with them"
        )
    found = replace(found, read=_told(tables), passed_over=tuple(passed_over))
    log.info("opacities: %s", found.read)
    for line in found.passed_over:
        log.warning("opacities: passed over %s", line)
    return found


def _told(tables: Mapping[str, GasTable]) -> str:
    """Which file was read for which gas, over which pressures and temperatures."""
    words = []
    for gas in GASES:
        if gas in tables:
            p, t = tables[gas].pressure_pa, tables[gas].temperature_K
            name = tables[gas].path
            words.append(
                f"{gas.upper()} from {'-' if name is None else name.name} ({p.size} pressures "
                f"{p[0]:.3g}..{p[-1]:.3g} Pa, beyond them the ends; {t.size} temperatures "
                f"{t[0]:g}..{t[-1]:g} K)"
            )
    lacking = [gas.upper() for gas in GASES if gas not in tables]
    return "; ".join(words) + (f"; no file for {', '.join(lacking)}" if lacking else "")
