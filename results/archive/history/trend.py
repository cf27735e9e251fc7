"""One criterion through time: its points."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from giaoban.results.archive.history.entry import CriterionValue, HistoryEntry


class TrendPoint(NamedTuple):
    """One run's value of a criterion; `counts`: it was measured, in a run that is valid."""

    at: datetime
    run_id: str
    scenario: str
    verdict: str | None
    engine: str
    counts: bool
    criterion: CriterionValue


def trend(entries: Iterable[HistoryEntry], criterion: str) -> list[TrendPoint]:
    """The runs that judged a criterion, in the order given."""
    return [
        TrendPoint(e.at, e.run_id, e.scenario, e.verdict, e.engine, e.counts, found)
        for e in entries
        if (found := e.criterion(criterion)) is not None
    ]


def drawable(points: Iterable[TrendPoint]) -> list[TrendPoint]:
    """Those that a picture shows."""
    return [p for p in points if p.counts and p.criterion.value is not None]
