"""Commands side by side: their settings, and how good the predictions are that came of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spectramind.contracts.stages import CHAIN
from spectramind.diagnostics.panel import plain
from spectramind.diagnostics.panels.reliability_curve import LEVELS
from spectramind.diagnostics.report_data import ReportData
from spectramind.diagnostics.statistics import inside_normal, rms, scored
from spectramind.evaluation.paired import paired_difference
from spectramind.instrument.grid import bin_wavelengths
from spectramind.physics.line_list import Lines
from spectramind.plotting.molecule_strip import sticks_of, strip_traces
from spectramind.server.answers import (
    Comparison,
    CoverageCurve,
    OneSpectrum,
    PairedScore,
    RunRow,
    SettingDifference,
    SpectraTogether,
)
from spectramind.server.event_journal import ToldCommand
from spectramind.server.folder_views import settings_of
from spectramind.server.mission_control import MissionControl
from spectramind.server.planet_books import PPM, scores_of
from spectramind.server.refusals import NotThereError, NotUnderstoodError, RefusalError
from spectramind.server.run_rows import as_row, told_command
from spectramind.server.served_folder import ServedFolder

MOST = 8  # runs that are compared at once
_PREDICT = CHAIN.index("predict")
_SEED = 1337  # of the bootstrap: the same runs give the same interval


@dataclass(frozen=True, eq=False)
class ComparedRun:
    """One of them.

    Attributes:
        name: short, unlike the others'. row: as in the table.
        settings: by dotted key, None where they cannot be told.
        data: the prediction that came of it, None where it does not stand any more.
        scores: of it, by planet; none without truth.
        problems: why something is not compared.
    """

    name: str
    row: RunRow
    settings: dict[str, Any] | None
    data: ReportData | None
    scores: dict[str, float]
    problems: tuple[str, ...]


def compared_runs(control: MissionControl, wanted: Sequence[str]) -> list[ComparedRun]:
    """The commands of an address, each as ``FOLDER:RUN_ID``.

    Raises:
        NotThereError: no such folder or command. NotUnderstoodError: too many.
    """
    chosen = list(dict.fromkeys(wanted))
    if len(chosen) > MOST:
        raise NotUnderstoodError(f"run: {len(chosen)} commands are too many: name {MOST} at most")
    places = [(control.folders.named(name), run) for name, _, run in map(_parts, chosen)]
    told = [(folder, told_command(folder, run)) for folder, run in places]
    rows = [as_row(folder.name, one) for folder, one in told]
    names = _names(rows)
    return [
        _compared(control, folder, one, name)
        for (folder, one), name in zip(told, names, strict=True)
    ]


def _parts(text: str) -> tuple[str, str, str]:
    return text.partition(":")


def _names(rows: Sequence[RunRow]) -> list[str]:
    """The folders' names where these differ, else with the command and its time."""
    names = [row.folder for row in rows]
    if len(set(names)) < len(rows):
        names = [
            f"{row.folder} {row.command} {row.started[5:16].replace('T', ' ')}" for row in rows
        ]
    if len(set(names)) < len(rows):
        names = [f"{row.folder} {row.run_id}" for row in rows]
    return names


def _minute(row: RunRow) -> str:
    return row.started[5:16].replace("T", " ")


def _compared(
    control: MissionControl, folder: ServedFolder, told: ToldCommand | RunRow, name: str
) -> ComparedRun:
    row = as_row(folder.name, told)
    if isinstance(told, RunRow):
        why = f"{name} has not ended: it is compared when it has"
        return ComparedRun(name, row, None, None, {}, (why,))
    problems = []
    found = control.settings.of_command(folder, told)
    settings = None
    if found.problem:
        problems.append(f"settings of {name}: {found.problem}")
    else:
        settings = dict(found.values)
    data = None
    why = _written_over(folder.commands()[0], told)
    if why:
        problems.append(f"{name}: {why}")
    else:
        try:
            data = control.planets.of(folder, settings_of(control, folder)[0]).data
        except RefusalError as refusal:
            problems.append(f"{name}: {refusal.sentence}")
    scores = {} if data is None else scores_of(data)
    if data is not None and not data.planet_ids:
        problems.append(f"{name}: {data.problems.get('mu') or 'its prediction is not there'}")
        data = None
    elif data is not None and not scores:
        problems.append(f"{name}: no truth of its planets is known, so that nothing is scored")
    return ComparedRun(name, row, settings, data, scores, tuple(problems))


