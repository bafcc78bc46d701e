"""Where spectra are computed: FGS1 in six parts, AIRS bin by bin, or any points."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spectramind.instrument.grid import AIRS_BINS, FGS1_BANDPASS_UM, bin_edges, bin_wavelengths

Array = NDArray[np.float64]

FGS1_PARTS = 6


@dataclass(frozen=True)
class Channels:
    """Where spectra are computed.

    Attributes:
        centre_um: (N,). edges_um: (N, 2) lower and upper; equal ones are a point.
    """

    centre_um: Array
    edges_um: Array


@cache
def bin_channels() -> Channels:
    """288 channels: six equal parts of FGS1's bandpass, then the 282 bins of AIRS."""
    fine = np.linspace(*FGS1_BANDPASS_UM, 2 * FGS1_PARTS + 1)
    parts = np.stack([fine[:-1:2], fine[2::2]], axis=1)
    return Channels(
        np.concatenate([fine[1::2], bin_wavelengths()[AIRS_BINS]]),
        np.concatenate([parts, bin_edges()[AIRS_BINS]]),
    )


def point_channels(wavelength_um: ArrayLike) -> Channels:
    """Channels without width at (N,) wavelengths [um]."""
    centre = np.asarray(wavelength_um, dtype=np.float64)
    return Channels(centre, np.stack([centre, centre], axis=1))


def into_bins(xp: Any, depth: Any) -> Any:
    """(..., 288) depths of the channels -> (..., 283): FGS1 is the mean of its parts."""
    fgs1 = depth[..., :FGS1_PARTS].mean(-1)
    return xp.concatenate([fgs1[..., None], depth[..., FGS1_PARTS:]], -1)
