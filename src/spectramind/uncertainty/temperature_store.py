"""The temperature on disk, bound to the checkpoint it was fitted for."""

from collections.abc import Sequence
from pathlib import Path

from spectramind.errors import SchemaError
from spectramind.run.atomic import write_json
from spectramind.uncertainty.fit_record import FitRecord
from spectramind.uncertainty.scaling_choice import Choice
from spectramind.uncertainty.temperature import Channels, ScalingKind, Temperature


class _TemperatureRecord(FitRecord):
    """Files from before there were kinds hold one factor and lack what follows."""

    kind: ScalingKind = "global"
    channels: Channels | None = None
    choice: Choice | None = None

    def temperature(self, path: Path, again: str) -> Temperature:
        """What was fitted.

        Raises:
            SchemaError: its numbers do not go together.
        """
        found = Temperature(self.tau, len(self.planets), self.kind, self.channels)
        if not found.consistent:
            raise SchemaError(
                f"{path}: kind: {self.kind} does not go with tau {self.tau:.6g} and channels "
                f"{self.channels}: the file was altered; run `spectramind {again}` again"
            )
        return found


def save_temperature(
    path: Path,
    temperature: Temperature,
    *,
    fold: str,
    planets: Sequence[str],
    checkpoint: str,
    choice: Choice | None = None,
) -> None:
    """Write ``temperature.json``.

    Args:
        path: the target.
        temperature: what was fitted.
        fold: what the split file calls the planets it was fitted on.
        planets: their ids.
        checkpoint: SHA-256 of the checkpoint whose predictions it corrects.
        choice: why its kind was taken, where held-out planets told.
    """
    record = _TemperatureRecord(
        tau=temperature.tau,
        planets=tuple(planets),
        fold=fold,
        checkpoint=checkpoint,
        kind=temperature.kind,
        channels=temperature.channels,
        choice=choice,
    )
    write_json(path, record.model_dump(mode="json", exclude_defaults=True))


def load_temperature(path: Path, *, checkpoint: str) -> tuple[Temperature, frozenset[str]]:
    """Read ``temperature.json``.

    Returns:
        The temperature, and the planets it was fitted on.

    Raises:
        SchemaError: the file is missing or broken.
        ConfigError: it was fitted for another checkpoint.
    """
    again = "calibrate-temp"
    if not path.is_file():
        raise SchemaError(f"{path} is missing: run `spectramind {again}` first")
    text = path.read_text(encoding="utf-8", errors="replace")
    record = _TemperatureRecord.parse(path, text, again)
    record.belongs_to(path, checkpoint, again)
    return record.temperature(path, again), frozenset(record.planets)
