"""What trainings gained, epoch by epoch: a table that DVC draws."""

import json
from collections import defaultdict
from statistics import fmean

from spectramind.config.root import Config
from spectramind.contracts.work_folder import WorkFolder
from spectramind.run.atomic import write_csv
from spectramind.run.record import RunRecord

_CURVE = ("epoch", "average", "lowest", "highest", "trainings")


def write_training_table(config: Config, record: RunRecord) -> None:
    """What the epochs of the phase's trainings gain on validation planets over epoch 0.

    Epoch 0 of supervised training is the physics estimate. The table has mean and range of the
    trainings that reached an epoch: the folds', where folds cross.
    """
    folder = WorkFolder(config.paths)
    phase = "supervised" if config.train.phase == "all" else config.train.phase
    tracked = [folder.tracking]
    if config.split.scheme == "cross" and phase == "supervised":
        tracked = [WorkFolder(folder.fold(n)).tracking for n in range(config.split.folds)]
    gains: dict[int, list[float]] = defaultdict(list)
    for path in sorted(path for place in tracked for path in place.glob(f"{phase}*.jsonl")):
        rows_there = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        known = [row for row in rows_there if row.get("val_loss") is not None]
        for row in known if known and known[0]["epoch"] == 0 else ():
            gains[int(row["epoch"])].append(known[0]["val_loss"] - row["val_loss"])
    rows = [
        dict(zip(_CURVE, (epoch, fmean(at), min(at), max(at), len(at)), strict=True))
        for epoch, at in sorted(gains.items())
    ]
    write_csv(folder.plots.training, _CURVE, rows)
    record.artifact(folder.plots.training)
