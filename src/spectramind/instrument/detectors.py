"""Geometry of the two detectors, as the competition's files name and shape them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Detector:
    """One detector.

    Attributes:
        key: the name used in our own files (``fgs1``, ``airs``).
        kaggle: the name used in the competition's files.
        height, width: pixels; a parquet column is pixel ``row * width + column``.
    """

    key: str
    kaggle: str
    height: int
    width: int

    @property
    def pixels(self) -> int:
        """Number of pixels, and of parquet columns."""
        return self.height * self.width


FGS1 = Detector("fgs1", "FGS1", 32, 32)
AIRS = Detector("airs", "AIRS-CH0", 32, 356)
DETECTORS = (FGS1, AIRS)

# The 282 science columns of AIRS-CH0; wavelength falls with the column number.
AIRS_SCIENCE = slice(39, 321)
