"""When reports are made, as the emulation's own sides of a session make them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Literal, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scenario_factory import SCENARIOS, scenario

from giaoban.mcu_sim.media.leg import KINDS, Kind
from giaoban.scenarios.estimate.media.captures import captures_of
from giaoban.scenarios.estimate.media.logs import ReceivedLogs, received_log
from giaoban.scenarios.estimate.media.media import estimate_media
from giaoban.scenarios.estimate.media.rtcp import (
    Reports,
    ReportsByStream,
    _intervals_ns,
    reported,
    reports,
)
from giaoban.scenarios.estimate.media.windows import Windows
from giaoban.scenarios.estimate.network.ended import ARRIVAL_DTYPE
from giaoban.scenarios.estimate.network.failing import FailingPaths
from giaoban.scenarios.estimate.signalling import signal
from giaoban.scenarios.estimate.timeline import Timeline
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.study.failures.trial import possible_in, question_of
from giaoban.traffic.log import RECEIVED
from giaoban.traffic.rtcp.session import Reporter
from tests.traffic.receiver.rfc3550 import Source

SSRC = 7

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
    received = SimpleNamespace(
        counts=np.ones(len(PLAN.streams)), reports=partial(np.empty, 0, ARRIVAL_DTYPE)
    )
    by_stream = ReportsByStream(PLAN, MEETING, made, {}, cast(ReceivedLogs, received))
    told = sum(len(by_stream._of["mcu", "gia-nghia", kind].made_ns) for kind in leg.report_seeds)
    assert told == len(made) - len(at_end)


def test_an_mcu_that_ends_the_meeting_itself_reports_no_more() -> None:
    """It hangs up before it looks at its media: found in an emulation."""
    legs = [replace(leg, meeting_over=True) for leg in MEETING.mcu_legs]
    for leg in legs:
        made = made_by_mcu(replace(MEETING, mcu_legs=legs), leg.leg.row)
        assert np.count_nonzero(made["made_ns"] == leg.to_ns) == len(leg.report_seeds)


def test_bridges_that_cannot_hang_up_are_put_out_when_the_meeting_is_over() -> None:
    path = SCENARIOS / "expansion-gia-nghia-quang-son.toml"
    asked = make_question(path, seed=5)
    plan = question_of(asked, possible_in(asked)["router:r-gia-nghia"]).plan
    legs = signal(plan, FailingPaths(plan)).mcu_legs
    over = [leg for leg in legs if leg.meeting_over]
    assert over
    assert {leg.to_ns for leg in over} == {max(leg.to_ns or 0 for leg in legs)}


# ------------------------------------------------------------------------------ what reports say


def as_the_rfc_counts(
    came: NDArray[np.void], clock_hz: int, calls: Sequence[int], made_ns: NDArray[np.int64]
) -> list[tuple[int, int, int] | None]:
    """Cumulative number of packets lost, fraction lost and jitter of each report, packet by packet;
    each call begins with a new source."""
    said, sources = [], dict[int, Source]()
    packets = list(
        zip(
            came["arrival_ns"].tolist(),
            came["sequence"].tolist(),
            came["timestamp"].tolist(),
            strict=True,
        )
    )
    for at_ns in made_ns.tolist():
        call = bisect_left(calls, at_ns) - 1
        while packets and packets[0][0] < at_ns:
            arrival_ns, sequence, timestamp = packets.pop(0)
            of = bisect_right(calls, arrival_ns) - 1
            if of >= 0:
                if of not in sources:
                    sources[of] = Source(SSRC, sequence, clock_hz)
                sources[of].put(sequence, timestamp, arrival_ns)
        block = sources[call].report() if call in sources else None
        said.append(block and (block.cumulative_lost, block.fraction_lost, block.jitter))
    return said


@st.composite
def receptions(draw: st.DrawFn) -> tuple[NDArray[np.void], list[int], NDArray[np.int64]]:
    """What came of a stream, when its calls began, and when reports are made."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, loss, twice, late, gap = (
        draw(st.sampled_from(some))
        for some in ([1, 40, 400], [0, 0.3], [0, 0.3], [0, 0.3], [0, 2000, 70_000])
    )
    sent = np.arange(n) + int(rng.integers(0, 2**16))
    sent[n // 2 :] += gap
    at_ns = 20_000_000 * (sent - sent[0]) + rng.integers(1, 10**7, n)
    at_ns += np.where(rng.random(n) < late, rng.integers(0, 10**8, n), 0)
    copies = np.where(rng.random(n) < loss, 0, 1 + (rng.random(n) < twice))
    came = np.zeros(int(copies.sum()), RECEIVED)
    which = np.repeat(np.arange(n), copies)
    which = which[np.argsort(at_ns[which], kind="stable")]
    came["sequence"], came["timestamp"] = sent[which] & 0xFFFF, 1800 * sent[which] & 0xFFFF_FFFF
    came["arrival_ns"] = at_ns[which]
    end_ns = int(at_ns.max()) + 2
    calls = [0, *sorted(rng.integers(1, end_ns, draw(st.integers(0, 2))).tolist())]
    made_ns = np.sort(rng.integers(1, end_ns, draw(st.integers(1, 8))))
    return came, calls, made_ns


@given(receptions())
def test_a_report_says_what_the_rfcs_code_counts_in_its_call(
    reception: tuple[NDArray[np.void], list[int], NDArray[np.int64]],
) -> None:
    """Lost, double, late, after long gaps, in one call after another (RFC 3550 A.1, A.3, A.8)."""
    came, calls, made_ns = reception
    found = reported(came, SSRC, 90_000, calls, made_ns)
    told = [each and (each.cumulative_lost, each.fraction_lost, each.jitter) for each in found]
    expected = as_the_rfc_counts(came, 90_000, calls, made_ns)
    for one, other in zip(told, expected, strict=True):
        assert (one is None) == (other is None)
        if one is not None and other is not None:
            assert one[:2] == other[:2]
            assert one[2] == pytest.approx(other[2], abs=1)  # both are rounded down


RANDOM = 6
"""Meetings that are tried."""


def random_trouble(rng: np.random.Generator) -> str:
    """An MCU that starts anew or a cable that is cut for a while, and two impairments."""
    fault = [
        'kind = "mcu"\nat_s = 2.0\nto_s = 3.0\nboot_s = 1.0',
        'kind = "cut"\nlink = "west--east"\nat_s = 2.0\nto_s = 9.0',
        'kind = "site"\nbridge = "east"\nat_s = 2.0\nto_s = 3.0\nboot_s = 1.0',
    ][int(rng.integers(3))]
    more = f"[[fault]]\n{fault}\n"
    for direction in ("up", "down"):
        bridge, kind = rng.choice(["west", "east"]), rng.choice(["audio", "video", "both"])
        loss, twice = rng.uniform(0, 0.05, 2).round(3)
        more += (
            f'[[impairment]]\nbridge = "{bridge}"\ndirection = "{direction}"\nkind = "{kind}"\n'
            f'loss = {{ model = "bernoulli", p = {loss} }}\nduplicate = {twice}\n'
        )
    return more


@pytest.mark.parametrize("seed", range(RANDOM))
def test_reports_of_a_meeting_in_which_much_fails_are_what_the_rfcs_code_counts(
    tmp_path: Path, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    file = scenario(
        tmp_path / "s.toml",
        bridges=(),
        phases=(4.0, 12.0, 8.0),
        profile="sd30-256k",
        seed=seed,
        more=random_trouble(rng),
    )
    plan = make_question(file).plan
    failing = FailingPaths(plan)
    meeting = signal(plan, failing)
    estimated = estimate_media(plan, meeting, {}, failing=failing)
    reports_of = captures_of(plan, meeting, estimated).reports
    assert len(reports_of) == 4 * len(plan.calls)
    for number, call in enumerate(plan.calls):
        ways: tuple[tuple[Literal["mcu", "bridge"], dict[Kind, int], list[int]], ...] = (
            ("bridge", call.down, [b.from_ns for b in meeting.bridge_legs if b.number == number]),
            ("mcu", call.up, [m.from_ns for m in meeting.mcu_legs if m.leg.row == number]),
        )
        for receiver, streams, began_ns in ways:
            for kind, index in streams.items():
                came = received_log(estimated.sent[index], estimated.received.of(index))
                clock_hz = plan.audio.clock_hz if kind == "audio" else 90_000
                made = estimated.reports[~estimated.reports["parting"]]
                path = 2 * number + (receiver == "mcu")
                own = made[(made["path"] == path) & (made["kind"] == KINDS.index(kind))]
                counted = as_the_rfc_counts(came, clock_hz, began_ns, own["made_ns"])
                known = {each[:2] for each in counted if each is not None}
                told = [(r.lost, r.fraction) for r in reports_of[receiver, call.bridge, kind]]
                assert told
                if receiver == "bridge":
                    assert told == [each[:2] for each in counted if each is not None]
                else:  # some of them do not come
                    assert set(told) <= known
    estimated.close()
