"""Scores of the submitted estimator and of those it stands beside."""

from spectramind.diagnostics.panel import Lack, Panel, PanelBody, ReportContext, Values, plain
from spectramind.diagnostics.plain_verdicts import SAME_SCORE, score_words
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
            cards += tables.card(f"Beside {other['name']}", *_beside(model, other))
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
    brief = [
        {
            "estimator": row["name"],
            "score": row.get("score"),
            "from": row.get("low"),
            "to": row.get("high"),
            "inside ±1σ": row.get("coverage_1sigma"),
            "inside interval": row.get("coverage_interval"),
        }
        for row in rows
    ]
    return PanelBody(
        html + tables.table(COLUMNS, rows, first="model"),
        tables={"scores": rows},
        brief=brief,
        verdict=score_words(rows, values["labelled"]),
    )


def _beside(model: Values, other: Values) -> tuple[str, str]:
    """How the submitted estimator stands beside another, in a word or a number, and its score."""
    gain = model["score"] - other["score"]
    told = "the same" if abs(gain) < SAME_SCORE else f"{gain:+.3f}".replace("-", "−")
    return told, f"its score {other['score']:.3f}"


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
