"""The opacity files below a path: which layout each has, one file a gas."""

from collections.abc import Callable
from pathlib import Path

from spectramind.errors import ConfigError, SchemaError
from spectramind.physics.opacity_files.exo_transmit import read_exo_transmit
from spectramind.physics.opacity_files.gas_table import GasTable, OtherGasError
from spectramind.physics.opacity_files.hdf5_tables import read_hdf5
from spectramind.physics.opacity_files.nemesis_table import read_kta

_READERS: dict[str, Callable[[Path], GasTable]] = {
    ".h5": read_hdf5,
    ".hdf5": read_hdf5,
    ".kta": read_kta,
    ".dat": read_exo_transmit,
}
_LAYOUTS = (
    "k-tables of ExoMolOP or petitRADTRANS (.h5), cross-sections of TauREx (.h5), k-tables of "
    "NEMESIS (.kta), cross-sections of Exo-Transmit (opac*.dat)"
)


def read_gas_table(path: Path) -> GasTable:
    """One file, its layout told by its ending.

    Raises:
        SchemaError: an unknown ending, or a file that does not hold what it should.
        ConfigError: what reads it is not installed.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None or (path.suffix.lower() == ".dat" and not path.name.startswith("opac")):
        raise SchemaError(f"{path}: unknown kind of opacity file; can be read: {_LAYOUTS}")
    return reader(path)


def opacity_paths(path: Path) -> list[Path]:
    """The file itself, or a folder's opacity files in the order of their names.

    Raises:
        ConfigError: nothing there that could be one.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise ConfigError(f"physics.opacity.path {path} does not exist: name a file or a folder")
    found = [p for p in _files_in(path) if p.suffix.lower() in _READERS]
    if not found:
        raise ConfigError(f"physics.opacity.path {path} holds no opacity file; can be: {_LAYOUTS}")
    return found


def _files_in(folder: Path) -> list[Path]:
    """Sorted by name, without hidden ones: systems and archivers leave such."""
    return sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))


def read_gas_tables(path: Path) -> tuple[dict[str, GasTable], list[str]]:
    """A table for each gas by name, and why other files of a folder were passed over: gases that
    the model does not know, endings that no reader has.

    Raises:
        ConfigError: nothing to read.
        SchemaError: a broken file, two of one gas, or no gas that the model knows.
    """
    tables: dict[str, GasTable] = {}
    others: list[str] = []
    files = opacity_paths(path)
    for file in files:
        try:
            table = read_gas_table(file)
        except OtherGasError as error:
            if len(files) == 1:
                raise
            others.append(str(error))
            continue
        if table.gas in tables:
            first = tables[table.gas].path or file
            raise SchemaError(f"{file} and {first.name} both hold {table.gas.upper()}: keep one")
        tables[table.gas] = table
    if not tables:
        raise SchemaError(f"{path} holds no gas that the model knows: {others[0]}")
    if path.is_dir():
        others += [f"{p}: no opacity file's ending" for p in _files_in(path) if p not in files]
    return tables, others
