"""Files of fits, each read once by a report, however many of its parts ask for them."""

from dataclasses import dataclass
from typing import Any

from spectramind.contracts.depths import Depths, load_depths
from spectramind.contracts.work_folder import FeaturesFolder
from spectramind.errors import SchemaError


@dataclass(frozen=True)
class FitWords:
    """What a fit says of itself.

    Attributes:
        info, measured: as in ``Depths``.
    """

    info: dict[str, Any]
    measured: bool


class FitReader:
    """Depths of visits; only what their fits say is kept, arrays of 1,100 planets are large."""

    def __init__(self, features: FeaturesFolder) -> None:
        self.features = features
        self._told: dict[str, FitWords | str] = {}

    def depths(self, visit: str) -> Depths:
        """Read a visit's file.

        Raises:
            SchemaError: missing or broken.
        """
        try:
            found = load_depths(self.features.depths(visit))
        except SchemaError as error:
            self._told[visit] = str(error)
            raise
        self._told[visit] = FitWords(found.info, found.measured)
        return found

    def words(self, visit: str) -> FitWords:
        """What a visit's fit says; its file is read, whole, if it was not before.

        Raises:
            SchemaError: missing or broken.
        """
        if visit not in self._told:
            self.depths(visit)
        told = self._told[visit]
        if isinstance(told, str):
            raise SchemaError(told)
        return told
