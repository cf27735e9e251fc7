"""Who asks for key frames when, after packets were lost, and how long no picture is seen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from runs import FULL
from scenario_factory import DEFAULT, WHY_NOT_ESTIMATED, only_emulated, scenario

from giaoban.results.model.result import Result
from giaoban.results.model.streams import StreamResult
from giaoban.scenarios.estimate import estimate as estimates
from giaoban.scenarios.estimate.estimate import (
    estimate,
    foreseen,
    prior_estimate,
    with_losses_foreseen,
)
from giaoban.scenarios.estimate.media import media
from giaoban.scenarios.estimate.media.feedback import Feedback, _among, _by_flow
from giaoban.scenarios.estimate.media.fq_model import FqModel, RtcpDeparture
from giaoban.scenarios.estimate.media.media import EstimatedTraffic
from giaoban.scenarios.estimate.network.packets import Packets
from giaoban.scenarios.plan.question import make_question
from giaoban.traffic.receiver.feedback import ANSWER_NS, LOOK_NS, MOST_DITHER_NS
from tests.nights import at_night

MS = 1_000_000
EVENT = """
[[impairment]]
link = "access-mcu"
direction = "{direction}"
from_s = 2.0
to_s = 2.02
loss = {{ model = "bernoulli", p = 1.0 }}
"""


def write(tmp_path: Path, direction: str) -> Path:
    """All that crosses the MCU's line in 20 ms is lost: every picture of one direction is hit."""
    more = EVENT.format(direction=direction)
    return scenario(
        tmp_path / f"{direction}.toml",
        id="event",
        province=DEFAULT,
        bridges=(),
        phases=(4, 2, 2),
        more=more,
    )


class Asked(list[RtcpDeparture]):
    """Every request that leaves."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    found = Asked()

    class Noting(FqModel):
        def unexpected(self, *args: int) -> RtcpDeparture:
            departure = super().unexpected(*args)
            found.append(departure)
            return departure

    monkeypatch.setattr(media, "FqModel", Noting)
    return found


def freezes(result: Result, direction: str) -> list[float]:
    """The longest of each bridge's picture in one direction, ms."""
    return [
        max(
            stream.freeze_ms_max or 0.0
            for phase in result.phases
            for each in phase.bridges
            if each.id == bridge.id
            for stream in each.streams
            if (stream.kind, stream.direction) == ("video", direction)
        )
        for bridge in result.phases[-1].bridges
    ]


@given(came=st.lists(st.tuples(st.integers(0, 9), st.sampled_from([3, 7, 1 << 16]))))
def test_packets_are_looked_at_flow_by_flow_in_order_of_time(came: list[tuple[int, int]]) -> None:
    at_ns, flow = np.array(came, np.int64).reshape(-1, 2).T
    seq = np.arange(len(came))
    found = _by_flow(Packets(at_ns, flow.astype(np.int32), flow.astype(np.int32), seq))
    expected = sorted(range(len(came)), key=lambda n: (came[n][1], came[n][0]))
    assert found.seq.tolist() == expected  # of one moment in the order in which they came
    assert list(zip(found.at_ns.tolist(), found.flow.tolist(), strict=True)) == [
        came[n] for n in expected
    ]


numbers = st.lists(st.integers(0, 40), min_size=1)


@given(came=st.one_of(numbers, st.sets(st.integers(0, 40), min_size=1).map(sorted)), few=numbers)
def test_packets_are_found_among_those_that_came(came: list[int], few: list[int]) -> None:
    found = _among(np.array(came), np.array(few))
    assert found.tolist() == [number in few for number in came]


@pytest.mark.parametrize("direction", ["up", "down"])
def test_after_one_event_all_ask_but_not_in_step(
    tmp_path: Path, asked: Asked, direction: str
) -> None:
    question = make_question(write(tmp_path, direction))
    result = estimate(question).result
    flows = {departure.flow for departure in asked}
    assert len(flows) == len(asked) >= 8
    times = sorted(departure.at_ns for departure in asked)
    assert len(set(times)) >= 5
    assert 15 * MS < times[-1] - times[0] < MOST_DITHER_NS
    # what an event takes, what is asked for and made in the worst case, and a frame's own time
    most_ms = (20 * MS + LOOK_NS + MOST_DITHER_NS + ANSWER_NS) / MS + 100
    other = "down" if direction == "up" else "up"
    assert all(100 < ms < most_ms for ms in freezes(result, other))
    assert most_ms < 500
    assert freezes(result, direction) == [0.0] * len(freezes(result, direction))


