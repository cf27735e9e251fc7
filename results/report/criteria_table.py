"""The table of the criteria of a check or a load test, made once: a column added here is in every
rendering of it, on a terminal, in `summary.md`, in the annex (PDF, DOCX) and in a run's page, of
each language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple, Protocol

from giaoban.results.model.result import CriterionResult
from giaoban.results.model.studies.load import LoadCriterion
from giaoban.results.report.document import NOTHING, Align, Cell, Head, Table, toned
from giaoban.sentence import N_

Where = Literal["paper", "screen"]


class CriteriaWording[C: (CriterionResult, LoadCriterion)](Protocol):
    """Says in one language, and as long as its rendering has room for, what a column holds."""

    def heading(self, key: str) -> str: ...
    def criterion(self, c: C) -> str: ...
    def in_unit(self, value: float | None, c: C) -> str: ...
    def limit(self, c: C) -> str: ...
    def margin(self, c: C) -> str: ...
    def ok(self, c: C) -> bool | None:
        """Whether it is met; None: not judged."""
        ...

    def met(self, c: C) -> str: ...
    def where(self, c: C) -> str: ...
    def source(self, c: C) -> str: ...


class Column(NamedTuple):
    """`key` is its heading, which `N_` marks; `width` its share of a page's line; `but`: everywhere
    else; `located`: only of what was found somewhere, with a margin."""

    key: str
    align: Align
    width: float
    cell: Callable[[Any, CriteriaWording[Any]], Cell]
    but: Where | None = None
    located: bool = False


def _margin(c: CriterionResult, said: str) -> Cell:
    """With a bar where a share is told."""
    return Cell(said, bar=None if said == NOTHING else c.margin_pct)


COLUMNS = (
    Column(N_("criterion"), "left", 43, lambda c, say: Cell(say.criterion(c))),
    Column(N_("value"), "right", 20, lambda c, say: Cell(say.in_unit(c.value, c))),
    Column(N_("limit"), "right", 21, lambda c, say: Cell(say.limit(c))),
    Column(
        N_("margin"),
        "right",
        20,
        lambda c, say: _margin(c, say.margin(c)),
        located=True,
    ),
    Column(N_("result"), "center", 13, lambda c, say: Cell(say.met(c), bold=say.ok(c) is False)),
    Column(
        N_("worst at"),
        "left",
        40,
        lambda c, say: Cell(say.where(c)),
        "paper",
        located=True,
    ),
    Column(N_("source"), "left", 46, lambda c, say: Cell(say.source(c)), but="screen"),
)
"""On paper the place stands below the criterion's name."""
NAME, PLACE = 22, 11
"""Letters that a terminal of any width leaves of a criterion's name and of a place."""


def criteria_table[C: (CriterionResult, LoadCriterion)](
    criteria: Sequence[C], say: CriteriaWording[C], on: Where, caption: str = "", ident: str = ""
) -> Table:
    """A row a criterion, in the order given."""
    located = not any(isinstance(c, LoadCriterion) for c in criteria)
    columns = [c for c in COLUMNS if c.but != on and (located or not c.located)]
    keys = [column.key for column in columns]
    rows = []
    for c in criteria:
        row = [column.cell(c, say) for column in columns]
        if on == "paper":
            row[0] = Cell(row[0].text, sub=say.where(c))
        rows.append(toned(row, "bad") if say.ok(c) is False else row)
    return Table(
        caption=caption,
        head=[[Head(say.heading(key)) for key in keys]],
        rows=rows,
        widths=[column.width for column in columns],
        aligns=[column.align for column in columns],
        gives=(keys.index("worst at"), 0) if on == "screen" and located else (),
        ident=ident,
    )