def _written_over(told: Sequence[ToldCommand], chosen: ToldCommand) -> str:
    """Why the prediction that a command led to (or came from) is not the one that stands.

    What comes before ``predict`` in the chain leads to the next prediction, if the same command did
    not run again before; all else looked at the one before it.
    """
    at = next(i for i, one in enumerate(told) if one.begins == chosen.begins)
    predicted = [
        i for i, one in enumerate(told) if one.command == "predict" and one.state != "fail"
    ]
    if not predicted:
        return "nothing was predicted in its folder: run `spectramind predict`"
    if chosen.command in CHAIN[:_PREDICT]:
        own = next((i for i in predicted if i > at), None)
        again = [one for one in told[at + 1 : own] if one.command == chosen.command]
        if own is None:
            return "nothing was predicted with it yet: run `spectramind predict`"
        if again:
            return f"{chosen.command} ran again before anything was predicted with it"
    else:
        own = next((i for i in reversed(predicted) if i <= at), None)
        if own is None:
            return "nothing had been predicted before it"
    if own == predicted[-1]:
        return ""
    newest = told[predicted[-1]]
    return f"its prediction was written over by {newest.run_id} ({newest.started})"


def comparison(control: MissionControl, wanted: Sequence[str]) -> Comparison:
    """Settings, scores and calibration of several commands.

    Raises:
        NotThereError, NotUnderstoodError: as ``compared_runs``.
    """
    runs = compared_runs(control, wanted)
    ids = list(dict.fromkeys(one for run in runs if run.data for one in run.data.planet_ids))
    return Comparison(
        runs=[run.row for run in runs],
        names=[run.name for run in runs],
        settings=_differences(runs),
        paired=[
            pair
            for one, other in combinations(runs, 2)
            if (pair := _paired(one, other)) is not None
        ],
        planet_ids=ids,
        scores=[[run.scores.get(planet_id) for planet_id in ids] for run in runs],
        reliability=[curve for run in runs if (curve := _reliability(run)) is not None],
        problems=[problem for run in runs for problem in run.problems],
    )


def _differences(runs: Sequence[ComparedRun]) -> list[SettingDifference]:
    known = [run.settings for run in runs if run.settings is not None]
    keys = dict.fromkeys(key for settings in known for key in settings)
    return [
        SettingDifference(key=key, values=[(run.settings or {}).get(key) for run in runs])
        for key in keys
        if any(settings.get(key) != known[0].get(key) for settings in known)
    ]


def _paired(one: ComparedRun, other: ComparedRun) -> PairedScore | None:
    both = [planet_id for planet_id in one.scores if planet_id in other.scores]
    if not both:
        return None
    first, second = (np.array([[run.scores[p] for p in both]]) for run in (one, other))
    found = paired_difference(second, first, np.random.default_rng(_SEED))
    return PairedScore(
        first=one.name,
        second=other.name,
        difference=found.value,
        low=found.low,
        high=found.high,
        planets=len(both),
    )


def _reliability(run: ComparedRun) -> CoverageCurve | None:
    score = None if run.data is None else scored(run.data)
    if score is None:
        return None
    found = np.array([inside_normal(score.z, level).mean() for level in LEVELS])
    z_rms = float(rms(score.z, None))
    return CoverageCurve(
        name=run.name,
        stated=list(LEVELS),
        found=plain(found),
        z_rms=z_rms if np.isfinite(z_rms) else None,
    )


def spectra_together(
    control: MissionControl, wanted: Sequence[str], planet_id: str
) -> SpectraTogether:
    """A planet's spectra of several commands.

    Raises:
        NotThereError: no such command, or none of them predicted this planet.
        NotUnderstoodError: as ``compared_runs``.
    """
    runs = [
        run
        for run in compared_runs(control, wanted)
        if run.data is not None and planet_id in run.data.planet_ids
    ]
    if not runs:
        raise NotThereError(f"none of these runs has a spectrum of planet {planet_id!r}")
    spectra, truth = [], None
    lines: Mapping[str, Lines] = {}
    for run in runs:
        data = run.data
        assert data is not None
        row, lines = data.planet_ids.index(planet_id), lines or data.lines
        spectra.append(
            OneSpectrum(name=run.name, mu_ppm=_ppm(data.mu[row]), sigma_ppm=_ppm(data.sigma[row]))
        )
        if truth is None and data.truth is not None and np.isfinite(data.truth[row]).any():
            truth = _ppm(data.truth[row])
    return SpectraTogether(
        planet_id=planet_id,
        wavelength_um=bin_wavelengths().tolist(),
        truth_ppm=truth,
        spectra=spectra,
        strip=strip_traces("y2", "x", sticks_of(lines)),
    )


def _ppm(values: NDArray[np.floating]) -> list[float | None]:
    return plain(np.round(np.asarray(values, np.float64) * PPM, 2))
