"""What the server answers: the types of its OpenAPI document; those of ``web/`` are made from it.

Times are UTC in ISO 8601, durations seconds, depths and sigmas ppm where a name says so,
wavelengths um. NaN and infinities are null.
"""

from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

T = TypeVar("T")
RunState = Literal["running", "ok", "warn", "fail", "vanished"]


class ServerAnswer(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Problem(ServerAnswer):
    """Why there is no answer, in one sentence: what, and what to do."""

    detail: str


class Rows(ServerAnswer, Generic[T]):
    """One page of a long table.

    Attributes:
        rows: of this page. total: rows that match. page: from 1. size: rows a page.
        problems: what could not be read, a sentence each; the view shows them.
    """

    rows: list[T]
    total: int
    page: int
    size: int
    problems: list[str] = []


class StageState(ServerAnswer):
    """One loop of a running command, as ``progress/{run_id}.json`` tells."""

    name: str
    done: int
    total: int
    left_s: float | None


class RunRow(ServerAnswer):
    """A command of a work folder.

    Attributes:
        folder: the work folder's name in addresses.
        state: vanished: its progress file is stale (30 s) or its process is gone, and it left no
            event.
        duration_s: so far, while it runs.
        stages: of a running command, the outermost first.
        ends: when it is forecast to end, None where nothing tells.
        score, coverage: of ``score`` and ``train``, where the event's metrics hold them; of other
            commands None. coverage: of the nominal 1 sigma.
        warnings: how many; message: these, or what failed.
    """

    folder: str
    run_id: str
    command: str
    state: RunState
    started: str
    duration_s: float | None
    stages: list[StageState]
    ends: str | None
    config_hash: str | None
    science_hash: str | None
    git: str | None
    score: float | None
    coverage: float | None
    warnings: int
    message: str | None


class WrittenFile(ServerAnswer):
    """A file that a command wrote: its path as the event names it, its size; None: it is gone."""

    path: str
    size_bytes: int | None


class RunDetail(ServerAnswer):
    """One command, whole.

    Attributes:
        overrides: as typed. settings: resolved, by dotted key; empty where they were not kept and
            ``settings_problem`` says why.
    """

    row: RunRow
    overrides: list[str]
    settings: dict[str, Any]
    settings_problem: str | None
    metrics: dict[str, float | None]
    environment: dict[str, str]
    seed: int | None
    files: list[WrittenFile]


class LogLines(ServerAnswer):
    """Lines of a command's log, ``first`` of ``total``."""

    lines: list[str]
    first: int
    total: int


class FolderRow(ServerAnswer):
    """A work folder.

    Attributes:
        name: in addresses. path: where it is. problem: why it cannot be read, None if it can.
        commands: events in it. running: commands that run now. newest: start of the newest.
        score, low, high: of the prediction that stands in it, with its bootstrap interval.
        planets: predicted.
    """

    name: str
    path: str
    problem: str | None
    commands: int
    running: int
    newest: str | None
    score: float | None
    low: float | None
    high: float | None
    coverage: float | None
    planets: int


class Words(ServerAnswer):
    """A panel's verdict, in plain words; ``anchor`` of the panel, in ``topic``."""

    level: Literal["good", "look", "bad"]
    text: str
    topic: str
    anchor: str
    title: str


class AbsentView(ServerAnswer):
    """What is not there, why, and the command line that fills it."""

    what: str
    reason: str
    command: str


class PanelView(ServerAnswer):
    """A panel of ``diagnostics/panels``: the one source of what page and server show.

    Attributes:
        look_for: what to look for, and what its data say of themselves.
        html: the panel's tables and places of figures (``<figure id=NAME>``); a client rebuilds it
            from an allowed list of elements, never as it is.
        figures: Plotly dicts by the name of their place, whole.
        tables: names of its CSV files (``/api/folders/{folder}/tables/{name}.csv``).
        absent: set where the panel has nothing to show; then all else is empty.
    """

    anchor: str
    title: str
    topic: str
    look_for: str
    html: str
    figures: dict[str, dict[str, Any]]
    tables: list[str]
    absent: AbsentView | None


class TopicRow(ServerAnswer):
    """A topic of ``spectramind diagnose``; how many of its panels have something to show."""

    name: str
    title: str
    shown: int
    panels: int


class FolderView(ServerAnswer):
    """A work folder's first screen: is the run good, and what is wrong with it."""

    folder: FolderRow
    headline: str
    words: list[Words]
    topics: list[TopicRow]
    provenance: dict[str, str]
    problems: list[str]


class TopicView(ServerAnswer):
    """All panels of a topic."""

    name: str
    title: str
    panels: list[PanelView]


class PlanetRow(ServerAnswer):
    """A planet of the prediction.

    Attributes:
        score: None without truth. doubt: why the fit is doubted, empty if it is not.
        violation: share of the rules that ``audit`` found not kept; None where it has not judged.
        sigma_ppm: median over bins. depth_ppm: mean mu.
    """

    planet_id: str
    score: float | None
    doubt: str
    violation: float | None
    sigma_ppm: float
    depth_ppm: float
    visits: int


class PlanetView(ServerAnswer):
    """One planet's page: the same parts as in the report page, and its neighbours in the list."""

    planet_id: str
    note: str
    row: PlanetRow
    previous: str | None
    next: str | None
    panels: list[PanelView]
    visits: list[str]


class LightCurveWindow(ServerAnswer):
    """A window of one visit's white light curve; never more than ``points`` (2,000) of them.

    Attributes:
        start_h, end_h: the window, hours on the visit's clock; first_h, last_h: of the whole visit.
        samples: in the window. each: samples in a point; 1: full cadence.
        flux: means over ``each`` samples of the flux without drift; low, high: their extremes.
        model: the fitted transit; residual_ppm: flux - model.
        finest: what the samples are, in words (where frames are kept or not).
    """

    visit: str
    detector: Literal["fgs1", "airs"]
    start_h: float
    end_h: float
    first_h: float
    last_h: float
    samples: int
    each: int
    time_h: list[float | None]
    flux: list[float | None]
    low: list[float | None]
    high: list[float | None]
    model: list[float | None] | None
    residual_ppm: list[float | None] | None
    finest: str


class SettingDifference(ServerAnswer):
    """A setting that differs: its dotted key, its value in each run (null: not kept)."""

    key: str
    values: list[Any]


class PairedScore(ServerAnswer):
    """``second`` - ``first`` over the planets both scored; paired 95 % bootstrap interval."""

    first: str
    second: str
    difference: float
    low: float
    high: float
    planets: int


class CoverageCurve(ServerAnswer):
    """Of one run: the share of errors below each stated probability."""

    name: str
    stated: list[float]
    found: list[float | None]
    z_rms: float | None


class Comparison(ServerAnswer):
    """Two or more runs side by side. ``names``: of each, short and unlike the others'.

    Attributes:
        scores: (runs, planets), null where a planet was not scored.
        reliability: empty without truth.
        problems: why something is not compared (a prediction was written over, no truth), in words.
    """

    runs: list[RunRow]
    names: list[str]
    settings: list[SettingDifference]
    paired: list[PairedScore]
    planet_ids: list[str]
    scores: list[list[float | None]]
    reliability: list[CoverageCurve]
    problems: list[str]


class OneSpectrum(ServerAnswer):
    """mu and sigma in 283 bins, ppm."""

    name: str
    mu_ppm: list[float | None]
    sigma_ppm: list[float | None]


class SpectraTogether(ServerAnswer):
    """A planet's spectra of several runs, over one grid of wavelengths (um).

    Attributes:
        strip: traces, on axes x and y2 from 0 to 1, of what each gas alone would draw, with the
            line list of the first run that has one.
    """

    planet_id: str
    wavelength_um: list[float]
    truth_ppm: list[float | None] | None
    spectra: list[OneSpectrum]
    strip: list[dict[str, Any]]


class Changes(ServerAnswer):
    """A server-sent event.

    Attributes:
        running: commands that run. events: how many each folder has; changed: read it again.
    """

    running: list[RunRow]
    events: dict[str, int]
