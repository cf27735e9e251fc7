"""Everything on the page: one run or two, what changed between them, the failures tried. Pure."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from results.archive.history.compare import compare
from results.model.failures import FailureResult, FaultsAnswer
from results.model.result import Result
from results.model.series import Series
from results.report.view.map import Map
from results.report.view.run_data import both, run_data

SCHEMA = "giaoban.page/1"
Lang = Literal["vi", "en"]

_INPUTS = {
    "scenario": both("kịch bản", "scenario"),
    "province": both("dữ liệu mạng", "network data"),
    "mcu": both("danh mục thiết bị", "device data"),
    "criteria": both("bộ tiêu chí", "criteria"),
    "files": both("tệp kèm theo", "files"),
    "seed": both("số khởi tạo ngẫu nhiên", "seed"),
    "code": both("phiên bản phần mềm", "program version"),
    "engine": both("môi trường", "engine"),
    "question": both("nội dung đề nghị", "question"),
    "meeting": both("cách tổ chức phiên họp", "how the meeting is held"),
    "impairments": both("tác động chủ động", "impairments"),
}


class Run(NamedTuple):
    """A check as the page takes it."""

    result: Result
    series: Series | None
    map: Map | None


def page_data(
    run: Run | None,
    *,
    lang: Lang,
    other: Run | None = None,
    failures: FaultsAnswer | None = None,
    failures_map: Map | None = None,
) -> dict[str, Any]:
    """The data of the page. `other` is a run to compare with, `failures` what every failure does.

    Without a `run` the page is about failures alone.
    """
    if run is None and failures is None:
        raise ValueError("a page of nothing")
    return {
        "schema": SCHEMA,
        "lang": lang,
        "run": None if run is None else run_data(*run),
        "other": None if other is None else run_data(*other),
        "comparison": None
        if run is None or other is None
        else comparison(run.result, other.result),
        "failures": None if failures is None else _failures(failures, failures_map),
    }


def comparison(a: Result, b: Result) -> dict[str, Any]:
    """What changed from A to B; the criteria's figures are in the runs themselves."""
    found = compare(a, b)
    return {
        "inputs": [_INPUTS.get(word, both(word, word)) for word in found.inputs],
        "added": found.added,
        "removed": found.removed,
        "ways": {c.id: c.way for c in found.criteria},
        "measures": found.measures,
    }


def _failures(answer: FaultsAnswer, network: Map | None) -> dict[str, Any]:
    compared = answer.comparison
    return {
        "run_id": answer.run_id,
        "verdict": answer.verdict,
        "comparison": compared
        and {
            "baseline": compared.baseline,
            "worse": len(compared.worse),
            "by_criteria": compared.by_criteria,
        },
        "question": both(answer.question.text_vi, answer.question.text_en),
        "whole": answer.whole,
        "possible": len(answer.possible),
        "untried": len(answer.untried),
        "interruption_limit_ms": answer.interruption_limit_ms,
        "link_limit_pct": answer.link_limit_pct,
        "names": {b.id: b.name for b in answer.bridges},
        "single_points": [
            {
                "kind": p.element.kind,
                "id": p.element.id,
                "name": both(p.name_vi, p.name_en),
                "cut_off": [answer.name(b) for b in p.cut_off],
                "accepted": p.is_accepted,
                "reasons": [both(each.reason_vi, each.reason) for each in p.reasons],
            }
            for p in answer.single_points
        ],
        "failures": [_failure(f, answer) for f in answer.failures],
        "links": {f"{w.id} {w.direction}": w.peak_pct for w in answer.links},
        "map": None if network is None else network.model_dump(by_alias=True),
    }


def _failure(failure: FailureResult, answer: FaultsAnswer) -> dict[str, Any]:
    worst = failure.worst_link
    source, _, target = (worst.direction if worst else "").partition("->")
    return {
        "id": failure.id,
        "name": both(failure.name_vi, failure.name_en),
        "verdict": failure.verdict,
        "interruption_ms": failure.interruption_ms,
        "interruption_at": failure.interruption_at and answer.name(failure.interruption_at),
        "restored_ms": failure.restored_interruption_ms,
        "restored_at": failure.restored_interruption_at
        and answer.name(failure.restored_interruption_at),
        "accepted": failure.accepted is not None,
        "packets_lost": failure.packets_lost if failure.bridges else None,
        "cut_off": [answer.name(b) for b in failure.cut_off],
        "needlessly": [answer.name(b) for b in failure.lost_needlessly],
        "worst_pct": worst and worst.peak_pct,
        "worst_at": worst and f"{answer.name(source)} → {answer.name(target)}",
    }
