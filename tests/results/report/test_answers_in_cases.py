"""Every kind of answer in cases: one fails if and only if the whole does, and the headline is the
one that a terminal shows first."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

import load_factory
import meeting_factory
import pytest
import results_factory
from failures_factory import answer as failures
from failures_factory import failure
from junit_schema import by_schema

from giaoban.results.judge.accepted_cases import (
    AcceptedCases,
    accept_cases,
    against_cases,
    changes,
    text_of_cases,
)
from giaoban.results.judge.cases import Case, JudgedFigure, Report
from giaoban.results.model.studies.sweep import SweepAnswer, SweepPoint
from giaoban.results.report.ci.answers import (
    of_check,
    of_faults,
    of_load,
    of_meeting,
    of_sweep,
)
from giaoban.results.report.ci.commands import Commands
from giaoban.results.report.ci.junit import junit_xml
from giaoban.results.report.document import Block, Par, plain
from giaoban.results.report.meetings import meeting_summary
from giaoban.results.report.summaries import check_summary, failures_summary, load_summary

ON = date(2026, 11, 27)


def first_line(blocks: Iterable[Block]) -> str:
    head = next(block for block in blocks if isinstance(block, Par))
    return plain(head.text)


def reports() -> Iterable[Any]:
    for verdict in ("pass", "invalid"):
        reasons = ["the guest hung"] if verdict == "invalid" else []
        checked = results_factory.result().model_copy(
            update={"verdict": verdict, "reasons": reasons}
        )
        yield pytest.param(of_check(checked), check_summary.brief(checked), id=f"check, {verdict}")
    for bad in ({}, {"timeout": 3}):
        load = load_factory.calls(failed=bad)
        yield pytest.param(of_load(load), load_summary.brief(load), id=f"load, {load.verdict}")
    sound = meeting_factory.answer()
    deaf = meeting_factory.answer(
        meeting_factory.part(
            verdict="fail", bridges=[meeting_factory.bridge("cu-jut", connected=False, refused=486)]
        ),
        verdict="fail",
    )
    for held in (sound, deaf):
        yield pytest.param(
            of_meeting(held), meeting_summary.brief(held, "en"), id=f"meeting, {held.verdict}"
        )
    for faults in (failures(), failures([failure("cut:a--b", verdict="fail", reasons=["slow"])])):
        yield pytest.param(
            of_faults(faults), failures_summary.brief(faults), id=f"faults, {faults.verdict}"
        )


@pytest.mark.parametrize(("report", "shown"), list(reports()))
def test_cases_say_what_the_whole_says(report: Report, shown: Iterable[Block]) -> None:
    assert str(report.headline) == first_line(shown)
    assert bool(report.failed) == (report.verdict != "pass")
    assert all(case.lines for case in report.failed)
    ids = [case.id for case in report.cases]
    assert len(ids) == len(set(ids))
    assert not [ident for ident in ids if "202611" in ident]
    by_schema(junit_xml(report, Commands(("check", "s.toml"))))


def test_a_sweep_finds_and_does_not_judge() -> None:
    points = [
        SweepPoint(
            bridges=bridges, profile="720p30", device="rmx", failure="none", seed=1,
            verdict=verdict, method="estimate", in_meeting=10, cut_off=0,
            binding="mouth-to-ear", margin_pct=margin, key="0" * 64,
        )
        for bridges, verdict, margin in (("10", "pass", 20.0), ("20", "fail", -5.0))
    ]  # fmt: skip
    answer = SweepAnswer(
        run_id="sweep-1", question_en="Where?", question_vi="Ở đâu?",
        inputs=results_factory.result().inputs, points=points, computed=2, seconds=1.5,
    )  # fmt: skip
    report = of_sweep(answer)
    assert (report.verdict, report.judges) == ("pass", False)
    accepted = accept_cases(report, name="s", reason="known", on=ON)
    assert against_cases(report, accepted)[0].verdict == "pass"
    worse = [points[0].model_copy(update={"verdict": "fail", "margin_pct": -1.0}), points[1]]
    judged, _ = against_cases(of_sweep(answer.model_copy(update={"points": worse})), accepted)
    assert (judged.verdict, judged.judges) == ("fail", True)
    assert [case.id for case in judged.failed] == ["10/720p30/rmx/none"]


# ------------------------------------------------------------------------------------- accepting


def report(*cases: Case) -> Report:
    failed = any(case.status == "fail" for case in cases)
    return Report("check", "x", "fail" if failed else "pass", "…", list(cases))


def slow(ms: float | None, limit: float = 100.0, sense: Any = "at-most") -> Case:
    late = ms is None or (ms > limit if sense == "at-most" else ms < limit)
    return Case("slow", "fail" if late else "pass", ["…"], JudgedFigure(ms, limit, "ms", sense))


@pytest.mark.parametrize(
    ("was", "now", "senses"),
    [
        (slow(50.0), slow(50.9), []),
        (slow(50.0), slow(51.1), ["worse"]),
        (slow(50.0), slow(48.0), ["better"]),
        (slow(50.0), slow(120.0), ["worse"]),
        (slow(120.0), slow(121.5), ["worse"]),
        (slow(120.0), slow(90.0), ["better"]),
        (slow(120.0, sense="at-least"), slow(118.0, sense="at-least"), ["worse"]),
        (slow(120.0, sense="at-least"), slow(125.0, sense="at-least"), ["better"]),
        (slow(50.0), Case("other", "pass"), ["worse", "other"]),
        (slow(50.0), Case("slow", "not-judged"), ["other"]),
    ],
)
def test_what_is_worse_than_accepted(was: Case, now: Case, senses: list[str]) -> None:
    accepted = accept_cases(report(was), name="x", reason="known", on=ON)
    assert [change.sense for change in changes(accepted, report(now))] == senses


def test_a_new_case_that_fails_is_worse() -> None:
    accepted = accept_cases(report(slow(50.0)), name="x", reason="known", on=ON)
    now = report(slow(50.0), replace(slow(120.0), id="another"))
    assert [(c.sense, c.case) for c in changes(accepted, now)] == [("worse", "another")]


def test_the_file_is_read_back() -> None:
    accepted = accept_cases(report(slow(120.0)), name="x", reason='"so" it is', on=ON)
    data = tomllib.loads(text_of_cases(accepted))
    assert AcceptedCases.model_validate(data) == accepted
