"""A work folder: its line in the list, its first screen, its topics and their tables."""

from datetime import UTC, datetime

from spectramind.config.root import Config
from spectramind.contracts.predictive import SUBMITTED, Predictive
from spectramind.contracts.work_folder import WorkFolder
from spectramind.diagnostics.first_screen import headline, verdicts
from spectramind.diagnostics.panel import LaidOut, as_csv
from spectramind.diagnostics.topics import TOPIC, TOPICS, Topic
from spectramind.errors import SpectraMindError
from spectramind.plotting.document import PagePart
from spectramind.server.answers import FolderRow, FolderView, TopicRow, TopicView, Words
from spectramind.server.cached import stamps
from spectramind.server.folder_report import FolderReport
from spectramind.server.folder_settings import FoundSettings
from spectramind.server.live_training import live_panels
from spectramind.server.mission_control import MissionControl, ModelNumbers
from spectramind.server.panel_views import panel_view
from spectramind.server.refusals import NotThereError, RefusalError
from spectramind.server.served_folder import ServedFolder

_NO_PANELS = "nothing can be judged yet"


def folder_row(control: MissionControl, folder: ServedFolder) -> FolderRow:
    """A folder as the list shows it."""
    told, _ = folder.commands()
    running, _ = folder.running(told)
    started = [one.started for one in told]
    now = datetime.now(UTC)
    started += [one.row(folder.name, now).started for one in running]
    found = control.settings.of_folder(folder)
    numbers = ModelNumbers() if found.config is None else model_numbers(control, found.config)
    return FolderRow(
        name=folder.name,
        path=str(folder.path),
        problem=folder.problem,
        commands=len(told),
        running=sum(not one.lost for one in running),
        newest=max(started, default=None),
        score=numbers.score,
        low=numbers.low,
        high=numbers.high,
        coverage=numbers.coverage,
        planets=numbers.planets,
    )


def model_numbers(control: MissionControl, config: Config) -> ModelNumbers:
    """How good the prediction that stands in a folder is, as far as that is known."""
    predicted = WorkFolder(config.paths).prediction(SUBMITTED)

    def read() -> ModelNumbers:
        from spectramind.pipeline.report_scores import summaries_of

        try:
            planets = len(Predictive.load(predicted).planet_ids)
        except SpectraMindError:  # what is wrong with it, the folder's own view says
            return ModelNumbers()
        try:
            first = summaries_of(config)[0] if config.paths.score.is_file() else None
        except (SpectraMindError, IndexError):
            first = None
        if first is None:
            return ModelNumbers(planets=planets)
        return ModelNumbers(
            planets, first["score"], first["low"], first["high"], first["coverage_1sigma"]
        )

    return control.numbers.get(str(predicted), stamps(predicted, config.paths.score), read)


def settings_of(control: MissionControl, folder: ServedFolder) -> tuple[Config, str]:
    """Settings of a folder, and what of them is not sure.

    Raises:
        NotThereError: the folder is not there, or no command ran in it.
        RefusalError: its settings cannot be told.
    """
    if folder.problem is not None:
        raise NotThereError(folder.problem)
    found: FoundSettings = control.settings.of_folder(folder)
    if found.config is None:
        raise (RefusalError if folder.commands()[0] else NotThereError)(found.problem)
    return found.config, found.problem


def folder_view(control: MissionControl, folder: ServedFolder) -> FolderView:
    """The first screen; also of a folder that is empty, broken or gone."""
    row, (told, problems) = folder_row(control, folder), folder.commands()
    try:
        config, unsure = settings_of(control, folder)
    except RefusalError as refusal:
        problems = list(dict.fromkeys([*problems, refusal.sentence]))
        return FolderView(
            folder=row,
            headline=_NO_PANELS,
            words=[],
            topics=[TopicRow(name=t.name, title=t.title, shown=0, panels=0) for t in TOPICS],
            provenance={"folder": str(folder.path)},
            problems=problems,
        )
    report = control.reports.of(folder, config)
    found = verdicts(report.panels)
    newest = told[-1]
    return FolderView(
        folder=row,
        headline=headline([words for words, _ in found]) if found else _NO_PANELS,
        words=[
            Words(
                level=words.level,
                text=words.text,
                topic=one.panel.topic,
                anchor="" if one.of_planets else one.panel.anchor,
                title=one.panel.title,
            )
            for words, one in found
        ],
        topics=[_topic_row(topic, report) for topic in TOPICS],
        provenance={
            "folder": str(folder.path),
            "data": str(config.data.raw),
            "config": newest.config_hash or "",
            "science": newest.science_hash or "",
            "git": (newest.git or "not a checkout")[:8],
            "newest command": f"{newest.command}, {newest.started}",
        },
        problems=[*problems, *([unsure] if unsure else []), *report.problems],
    )


def _topic_row(topic: Topic, report: FolderReport) -> TopicRow:
    panels = _panels(report, topic.name)
    shown = sum(isinstance(one.part, PagePart) for one in panels)
    return TopicRow(name=topic.name, title=topic.title, shown=shown, panels=len(panels))


def _panels(report: FolderReport, topic: str) -> list[LaidOut]:
    """Of a topic; those of planets' own pages are there where they are absent."""
    return [one for one in report.panels if one.panel.topic == topic and not one.of_planets]


def topic_view(control: MissionControl, folder: ServedFolder, name: str) -> TopicView:
    """All panels of a topic.

    Raises:
        NotThereError: no such topic.
    """
    if name not in TOPIC:
        raise NotThereError(f"no topic {name!r}: there are {', '.join(TOPIC)}")
    config, _ = settings_of(control, folder)
    report = control.reports.of(folder, config)
    now = {one.panel.anchor: one for one in live_panels(folder, config, report, name)}
    panels = [panel_view(now.get(one.panel.anchor, one)) for one in _panels(report, name)]
    return TopicView(name=name, title=TOPIC[name].title, panels=panels)


def table_csv(control: MissionControl, folder: ServedFolder, name: str) -> str:
    """The rows behind a panel.

    Raises:
        NotThereError: no panel has such a table.
    """
    report = control.reports.of(folder, settings_of(control, folder)[0])
    for one in report.panels:
        if one.body is not None and name in one.body.tables:
            return as_csv(one.body.tables[name])
    raise NotThereError(f"no panel of {folder.name} has a table {name!r} now: open its topic again")
