"""What `calibrate` leaves of a visit's images: each pixel's mean exposure, and which are masked."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spectramind.errors import SchemaError
from spectramind.instrument.detectors import AIRS, AIRS_SCIENCE, DETECTORS, FGS1, Detector
from spectramind.run.atomic import write_npz
from spectramind.run.npz import read_npz

# What a pixel's mask says, by its number. From MASKED on, the pixel gives no light at all.
CAUSES = (
    "used",
    "used, noisy",
    "dead",
    "hot",
    "cold",
    "flat broken",
    "linearity broken",
    "reference not a number",
    "clipped or struck too often",
)
MASKED = 2
_WIDTH = {FGS1: FGS1.width, AIRS: AIRS_SCIENCE.stop - AIRS_SCIENCE.start}


@dataclass(frozen=True)
class PixelImages:
    """One detector's images in a visit, all of AIRS's science columns or FGS1's whole window.

    Attributes:
        mean: float32 (rows, columns), mean exposure [e]; that of a masked pixel is not its star's.
        mask: uint8 (rows, columns), numbers of ``CAUSES``.
    """

    mean: NDArray[np.float32]
    mask: NDArray[np.uint8]


def write_images(path: Path, images: Mapping[Detector, PixelImages]) -> None:
    """Write the images of both detectors."""
    arrays = {}
    for detector in DETECTORS:
        found = images[detector]
        arrays[f"{detector.key}_mean"] = found.mean.astype(np.float32)
        arrays[f"{detector.key}_mask"] = found.mask.astype(np.uint8)
    write_npz(path, **arrays)


def read_images(path: Path) -> dict[Detector, PixelImages]:
    """Read the images of both detectors.

    Raises:
        SchemaError: missing, broken, of another shape, or a mask of unknown causes.
    """
    keys = [f"{detector.key}_{kind}" for detector in DETECTORS for kind in ("mean", "mask")]
    raw = read_npz(path, *keys, made_by="calibrate")
    found = {}
    for detector in DETECTORS:
        mean, mask = raw[f"{detector.key}_mean"], raw[f"{detector.key}_mask"]
        shape = (detector.height, _WIDTH[detector])
        whole = mean.shape == mask.shape == shape and mask.dtype == np.uint8
        if not whole or int(mask.max()) >= len(CAUSES):
            raise SchemaError(
                f"{path} holds {mean.shape} and {mask.shape} of {detector.kaggle}, expected "
                f"{shape} and causes 0..{len(CAUSES) - 1}: delete it and run `spectramind "
                "calibrate` again"
            )
        found[detector] = PixelImages(mean.astype(np.float32), mask.astype(np.uint8))
    return found
