"""Spectra as others get them: values, bins, covariance, and where they come from."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from spectramind.contracts.predictive import Intervals, Predictive
from spectramind.instrument.grid import N_BINS, bin_edges, bin_wavelengths

Array = NDArray[np.float64]

# Columns of bins [um], and of what has no unit; `interval90_low` is the lower end at 90 %.
WAVELENGTH, LOW, HIGH = "wavelength", "wavelength_low", "wavelength_high"
IN_UM = (WAVELENGTH, LOW, HIGH)
ID, BIN, DEPTH, SIGMA = "planet_id", "bin", "depth", "sigma"
FACTOR, COVARIANCE = "calibration_factor", "covariance"
_INTERVAL = re.compile(r"interval(\d+(?:_\d+)?)_(low|high)")


@dataclass(frozen=True, eq=False)
class PublishedSpectra:
    """Spectra of n planets and all that is said of them.

    Attributes:
        found: depths (Rp/Rs)^2, sigma and intervals, in 283 bins.
        covariance: (n, 283, 283), its diagonal sigma^2; None where it is not known or left out.
        factor: (n, 283) sigma over that of the physics posterior; None where that is not known.
        about: provenance, citation and what the columns mean, plain text by name.
    """

    found: Predictive
    covariance: Array | None = None
    factor: Array | None = None
    about: Mapping[str, str] = field(default_factory=dict)

    def select(self, planet_id: str) -> Self:
        """One planet."""
        row = [self.found.planet_ids.index(planet_id)]
        covariance = None if self.covariance is None else self.covariance[row]
        factor = None if self.factor is None else self.factor[row]
        return type(self)(self.found.select([planet_id]), covariance, factor, self.about)

    def per_bin(self) -> dict[str, Array]:
        """What every planet has in every bin, (n, 283) each, by column."""
        spectra, intervals = self.found.spectra, self.found.intervals
        columns = {DEPTH: spectra.mu, SIGMA: spectra.sigma}
        for one in () if intervals is None else intervals.every_level:
            low, high = interval_columns(one.level)
            columns[low], columns[high] = spectra.mu - one.half_width, spectra.mu + one.half_width
        return columns if self.factor is None else columns | {FACTOR: self.factor}

    def long_table(self) -> dict[str, NDArray[np.generic]]:
        """A row a planet and bin, bins of a planet together."""
        count = len(self.found.planet_ids)
        bins = {BIN: np.arange(N_BINS), **bin_columns()}
        columns: dict[str, NDArray[np.generic]] = {
            ID: np.repeat(np.array(self.found.planet_ids, dtype=np.str_), N_BINS),
            **{name: np.tile(values, count) for name, values in bins.items()},
            **{name: values.ravel() for name, values in self.per_bin().items()},
        }
        return columns


def bin_columns() -> dict[str, Array]:
    """Wavelength and edges of the 283 bins [um]."""
    edges = bin_edges()
    return {WAVELENGTH: bin_wavelengths(), LOW: edges[:, 0], HIGH: edges[:, 1]}


def interval_columns(level: float) -> tuple[str, str]:
    """Names of the lower and upper end at a nominal coverage: ``interval90_low``, ``_high``."""
    percent = f"{100 * level:.10g}".replace(".", "_")
    return f"interval{percent}_low", f"interval{percent}_high"


def intervals_of(columns: Mapping[str, Array]) -> Intervals | None:
    """The intervals that columns (n, 283) tell; None without any."""
    found = {m[1] for name in columns if (m := _INTERVAL.fullmatch(name))}
    levels = sorted((float(p.replace("_", ".")) / 100 for p in found), reverse=True)
    told = []
    for level in levels:
        low, high = interval_columns(level)
        if low in columns and high in columns and 0 < level < 1:
            told.append(Intervals(level, (columns[high] - columns[low]) / 2))
    return Intervals(told[0].level, told[0].half_width, tuple(told[1:])) if told else None
