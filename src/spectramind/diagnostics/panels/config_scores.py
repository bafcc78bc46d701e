"""Every configuration that was scored here, as a heat map of scores."""

from collections.abc import Iterable, Mapping
from typing import Any

from spectramind.diagnostics.panel import Lack, Panel, PanelBody, ReportContext, Values, plain
from spectramind.diagnostics.short_names import clock, short_hash
from spectramind.plotting import html_tables as tables
from spectramind.plotting import plot
from spectramind.plotting.document import place
from spectramind.plotting.html_tables import Column
from spectramind.plotting.plot import Figure

_PREFIX = "score_"
_MOST = 40  # configurations in the figure, the newest
_ROW_PX = 30
# From pale to strong, told apart by lightness alone.
_SCALE = [[0, "#e8f0fc"], [0.5, "#7fa8e6"], [1, "#123f82"]]


def collect(context: ReportContext) -> Values | Lack:
    """One row a config hash, its last good score by estimator, oldest first."""
    data = context.data
    found: dict[str, dict[str, Any]] = {}
    for event in [*data.events, *data.runs.sweeps]:
        scores = _scores(event)
        if scores:
            key = str(event.get("cfg_hash"))
            found.pop(key, None)  # the last one counts, in its place
            found[key] = _row(event, scores)
    if not found:
        return Lack(data.problems.get("events", ""))
    rows = list(found.values())
    names = dict.fromkeys(name for row in rows for name in row["scores"])
    return {"configs": rows, "estimators": list(names)}


def _scores(event: Mapping[str, Any]) -> dict[str, float | None]:
    """By estimator, from the record's numbers; empty for what scored nothing."""
    metrics = event.get("metrics")
    if event.get("cmd") != "score" or event.get("status") == "fail" or not metrics:
        return {}
    return {
        name.removeprefix(_PREFIX): plain([value])[0]
        for name, value in metrics.items()
        if name.startswith(_PREFIX) and isinstance(value, (int, float))
    }


def _row(event: Mapping[str, Any], scores: Mapping[str, float | None]) -> dict[str, Any]:
    args = event.get("args")
    typed = args.get("overrides") if isinstance(args, Mapping) else None
    settings = [str(one) for one in typed] if isinstance(typed, list) else []
    return {
        "config": short_hash(event.get("cfg_hash")),
        "science": short_hash(event.get("science_hash")),
        "git": short_hash(event.get("git_sha")),
        "date": clock(event.get("ts")),
        "settings": settings,
        "scores": dict(scores),
    }


def draw(values: Values) -> PanelBody:
    """The heat map, and a table that says what each configuration is."""
    rows = _told(values["configs"])
    names = values["estimators"]
    columns = (
        Column("date", "scored"),
        Column("config", "config"),
        Column("science", "science"),
        Column("git", "git"),
        *(Column(f"score_{n}", name, ".4f") for n, name in enumerate(names)),
        Column("own", "settings of its own"),
    )
    shown = [
        row | {f"score_{n}": row["scores"].get(name) for n, name in enumerate(names)}
        for row in rows
    ]
    brief = [
        {
            "config": row["config"],
            "scored": row["date"],
            **{name: row["scores"].get(name) for name in names[:3]},
        }
        for row in rows[-8:]
    ]
    files = [
        {key: row[key] for key in ("date", "config", "science", "git")}
        | {name: row["scores"].get(name) for name in names}
        | {"settings": " ".join(row["settings"])}
        for row in rows
    ]
    note = (
        f"{len(rows)} scored here, each configuration by its last score. The science hash leaves "
        "out what cannot change a number (paths, workers, pages): where two rows share it and "
        "differ in score, data or code changed."
    )
    html = place("config-scores") + tables.table(columns, shown[::-1])
    drawn = {"config-scores": figure(rows[-_MOST:], names)}
    return PanelBody(html, note, drawn, tables={"config_scores": files}, brief=brief)


def _told(rows: list[Values]) -> list[Values]:
    """Each row with the settings that not all rows share."""
    shared = set.intersection(*(set(row["settings"]) for row in rows)) if len(rows) > 1 else set()
    own: list[Iterable[str]] = [[s for s in row["settings"] if s not in shared] for row in rows]
    return [row | {"own": " ".join(more) or None} for row, more in zip(rows, own, strict=True)]


def figure(rows: list[Values], names: list[str]) -> Figure:
    """Configurations down, the newest on top; estimators across; the score in every cell."""
    rows = rows[::-1]
    cells = [[row["scores"].get(name) for name in names] for row in rows]
    heat = {
        "type": "heatmap",
        "x": [tables.shown(name) for name in names],
        "y": list(range(len(rows))),
        "z": [plot.listed([_nan(cell) for cell in row], 4) for row in cells],
        "text": [["" if cell is None else f"{cell:.3f}" for cell in row] for row in cells],
        "texttemplate": "%{text}",
        "colorscale": _SCALE,
        "zmin": 0,
        "zmax": 1,
        "xgap": 2,
        "ygap": 2,
        "hoverongaps": False,
        "showscale": False,
        "hovertemplate": "%{x}: %{z:.4f}<extra></extra>",
    }
    layout = plot.single_layout() | {
        "height": 110 + _ROW_PX * max(len(rows), 3),
        "margin": {"l": 92, "r": 8, "t": 12, "b": 56},
        "xaxis": {"type": "category", "showgrid": False, "title": {"text": "estimator"}},
        "yaxis": {
            "tickvals": list(range(len(rows))),
            "ticktext": [str(row["config"]) for row in rows],
            "autorange": "reversed",
            "showgrid": False,
            "title": {"text": "config hash", "standoff": 4},
        },
    }
    return {"data": [heat], "layout": layout}


def _nan(value: float | None) -> float:
    return float("nan") if value is None else value


PANEL = Panel(
    topic="runs",
    anchor="config-score-map",
    title="Configurations and scores",
    needs="scores by configuration",
    command="score",
    look_for="The darkest row of the first column is the best configuration so far; where the "
    "references change with it, too, the data changed and not only the estimator.",
    collect=collect,
    draw=draw,
)
