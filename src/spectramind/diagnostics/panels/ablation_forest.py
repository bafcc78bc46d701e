"""What ``ablate`` found: every variant's score beside the base."""

from dataclasses import asdict

from spectramind.diagnostics.ablation_page import COLUMNS, cells, differences
from spectramind.diagnostics.panel import (
    Lack,
    Panel,
    PanelBody,
    PlainWords,
    ReportContext,
    Values,
)
from spectramind.evaluation.ablation_rows import AblationRow, AblationTable, ranked
from spectramind.evaluation.ablation_tables import how_to_read
from spectramind.evaluation.paired import Difference
from spectramind.plotting import html_tables as tables
from spectramind.plotting.document import lead, place


def collect(context: ReportContext) -> Values | Lack:
    """The rows: base, physics, then the variants, the best first."""
    data = context.data
    table = data.runs.ablation
    if table is None:
        return Lack(data.problems.get("ablation", ""))
    ordered = [*table.rows[:2], *ranked(table)]
    return {
        "rows": [_plain(row) for row in ordered],
        "cells": [cells(row, table) for row in ordered],
        "judged_on": table.judged_on,
        "remarks": table.remarks(),
        "how": how_to_read(table),
        "made": _made(table),
    }


def _plain(row: AblationRow) -> Values:
    found = asdict(row) | {"verdict": row.verdict}
    return found | {key: list(found[key]) for key in ("by_seed", "by_planet")}


def _made(table: AblationTable) -> str:
    """When and of what."""
    keys = [key for key in ("date", "config") if key in table.provenance]
    return ", ".join(f"{key} {table.provenance[key]}" for key in keys)


def draw(values: Values) -> PanelBody:
    """The forest and the table."""
    rows = [_row(row) for row in values["rows"]]
    note = f"Judged on {values['judged_on']}"
    note += f" ({values['made']})." if values["made"] else "."
    note += "".join(f" {remark[0].upper()}{remark[1:]}." for remark in values["remarks"])
    brief = [
        {
            "variant": row["name"],
            "score": round(row["score"], 4),
            "less base": cell["difference"],
            "interval": cell["interval"],
            "verdict": cell["verdict"],
        }
        for row, cell in zip(values["rows"], values["cells"], strict=True)
    ]
    html = place("ablation-forest") + lead(values["how"]) + tables.table(COLUMNS, values["cells"])
    return PanelBody(
        html,
        note,
        {"ablation-forest": differences(rows[2:] + rows[1:2])},
        tables={"ablation": values["cells"]},
        brief=brief,
        verdict=verdict(rows),
    )


def _row(row: Values) -> AblationRow:
    fields = {key: value for key, value in row.items() if key != "verdict"}
    return AblationRow(**fields | {"difference": Difference(**fields["difference"])})


def verdict(rows: list[AblationRow]) -> PlainWords:
    """Whether a variant beats the base beyond chance."""
    better = [row for row in rows[2:] if row.verdict == "better"]
    if not better:
        return PlainWords("good", f"None of {len(rows) - 2} variants is better than the base.")
    best = better[0]
    gap, span = best.difference.texts()
    told = f"{len(better)} of {len(rows) - 2} variants are better than the base, "
    return PlainWords("look", f"{told}{best.name} most ({gap}, 95 % interval {span}).")


PANEL = Panel(
    topic="runs",
    anchor="ablation",
    title="Ablation",
    needs="ablation of the parts",
    command="ablate",
    look_for="Right of the line a variant is better than the base; a bar that crosses the line "
    "says that these planets and seeds cannot tell the two apart.",
    collect=collect,
    draw=draw,
)
