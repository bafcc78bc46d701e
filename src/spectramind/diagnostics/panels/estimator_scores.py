"""Scores of the submitted estimator and of those it stands beside."""

from spectramind.diagnostics.panel import Lack, Panel, PanelBody, ReportContext, Values, plain
from spectramind.plotting import html_tables as tables
from spectramind.plotting.html_tables import Column

COLUMNS = (
    Column("name", "estimator"),
    Column("score", "score", ".4f"),
    Column("low", "CI low", ".4f"),
    Column("high", "CI high", ".4f"),
    Column("fgs1_score", "FGS1 score", ".4f"),
    Column("airs_score", "AIRS score", ".4f"),
    Column("rms_fgs1_ppm", "rms FGS1 [ppm]", ",.1f"),
    Column("rms_airs_mean_ppm", "rms AIRS mean [ppm]", ",.1f"),
    Column("rms_airs_shape_ppm", "rms AIRS shape [ppm]", ",.1f"),
    Column("coverage_1sigma", "inside ±1σ", ".1%"),
    Column("coverage_interval", "inside interval", ".1%"),
)


def collect(context: ReportContext) -> Values | Lack:
    """One row an estimator, the submitted one first; how many planets, how many with truth."""
    data = context.data
    if not data.summaries:
        return Lack(data.problems.get("summaries", ""))
    numbers = [column.key for column in COLUMNS if column.spec]
    rows = [
        {
            "name": row.get("name"),
            **{key: plain([row[key]])[0] for key in numbers if row.get(key) is not None},
        }
        for row in data.summaries
    ]
    return {
        "estimators": rows,
        "level": data.coverage_level,
        "planets": len(data.planet_ids),
        "labelled": 0 if context.score is None else len(context.score.ids),
    }


def draw(values: Values) -> PanelBody:
    """Cards, the estimators on one line, and their table."""
    rows = values["estimators"]
    model = rows[0]
    cards = tables.card(
        "Official score",
        tables.shown(model.get("score"), ".3f"),
        f"CI {tables.shown(model.get('low'), '.3f')} to {tables.shown(model.get('high'), '.3f')}",
    )
    for other in rows[1:]:
        if None not in (model.get("score"), other.get("score")):
            gain = f"{model['score'] - other['score']:+.3f}"
            cards += tables.card(f"Beside {other['name']}", gain, f"its score {other['score']:.3f}")
    inside = tables.shown(model.get("coverage_1sigma"), ".1%")
    cards += tables.card("Inside ±1σ", inside, "68.3% expected of an honest σ")
    if values["level"] is not None:
        cards += tables.card(
            "Inside the interval",
            tables.shown(model.get("coverage_interval"), ".1%"),
            f"at least {values['level']:.0%} promised per bin",
        )
    known = str(values["labelled"] or "none")
    cards += tables.card("Planets", f"{values['planets']:,}", f"{known} with known truth")
    html = f'<div class="cards">{cards}</div>{tables.whiskers(rows)}'
    return PanelBody(html + tables.table(COLUMNS, rows, first="model"))


PANEL = Panel(
    topic="overview",
    anchor="scores",
    title="Scores",
    needs="scores of the model and of the references",
    command="score",
    look_for="The first estimator is the one submitted: its interval should lie right of the "
    "others', and its share inside ±1σ near 68.3%.",
    collect=collect,
    draw=draw,
)