def test_the_same_question_asks_at_the_same_moments(tmp_path: Path, asked: Asked) -> None:
    question = make_question(write(tmp_path, "up"))
    estimate(question)
    first = list(asked)
    asked.clear()
    estimate(question)
    assert asked == first
    asked.clear()
    estimate(make_question(write(tmp_path, "up"), seed=7))
    assert [departure.at_ns for departure in asked] != [departure.at_ns for departure in first]


def test_devices_are_watchful_where_packets_are_lost(tmp_path: Path) -> None:
    """A queue that is too short is found by the estimate, before an emulation begins."""
    default = make_question(scenario(tmp_path / "s.toml"))
    assert not default.plan.watchful
    assert not with_losses_foreseen(default).plan.watchful
    thin = make_question(scenario(tmp_path / "s.toml", bridges=(FULL,), phases=(2, 4, 2)))
    assert not thin.plan.watchful
    assert with_losses_foreseen(thin).plan.watchful
    lossy = make_question(write(tmp_path, "up"))
    assert lossy.plan.watchful
    assert with_losses_foreseen(lossy) is lossy


def test_what_was_held_to_foresee_losses_is_the_estimate_beside_the_emulation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = 0
    hold = estimates.estimate_media

    def counted(*given: Any, **named: Any) -> EstimatedTraffic:
        nonlocal held
        held += 1
        return hold(*given, **named)

    monkeypatch.setattr(estimates, "estimate_media", counted)
    calm = make_question(scenario(tmp_path / "s.toml", phases=(2, 2, 2)))
    thin = make_question(scenario(tmp_path / "t.toml", bridges=(FULL,), phases=(2, 4, 2)))
    lossy = make_question(write(tmp_path, "up"))
    for asked in (calm, thin, lossy):
        alone, question = prior_estimate(asked), with_losses_foreseen(asked)
        held = 0
        with foreseen(asked) as told:
            assert told.question == question
            assert told.prior() == alone
        assert held == 1 + asked.plan.adds_bridges  # and once without the new bridge


def test_why_there_is_no_estimate_beside_an_emulation_is_told_in_both_languages(
    tmp_path: Path,
) -> None:
    emulated = estimate(make_question(scenario(tmp_path / "s.toml", phases=(3, 3, 3))))
    alone = scenario(tmp_path / "t.toml", phases=(3, 3, 3), **only_emulated(tmp_path))
    told = prior_estimate(make_question(alone)).beside(emulated).result.estimate
    assert WHY_NOT_ESTIMATED in (told.refused or "")
    assert "không thiết bị nào" in told.told().vi


def test_being_watchful_changes_nothing_where_nothing_is_lost(tmp_path: Path) -> None:
    question = make_question(scenario(tmp_path / "s.toml", id="calm", phases=(3, 3, 3)))
    told = replace(question, plan=question.plan.model_copy(update={"loses": True}))
    calm, watchful = estimate(question).result, estimate(told).result
    for one, other in zip(streams(calm), streams(watchful), strict=True):
        assert (one.packets_sent, one.packets_received) == (
            other.packets_sent,
            other.packets_received,
        )
        # a report of the MCU may leave 20 ms sooner, and be in the way of another packet
        assert one.delay_p95_ms == pytest.approx(other.delay_p95_ms, abs=0.1)


def streams(result: Result) -> list[StreamResult]:
    return [s for phase in result.phases for bridge in phase.bridges for s in bridge.streams]


@pytest.mark.parametrize(
    "loss",
    [
        'model = "bernoulli", p = 0.001',
        at_night('model = "gilbert-elliott", p = 0.0006, r = 0.4'),
    ],
)
def test_where_little_is_lost_long_steps_say_what_steps_from_look_to_look_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loss: str
) -> None:
    """A step in which something was lost is undone, and the line with it: were it not so, all that
    was lost in it would come through the second time."""
    more = "".join(
        f"""
[[impairment]]
link = "access-mcu"
direction = "{direction}"
from_s = 0.0
loss = {{ {loss} }}
"""
        for direction in ("up", "down")
    )
    question = make_question(
        scenario(
            tmp_path / "s.toml",
            id="rare",
            province=DEFAULT,
            bridges=(),
            phases=(6, 3, 3),
            more=more,
        )
    )
    steps: list[int] = []
    own = media._MeetingRun._step

    def step(run: media._MeetingRun, start_ns: int, until_ns: int) -> Packets:
        steps.append(until_ns - start_ns)
        return own(run, start_ns, until_ns)

    monkeypatch.setattr(media._MeetingRun, "_step", step)
    long = estimate(question).result
    assert max(steps) >= 8 * LOOK_NS
    steps.clear()
    monkeypatch.setattr(Feedback, "is_quiet", lambda *_: False)
    short = estimate(question).result
    assert set(steps) == {LOOK_NS}
    assert 5 < long.accounting.packets_lost_by_impairment < 200
    assert long == short
