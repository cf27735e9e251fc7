"""Limits of what documents show of a large answer; `result.json` and `series.npz` hold all."""

from __future__ import annotations

from giaoban.results.model.result import Result
from giaoban.sentence import Sentence

MOST_ROWS = 40
"""Of a table or a list in `summary.md`."""
MOST_LINES = 300
"""In a plot."""
MOST_MAPPED = 300
"""Nodes on a map."""


def left_out(result: Result) -> list[str]:
    """Return sentences on what is not shown of a large run; empty for others."""
    said: list[str] = []
    bridges = len(result.question.existing) + len(result.question.new)
    if bridges > MOST_LINES:
        said.append(
            Sentence(
                "plots show the {lines} worst lines; result.json and series.npz hold all of "
                "{bridges:,} bridges",
                bridges=bridges,
                lines=MOST_LINES,
            )
        )
    if (nodes := len(result.names)) > MOST_MAPPED:
        said.append(
            Sentence(
                "there is no map: {nodes:,} nodes (up to {most} are drawn)",
                nodes=nodes,
                most=MOST_MAPPED,
            )
        )
    return said


def and_more(count: int) -> str | None:
    """Return the line below the first `MOST_ROWS` of `count` items; None: the list is whole."""
    if count <= MOST_ROWS:
        return None
    return Sentence("… and {more:,} more, in result.json", more=count - MOST_ROWS)
