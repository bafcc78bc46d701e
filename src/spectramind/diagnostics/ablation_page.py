"""The page of an ablation: every variant's difference to the base, and the table."""

from spectramind.evaluation.ablation_rows import AblationRow, AblationTable, ranked
from spectramind.evaluation.ablation_tables import GAIN, how_to_read
from spectramind.plotting import html_tables as tables
from spectramind.plotting import plot
from spectramind.plotting.document import PagePart, document, lead, place
from spectramind.plotting.html_tables import Column
from spectramind.plotting.plot import Figure, Trace

COLUMNS = (
    Column("name", "variant"),
    Column("score", "score", ".4f"),
    Column("difference", "less base", "s"),
    Column("interval", "95 % interval", "s"),
    Column("verdict", "verdict"),
    Column("kept", "networks kept"),
    Column("gain", "gain, early-stop fold", ".4f"),
    Column("seeds", "score of each seed"),
    Column("changes", "changes"),
)
_COLOURS = {"better": plot.GOOD, "worse": plot.TRUTH}
_ROW_PX = 26


def build_ablation_page(table: AblationTable) -> str:
    """One HTML text that needs nothing else."""
    intro = (
        f"Judged on {table.judged_on}. Right of the line: better than the base. A bar that crosses "
        "the line says that these planets and seeds cannot tell the two apart."
    )
    notes = "".join(lead(f"{note[0].upper()}{note[1:]}.") for note in table.remarks())
    variants = [*ranked(table), table.rows[1]]
    html = (
        lead(intro) + place("differences") + (f'<div class="cards">{notes}</div>' if notes else "")
    )
    shown = [table.base, table.rows[1], *ranked(table)]
    rows = [cells(row, table) for row in shown]
    return document(
        "Ablation",
        table.provenance,
        [
            PagePart("against", "Against the base", html, {"differences": differences(variants)}),
            PagePart(
                "rows",
                "All variants",
                lead(f"{how_to_read(table)} {GAIN}") + tables.table(COLUMNS, rows),
            ),
        ],
    )


def differences(rows: list[AblationRow]) -> Figure:
    """Differences with their intervals, the best on top, one colour a verdict."""
    names = [row.name for row in rows]
    data: list[Trace] = []
    for verdict in dict.fromkeys(row.verdict for row in rows):
        here = [row for row in rows if row.verdict == verdict]
        gaps = [row.difference for row in here]
        colour = _COLOURS.get(verdict, plot.NEUTRAL)
        spread = {
            "type": "data",
            "symmetric": False,
            "array": [gap.high - gap.value for gap in gaps],
            "arrayminus": [gap.value - gap.low for gap in gaps],
            "color": colour,
        }
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": verdict,
                "x": [gap.value for gap in gaps],
                "y": [row.name for row in here],
                "error_x": spread,
                "marker": {
                    "color": colour,
                    "size": 9,
                    "symbol": "circle-open" if verdict == "same" else "circle",
                },
                "hovertemplate": "%{y}: %{x:+.4f}<extra></extra>",
            }
        )
    margin = 24 + 7 * max(len(name) for name in names)
    layout = plot.single_layout()
    layout |= {
        "height": 110 + _ROW_PX * len(names),
        "margin": layout["margin"] | {"l": margin},
        "xaxis": {"title": {"text": "official score less the base's"}, "zeroline": True},
        "yaxis": {"type": "category", "categoryarray": names[::-1], "categoryorder": "array"},
    }
    return {"data": data, "layout": layout}


def cells(row: AblationRow, table: AblationTable) -> dict[str, object]:
    """A row of the table."""
    gap = None if row is table.base else row.difference
    return {
        "name": row.name,
        "score": row.score,
        "difference": None if gap is None else gap.texts()[0],
        "interval": None if gap is None else gap.texts()[1],
        "verdict": None if gap is None else row.verdict,
        "kept": None if row.kept is None else f"{row.kept} of {len(table.seeds)}",
        "gain": None if row.kept is None else row.gain,
        "seeds": ", ".join(f"{one:.3f}" for one in row.by_seed),
        "changes": row.changes,
    }
