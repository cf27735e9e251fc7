"""When RTCP leaves among media: it waits for its own queue's next packet, and goes before that."""

from __future__ import annotations

import copy

import numpy as np
from scenario_factory import SCENARIOS

from giaoban.mcu_sim.media.leg import KINDS
from giaoban.scenarios.estimate.media.fq_model import HANDED_NS, FqModel, RtcpDeparture
from giaoban.scenarios.estimate.media.rtcp import REPORT_DTYPE, reports
from giaoban.scenarios.estimate.media.windows import Windows
from giaoban.scenarios.estimate.network.flows import Flows
from giaoban.scenarios.estimate.signalling import signal
from giaoban.scenarios.plan.question import make_question

MS = 1_000_000
FLOWS = Flows.of(make_question(SCENARIOS / "expansion-gia-nghia-quang-son.toml").plan)
STREAM = 0
PATH, KIND = int(FLOWS.path_of[STREAM]), KINDS[FLOWS.kinds[STREAM]]
CONTROL = FLOWS.control(PATH, KIND)


def fq_model(*made_ms: float) -> FqModel:
    """Reports on the way of `STREAM`, of its medium, made at these moments."""
    rows = [(KINDS.index(KIND), PATH, round(ms * MS), 100, False) for ms in made_ms]
    return FqModel(FLOWS, np.array(rows, REPORT_DTYPE))


def at_ms(*ms: float) -> np.ndarray:
    return np.array([round(one * MS) for one in ms], np.int64)


def test_a_report_waits_for_the_packet_that_was_first_when_it_was_made() -> None:
    # its own moment would be 102.5 ms
    [departure] = fq_model(101).media(STREAM, at_ms(80, 100, 120, 140))
    assert departure == RtcpDeparture(120 * MS, None, CONTROL, 100, 0)


def test_behind_that_packet_it_leaves_at_its_own_moment() -> None:
    [departure] = fq_model(101).media(STREAM, at_ms(100, 101.5, 102, 103))
    assert departure == RtcpDeparture(round(102.5 * MS), 102 * MS, CONTROL, 100, 0)


def test_what_is_not_handed_over_yet_holds_nothing_up() -> None:
    later_ms = 101 + HANDED_NS / MS + 1
    [departure] = fq_model(101).media(STREAM, at_ms(100, later_ms))
    assert departure == RtcpDeparture(round(102.5 * MS), 101 * MS, CONTROL, 100, 0)


def test_without_media_it_leaves_at_its_own_moment_and_once() -> None:
    known = fq_model(101, 201, 301)
    assert [one.number for one in known.media(STREAM, at_ms(180, 200, 220))] == [0, 1]
    assert list(known.alone(400 * MS)) == [
        RtcpDeparture(round(302.5 * MS), 301 * MS, CONTROL, 100, 2)
    ]
    assert not list(known.alone(500 * MS))
    assert not known.media(STREAM, at_ms(600))


def test_a_copy_goes_on_by_itself() -> None:
    known = fq_model(101, 201)
    known.media(STREAM, at_ms(100, 120))
    other = copy.deepcopy(known)
    assert [one.number for one in other.media(STREAM, at_ms(200, 220))] == [1]
    assert [one.number for one in known.media(STREAM, at_ms(200, 220))] == [1]


def test_a_request_leaves_just_before_the_packet_that_it_waits_for() -> None:
    known = fq_model()
    known.media(STREAM, at_ms(100, 120))
    assert known.unexpected(CONTROL, 101 * MS, 86, 7) == RtcpDeparture(
        120 * MS - 1, None, CONTROL, 86, 7
    )
    soon = known.unexpected(CONTROL, round(98.5 * MS), 86, 8)
    assert soon == RtcpDeparture(round(102.5 * MS), 100 * MS, CONTROL, 86, 8)
    after = known.unexpected(CONTROL, 121 * MS, 86, 9)
    assert after == RtcpDeparture(round(122.5 * MS), 121 * MS, CONTROL, 86, 9)


def test_of_two_at_one_moment_the_queue_that_fell_asleep_first_is_first() -> None:
    early, late = RtcpDeparture(5, 3, 900, 86, 0), RtcpDeparture(5, 4, 20, 86, 1)
    assert sorted([late, early]) == [early, late]


def test_a_transaction_that_ends_wakes_the_mcu_for_a_report() -> None:
    """32 s after a call was answered its timer runs out (RFC 6026): found in an emulation."""
    plan = make_question(SCENARIOS / "expansion-thin-link.toml").plan
    meeting = signal(plan)
    made = reports(plan, meeting, Windows.of(plan))
    by_mcu = set(made["made_ns"][made["path"] % 2 == 1].tolist())
    off_grid = {ns for ns in by_mcu if ns % (40 * MS)}
    assert off_grid
    assert off_grid <= set(meeting.mcu_woken)


def test_a_timer_that_was_taken_back_wakes_nobody() -> None:
    """The 200 would be sent again after T1 (RFC 3261 §13.3.1.4) if its ACK had not come."""
    meeting = signal(make_question(SCENARIOS / "expansion-gia-nghia-quang-son.toml").plan)
    answered_ns = np.array([leg.from_ns for leg in meeting.mcu_legs])
    since_ns = np.subtract.outer(meeting.mcu_woken, answered_ns)
    assert len(answered_ns) == 10
    assert not ((since_ns > 490 * MS) & (since_ns < 510 * MS)).any()
