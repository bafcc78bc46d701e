"""What ``audit`` left, read back: the violation log and how hard each rule pushes at each bin."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from spectramind.errors import SchemaError
from spectramind.instrument.grid import N_BINS
from spectramind.run.npz import read_npz
from spectramind.symbolic.violation_log import ViolationLog

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class AuditFindings:
    """The violation log and the influence maps of the same planets.

    Attributes:
        log: what each rule says of each planet.
        influence: by rule's short name, (n, 283): lambda times the slope of its penalty over mu
            [1 / depth].
    """

    log: ViolationLog
    influence: Mapping[str, Array]

    @classmethod
    def load(cls, violations: Path, influence: Path, prediction: str) -> Self:
        """Read both files.

        Args:
            violations, influence: ``AuditFolder``'s.
            prediction: digest of the spectra that they must be about.

        Raises:
            SchemaError: one is missing or broken, they are of different planets, or of another
                prediction.
        """
        log = ViolationLog.load(violations)
        if log.prediction != prediction:
            raise SchemaError(
                "the audit that is there judged another prediction: run `spectramind audit` again"
            )
        held = read_npz(influence, "planet_id", made_by="audit", optional=log.weights)
        ids = [planet.planet_id for planet in log.planets]
        maps = {name: held[name] for name in log.weights if name in held}
        if held["planet_id"].tolist() != ids or any(
            values.shape != (len(ids), N_BINS) for values in maps.values()
        ):
            raise SchemaError(
                f"{influence} is of other planets than {violations.name}: run `spectramind audit` "
                "again"
            )
        return cls(log, {name: values.astype(np.float64) for name, values in maps.items()})
