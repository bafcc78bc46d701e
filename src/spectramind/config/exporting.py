"""Settings of ``export spectra``."""

from typing import Literal

from spectramind.config.base import Section


class ExportConfig(Section):
    """How spectra are written for others.

    Attributes:
        format: of the file.
        per_planet: a file a planet instead of one for all.
        covariance: whether errors between bins go along, 283 x 283 numbers a planet: always, never,
            or auto: in fits and hdf5 only (as text they are 2 MB a planet).
    """

    format: Literal["ecsv", "csv", "hdf5", "fits"]
    per_planet: bool
    covariance: Literal["auto", "always", "never"]
