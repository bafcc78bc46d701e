"""Training curves while a training runs: its own epochs in place of those of the one before."""

from dataclasses import replace
from datetime import datetime

from spectramind.config.root import Config
from spectramind.diagnostics.panel import LaidOut, ReportContext, lay_out
from spectramind.diagnostics.panels import loss_curves
from spectramind.server.folder_report import FolderReport
from spectramind.server.served_folder import ServedFolder


def live_panels(
    folder: ServedFolder, config: Config, report: FolderReport, topic: str
) -> list[LaidOut]:
    """Panels of a topic that show a training which runs now; empty where none does."""
    if topic != loss_curves.PANEL.topic:
        return []
    running, _ = folder.running(folder.commands()[0])
    began = [one.note.started for one in running if one.note.cmd == "train" and not one.lost]
    if not began:
        return []
    from spectramind.pipeline.report_runs import trainings_now

    trainings = trainings_now(config, datetime.fromisoformat(began[-1]).timestamp())
    if not trainings:
        return []
    data, longest = report.context.data, max(trainings, key=lambda one: len(one.history))
    first = longest.history[0]
    folds = trainings if config.split.scheme == "cross" else []
    live = replace(
        data,
        history=longest.history,
        baseline={"val_loss": first["val_loss"]} if first.get("val_loss") is not None else {},
        chosen_epoch=None,
        runs=replace(data.runs, folds=folds),
    )
    context = ReportContext(live, report.context.max_planets, report.context.worst_planets)
    return [lay_out(loss_curves.PANEL, context)]
