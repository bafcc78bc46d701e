"""What the detector calibration did to each visit, and which visits it could not calibrate."""

from collections.abc import Mapping, Sequence
from typing import Any

from spectramind.diagnostics.panel import Lack, Panel, PanelBody, ReportContext, Values, plain
from spectramind.diagnostics.report_data import CalibrationLog
from spectramind.instrument.detectors import DETECTORS
from spectramind.plotting import html_tables as tables
from spectramind.plotting.html_tables import Column

# Per detector: key of the row, title, format, and the step and statistic that the log has it under.
STATISTICS = (
    ("masked", "masked", ".2%", "bad_pixels", "mask_frac"),
    ("linearity_ppm", "linearity [ppm]", ",.0f", "linearity", "median_correction_ppm"),
    ("dark_e_s", "dark [e/s]", ".4f", "dark", "median_e_per_s"),
)
COLUMNS = (
    Column("visit", "visit"),
    *(
        Column(f"{detector.key}_{key}", f"{detector.key.upper()} {title}", spec)
        for detector in DETECTORS
        for key, title, spec, *_ in STATISTICS
    ),
    Column("time_ms", "time [ms]", ",.0f"),
    Column("problem", "not calibrated"),
)


def collect(context: ReportContext) -> Values | Lack:
    """One row a visit; those that failed first, with their reason."""
    lack = lacking(context)
    if lack is not None:
        return lack
    logs = sorted(context.data.calibration, key=lambda log: not log.failed)
    chosen = set(list(dict.fromkeys(log.planet_id for log in logs))[: context.max_planets])
    shown = [log for log in logs if log.failed or log.planet_id in chosen]
    more = len(logs) - len(shown)
    problem = f"{more} more visits (diag.max_planets)" if more else ""
    return {
        "visits": [row(log) for log in shown],
        "failed": sum(log.failed for log in logs),
        "problem": context.data.problems.get("calibration", "") or problem,
    }


def lacking(context: ReportContext) -> Lack | None:
    """What is missing where no visit has a record and none failed."""
    data = context.data
    logs = data.calibration
    if any(log.records or log.failed for log in logs):
        return None
    reasons = dict.fromkeys(log.problem for log in logs if log.problem)
    drawn = bool(logs) and all(log.simulated for log in logs)
    command = "simulate level=telemetry data.raw=ANOTHER_FOLDER" if drawn else ""
    return Lack(data.problems.get("calibration", "") or "; ".join(reasons), command)


def row(log: CalibrationLog) -> dict[str, Any]:
    """A visit in one row; what its log does not tell is None, and said."""
    found: dict[str, Any] = {"visit": log.visit}
    problem = log.problem
    lacking = []
    if log.records:
        for detector in DETECTORS:
            for key, _, _, step, name in STATISTICS:
                value = _number(log.records, detector.kaggle, step, name)
                found[f"{detector.key}_{key}"] = value
                if value is None:
                    lacking.append(f"{detector.kaggle} {step}")
        found["time_ms"] = _number(log.records, "both", "visit", "t_ms")
    if lacking and not problem:
        problem = f"the log lacks {', '.join(lacking)}"
    return found | {"problem": problem or None}


def _number(records: Sequence[Any], detector: str, step: str, name: str) -> float | None:
    """A record's own number or one of its statistics; None where it is not there or no number."""
    for record in records:
        if not isinstance(record, Mapping):
            continue
        if (record.get("detector"), record.get("step")) != (detector, step):
            continue
        stats = record.get("delta_stats")
        value = record.get(name, stats.get(name) if isinstance(stats, Mapping) else None)
        return plain([value])[0] if isinstance(value, (int, float)) else None
    return None


def draw(values: Values) -> PanelBody:
    """The table."""
    note = "One row a visit, from the kill chain's own logs."
    if values["failed"]:
        note += (
            f" {values['failed']} of {len(values['visits'])} failed: a planet without another "
            "visit is predicted with the prior's width."
        )
    if values["problem"]:
        note += f" Not here: {values['problem']}."
    return PanelBody(tables.table(COLUMNS, values["visits"]), note)


PANEL = Panel(
    topic="runs",
    anchor="kill-chain",
    title="Kill chain",
    needs="kill chain by visit",
    command="calibrate",
    look_for="Visits of one telescope should look alike: one that masks more pixels or corrects "
    "more than the others has other reference frames.",
    collect=collect,
    draw=draw,
)
