"""What an ablation found, as plain values."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from pydantic import TypeAdapter

from spectramind.errors import SchemaError
from spectramind.evaluation.paired import Difference


@dataclass(frozen=True)
class AblationRow:
    """One variant.

    Attributes:
        name: of it. changes: what it changes of the base.
        score: official score, mean over seeds. by_seed: of each.
        difference: to the base, with its interval over planets and seeds; 0 for the base itself.
        kept: seeds whose network was better than physics on the early-stop fold, else the variant
            answers with physics; None where there is no network.
        gain: best gain on the early-stop fold over the untrained network, kept or not, mean over
            seeds, in units of the objective.
        by_planet: each judged planet's score, mean over seeds, not clipped.
    """

    name: str
    changes: str
    score: float
    by_seed: tuple[float, ...]
    difference: Difference
    kept: int | None
    gain: float
    by_planet: tuple[float, ...]

    @property
    def verdict(self) -> str:
        """``better``, ``worse`` or ``same`` as the base, or ``unclear``."""
        return self.difference.verdict


@dataclass(frozen=True)
class AblationTable:
    """All rows, the base first, then physics, then the variants in the order of the grid.

    Attributes:
        seeds: each variant was trained from.
        on: which planets judged: ``calibration`` or ``test``. planets: their ids.
        unchanged: variants that change nothing of the base, not trained.
        failed: why others are missing, by name.
        provenance: what it was made of.
    """

    rows: tuple[AblationRow, ...]
    seeds: tuple[int, ...]
    on: str
    planets: tuple[str, ...]
    unchanged: tuple[str, ...]
    failed: Mapping[str, str]
    provenance: Mapping[str, str]

    @property
    def base(self) -> AblationRow:
        """What all are compared with."""
        return self.rows[0]

    @property
    def judged_on(self) -> str:
        """In words."""
        fold = "test planets" if self.on == "test" else "planets of the calibration fold"
        seeds = "one seed" if len(self.seeds) == 1 else f"{len(self.seeds)} seeds"
        return f"{len(self.planets)} {fold}, {seeds}"

    def remarks(self) -> list[str]:
        """What a reader should not miss."""
        lines = []
        kept = sum(row.kept or 0 for row in self.rows)
        if kept == 0:
            lines.append(
                "no network was kept: all of them answer with the physics estimate; the gain on "
                "the early-stop fold tells how near each came"
            )
        if len(self.seeds) == 1:
            lines.append("one seed cannot tell a variant's merit from luck in training: --seeds")
        if "search" in self.provenance:
            lines.append(
                "the best trial was found by the planets that judge it here, so its lead is "
                "flattered: judge it on others before it is believed"
            )
        if self.unchanged:
            lines.append(f"as the base, not trained: {', '.join(self.unchanged)}")
        lines += [f"{name} is missing: {reason}" for name, reason in self.failed.items()]
        return lines

    def to_json(self) -> dict[str, Any]:
        """A plain dictionary for ``ablation.json``."""
        rows = [asdict(row) | {"verdict": row.verdict} for row in self.rows]
        return asdict(self) | {"rows": rows}

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read ``ablation.json``.

        Raises:
            SchemaError: it is missing, or not what ``ablate`` writes.
        """
        try:
            table = TypeAdapter(cls).validate_python(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:  # pydantic's own errors are ValueErrors
            reason = str(error).splitlines()[0]
            raise SchemaError(
                f"{path} is not what ablate writes ({reason}): run `spectramind ablate` again"
            ) from error
        if len(table.rows) < 2:
            raise SchemaError(f"{path} lacks the base or physics: run `spectramind ablate` again")
        return table


def ranked(table: AblationTable) -> list[AblationRow]:
    """The variants, the best difference first."""
    return sorted(table.rows[2:], key=lambda row: -row.difference.value)
