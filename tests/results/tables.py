"""The rows of a table of a report, by what stands above each cell."""

from __future__ import annotations

from giaoban.results.report.document import Table


def rows_of(table: Table) -> list[dict[str, str]]:
    titles = table.titles()
    return [dict(zip(titles, (c.text for c in row), strict=True)) for row in table.rows]
