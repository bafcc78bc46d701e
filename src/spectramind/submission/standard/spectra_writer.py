"""Published spectra to a file of any format."""

from collections.abc import Callable
from pathlib import Path

from spectramind.submission.standard.astropy_files import require_astropy, write_ecsv, write_fits
from spectramind.submission.standard.csv_file import write_csv
from spectramind.submission.standard.hdf5_file import require_h5py, write_hdf5
from spectramind.submission.standard.published import PublishedSpectra

_Write = Callable[[Path, PublishedSpectra], list[Path]]
# By format: the ending of its files, what writes them, and what that needs.
_FORMATS: dict[str, tuple[str, _Write, Callable[[Path], None] | None]] = {
    "ecsv": (".ecsv", write_ecsv, require_astropy),
    "csv": (".csv", write_csv, None),
    "hdf5": (".h5", write_hdf5, require_h5py),
    "fits": (".fits", write_fits, require_astropy),
}


def ending(kind: str) -> str:
    """How files of a format end."""
    return _FORMATS[kind][0]


def write_spectra(kind: str, path: Path, published: PublishedSpectra) -> list[Path]:
    """Write ``path`` atomically, and what lies beside it; gives the files written.

    Args:
        kind: ecsv, csv, hdf5 or fits. path, published: where, and what.

    Raises:
        ConfigError: the format's package is not installed.
    """
    _, write, require = _FORMATS[kind]
    if require is not None:
        require(path)
    return write(path, published)
