"""What the page's script needs: one run or two, the failures tried. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from giaoban.results.model.map import Map
from giaoban.results.model.result import Result
from giaoban.results.model.series import Series
from giaoban.results.model.studies.failures import FaultsAnswer
from giaoban.results.model.studies.meetings import Entry
from giaoban.results.model.studies.sensitivity import Sensitivity
from giaoban.results.report.excerpt import Excerpt, excerpt
from giaoban.results.report.view.run_data import assumed_data, run_data
from giaoban.translation import Language

SCHEMA = "giaoban.page/2"


class PageRun(NamedTuple):
    """A check as the page takes it. `analysis` is of its assumptions, drawn in each language."""

    result: Result
    series: Series | None
    map: Map | None
    minutes: Sequence[Entry] = ()
    analysis: Sensitivity | None = None
    tornado: Mapping[Language, Path] = MappingProxyType({})

    def shown(self) -> tuple[PageRun, Excerpt | None]:
        """What the page shows of it: all of it, or a part of a large one."""
        part = excerpt(self.result, self.series)
        if part is None:
            return self, None
        return self._replace(result=part.result, series=part.series), part


class PageSubject(NamedTuple):
    """All that a page is of. `other` is a run to compare with, `failures` what every failure does;
    without a `run` the page is about failures alone."""

    run: PageRun | None
    other: PageRun | None = None
    failures: FaultsAnswer | None = None
    failures_map: Map | None = None


def page_data(of: PageSubject, lang: Language) -> dict[str, Any]:
    """The data of the page that begins in a language. Raises `ValueError`: of nothing."""
    if of.run is None and of.failures is None:
        raise ValueError("a page of nothing")
    return {
        "schema": SCHEMA,
        "lang": lang,
        "run": None if of.run is None else _run(of.run),
        "other": None if of.other is None else _run(of.other),
        "failures": None if of.failures is None else _failures(of.failures, of.failures_map),
    }


def _run(run: PageRun) -> dict[str, Any]:
    shown = run.shown()[0]
    data = run_data(shown.result, shown.series, shown.map)
    return data if run.analysis is None else data | assumed_data(run.analysis)


def _failures(answer: FaultsAnswer, network: Map | None) -> dict[str, Any]:
    return {
        "run_id": answer.run_id,
        "verdict": answer.verdict,
        "single_points": [point.element.id for point in answer.single_points],
        "links": {f"{w.id} {w.direction}": w.peak_pct for w in answer.links},
        "map": None if network is None else network.model_dump(by_alias=True),
    }
