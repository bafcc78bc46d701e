"""Which planets of a table have a page to open."""

from collections.abc import Sequence

from spectramind.diagnostics.panel import ReportContext, Values


def with_pages(context: ReportContext, rows: Sequence[Values]) -> list[Values]:
    """Rows with ``page``: whether the planet of key ``planet`` has one to be linked to."""
    there = {context.data.planet_ids[row] for row in context.rows.tolist()}
    return [{**row, "page": row["planet"] in there} for row in rows]


def for_files(rows: Sequence[Values]) -> list[Values]:
    """The rows without what only the page needs."""
    return [{key: value for key, value in row.items() if key != "page"} for row in rows]
