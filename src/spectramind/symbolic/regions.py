"""Where rules count more or less: factors of their weights over wavelength."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spectramind.config.loss import RegionConfig
from spectramind.errors import ConfigError
from spectramind.instrument.grid import AIRS_BINS, FGS1_BIN, N_BINS, bin_wavelengths
from spectramind.instrument.molecules import MOLECULES, window_bins, window_matrix


def bins_of(region: RegionConfig) -> NDArray[np.int64]:
    """Bins that a region covers.

    Raises:
        ConfigError: none.
    """
    if region.molecule is not None:
        return window_bins(region.molecule)
    low, high = region.um or (0.0, np.inf)
    wavelength = bin_wavelengths()
    found = np.flatnonzero((wavelength >= low) & (wavelength <= high))
    if not found.size:
        raise ConfigError(
            f"loss.regions: no bin lies between {low:g} and {high:g} um: FGS1 is at "
            f"{wavelength[FGS1_BIN]:g}, AIRS from {wavelength[1]:.3f} to {wavelength[-1]:.3f} um"
        )
    return found


def region_factors(
    regions: Sequence[RegionConfig], rules: Sequence[str]
) -> dict[str, NDArray[np.float64]]:
    """The factor of each rule's weight in each bin, (283,) by rule; overlapping ones multiply.

    Raises:
        ConfigError: a region names a rule there is not, or covers no bin.
    """
    factors = {rule: np.ones(N_BINS) for rule in rules}
    for region in regions:
        bins = bins_of(region)
        for rule in region.rules or rules:
            if rule not in factors:
                raise ConfigError(f"loss.regions: no rule {rule!r}: there are {', '.join(rules)}")
            factors[rule][bins] *= region.weight
    return factors


def named_regions() -> dict[str, NDArray[np.int64]]:
    """Regions of a report: FGS1, each molecule's windows, and AIRS outside all of them."""
    outside = np.flatnonzero(~window_matrix().any(axis=0))
    continuum = outside[outside >= AIRS_BINS.start]
    windows = {molecule.upper(): window_bins(molecule) for molecule in MOLECULES}
    return {"FGS1": np.array([FGS1_BIN]), **windows, "continuum": continuum}
