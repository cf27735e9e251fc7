"""When reports are made, as the emulation's own sides of a session make them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scenario_factory import SCENARIOS

from giaoban.mcu_sim.media.leg import KINDS
from giaoban.scenarios.estimate.media.rtcp import Reports, ReportsByStream, _intervals_ns, reports
from giaoban.scenarios.estimate.media.windows import Windows
from giaoban.scenarios.estimate.network.failing import FailingPaths
from giaoban.scenarios.estimate.signalling import signal
from giaoban.scenarios.estimate.timeline import Timeline
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.study.failures.trial import ask, possible_in, question_of
from giaoban.traffic.rtcp.session import Reporter

PLAN = make_question(SCENARIOS / "expansion-gia-nghia-quang-son.toml").plan
MEETING = signal(PLAN)
"""Gia Nghĩa hangs up while a report about it is due: found in an emulation."""


def test_reports_are_as_far_apart_as_a_reporter_with_the_seed_draws_them() -> None:
    count = 200  # of draws more than are made at a time
    reporter = Reporter(1, "mcu", 90_000, np.random.default_rng(5), 0)
    dues_ns = [reporter.due_ns]
    while len(dues_ns) < count:
        reporter.make(None, reporter.due_ns, 0)
        dues_ns.append(reporter.due_ns)
    assert _intervals_ns(5, count) == np.diff(dues_ns, prepend=0).tolist()


def made_by_mcu(meeting: Timeline, row: int) -> Reports:
    made = reports(PLAN, meeting, Windows.of(PLAN))
    return made[made["path"] == 2 * row + 1]


def test_the_mcu_says_bye_for_every_stream_of_a_call_that_ends() -> None:
    for leg in MEETING.mcu_legs:
        last = made_by_mcu(MEETING, leg.leg.row)[-len(leg.report_seeds) :]
        assert {KINDS[kind] for kind in last["kind"]} == set(leg.report_seeds)
        assert last["parting"].all()
        assert (last["made_ns"] == leg.to_ns).all()


def test_who_has_no_power_says_no_bye() -> None:
    legs = [replace(leg, power_gone=True) for leg in MEETING.mcu_legs]
    meeting = replace(MEETING, mcu_legs=legs)
    for leg in legs:
        assert not made_by_mcu(meeting, leg.leg.row)["parting"].any()


def test_a_report_that_is_due_when_a_call_ends_goes_before_its_bye_and_is_heard_by_nobody() -> None:
    row = next(n for n, call in enumerate(PLAN.calls) if call.bridge == "gia-nghia")
    [leg] = [leg for leg in MEETING.mcu_legs if leg.leg.row == row]
    made = made_by_mcu(MEETING, row)
    at_end = made[made["made_ns"] == leg.to_ns]
    assert len(at_end) == len(leg.report_seeds) + 1
    assert at_end["parting"].all()
    by_stream = ReportsByStream(PLAN, made, (), [1] * len(PLAN.streams))
    told = sum(len(by_stream._made_ns["mcu", "gia-nghia", kind]) for kind in leg.report_seeds)
    assert told == len(made) - len(at_end)


def test_an_mcu_that_ends_the_meeting_itself_reports_no_more() -> None:
    """It hangs up before it looks at its media: found in an emulation."""
    legs = [replace(leg, meeting_over=True) for leg in MEETING.mcu_legs]
    for leg in legs:
        made = made_by_mcu(replace(MEETING, mcu_legs=legs), leg.leg.row)
        assert np.count_nonzero(made["made_ns"] == leg.to_ns) == len(leg.report_seeds)


def test_bridges_that_cannot_hang_up_are_put_out_when_the_meeting_is_over() -> None:
    path = SCENARIOS / "expansion-gia-nghia-quang-son.toml"
    asked = ask(path, None, 5)
    plan = question_of(asked, possible_in(asked)["router:r-gia-nghia"]).plan
    legs = signal(plan, FailingPaths(plan)).mcu_legs
    over = [leg for leg in legs if leg.meeting_over]
    assert over
    assert {leg.to_ns for leg in over} == {max(leg.to_ns or 0 for leg in legs)}
