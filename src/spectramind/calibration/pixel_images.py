"""A visit's mean images and masks, out of the streams that read them."""

import numpy as np
from numpy.typing import NDArray

from spectramind.calibration.kernel.stream import Stream
from spectramind.calibration.steps.bad_pixels import Flag
from spectramind.contracts.visit_images import CAUSES, MASKED, PixelImages
from spectramind.instrument.detectors import AIRS, AIRS_SCIENCE

# Numbers of ``CAUSES`` by what the reference frames tell; where several do, the first stands.
_TOLD = (
    (Flag.DEAD, 2),
    (Flag.HOT, 3),
    (Flag.COLD, 4),
    (Flag.FLAT, 5),
    (Flag.LINEARITY, 6),
    (Flag.NAN, 7),
)
_IN_READS = len(CAUSES) - 1
_NOISY = MASKED - 1


def mask_causes(flags: NDArray[np.uint16], bad: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Numbers of ``CAUSES`` of pixels with their own flags, and whether each is masked for good."""
    causes = np.where(flags & Flag.NOISY, _NOISY, 0)
    why = np.full(flags.shape, _IN_READS)
    for flag, cause in reversed(_TOLD):
        why = np.where(flags & flag, cause, why)
    return np.where(bad, why, causes).astype(np.uint8)


def pixel_images(stream: Stream) -> PixelImages:
    """The images of a detector whose pixels were run, of AIRS its science columns."""
    shape = stream.detector.height, stream.detector.width
    columns = AIRS_SCIENCE if stream.detector == AIRS else slice(None)
    mask = mask_causes(stream.pixels.flags, stream.bad)
    mean = stream.mean.reshape(shape)[:, columns]
    return PixelImages(mean.astype(np.float32), mask.reshape(shape)[:, columns])
