"""Streams that were made for another meeting are the same, and so is what is asked of them."""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scenario_factory import scenario

from giaoban.scenarios.estimate.media import sources
from giaoban.scenarios.estimate.media.meeting_sources import sources_of
from giaoban.scenarios.estimate.media.sources import (
    CachedSource,
    PlannedSource,
    StreamBuffer,
    StreamCache,
)
from giaoban.scenarios.estimate.media.windows import Windows
from giaoban.scenarios.estimate.network.queues import TIMER_NS
from giaoban.scenarios.estimate.signalling import signal
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.plan.question import make_question
from tests.laws import examples

Sources = Callable[[], dict[int, PlannedSource]]


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    path = scenario(tmp_path_factory.mktemp("s") / "short.toml", phases=(2, 2, 2))
    return make_question(path).plan.model_copy(update={"loses": True})


@pytest.fixture(scope="module")
def both(plan: Plan) -> tuple[Sources, Sources]:
    """The sources of a meeting: made for it, and as another one had them."""
    timeline, windows, known = signal(plan), Windows.of(plan), StreamCache()
    sources_of(plan, timeline, windows, {}, known)
    return (
        lambda: sources_of(plan, timeline, windows, {}),
        lambda: sources_of(plan, timeline, windows, {}, known),
    )


def packets(source: PlannedSource) -> list[tuple[object, ...]]:
    return [row for part in source.buffer.parts for row in part.tolist()]


asked = st.lists(
    st.tuples(st.sampled_from(["advance", "key", "undo"]), st.floats(0.01, 2.0)), max_size=10
)


@settings(max_examples=examples(30))
@given(turns=asked, number=st.integers(0, 30))
def test_what_is_asked_for_comes_alike(
    both: tuple[Sources, Sources], turns: list[tuple[str, float]], number: int
) -> None:
    """However far it is asked for at a time, and when key frames are; and so does what is done
    again from a copy."""
    asks_alike(*(make() for make in both), turns, number)


def asks_alike(
    own: dict[int, PlannedSource],
    other: dict[int, PlannedSource],
    turns: list[tuple[str, float]],
    number: int,
) -> None:
    index = sorted(own)[number % len(own)]
    pair = [own[index], other[index]]
    saved, now_ns, saved_ns = copy.deepcopy(pair), 0, 0
    for what, seconds in [*turns, ("advance", 30.0)]:
        if what == "undo":
            pair, now_ns = copy.deepcopy(saved), saved_ns
            continue
        if what == "key":
            for source in pair:
                source.ask_key(now_ns + round(seconds * 1e9))
        else:
            saved, saved_ns = copy.deepcopy(pair), now_ns
            now_ns += round(seconds * 1e9)
            for source in pair:
                source.advance(now_ns)
        assert packets(pair[0]) == packets(pair[1])
        for source in pair:
            knows_its_key_frames(source.buffer)


def knows_its_key_frames(buffer: StreamBuffer) -> None:
    for part in buffer.parts:
        first = int(part["sequence"][-1])
        assert buffer.had_key(first) == buffer.recent(first)["key"].any()


@settings(max_examples=examples(30))
@given(turns=asked, number=st.integers(0, 30), first_s=st.floats(0.1, 12.0))
def test_what_is_made_only_when_it_is_asked_for_comes_alike(
    plan: Plan, turns: list[tuple[str, float]], number: int, first_s: float
) -> None:
    """Wherever its beginning ends, which is made first."""
    timeline, windows = signal(plan), Windows.of(plan)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "FIRST_MADE_NS", round(first_s * 1e9))
        own, other = (sources_of(plan, timeline, windows, {}, of) for of in (None, StreamCache()))
        asks_alike(own, other, turns, number)


def test_of_a_meeting_that_soon_ends_only_the_beginning_is_made(plan: Plan) -> None:
    windows = Windows.of(plan)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "FIRST_MADE_NS", 6_000_000_000)
        found = sources_of(plan, signal(plan), windows, {}, StreamCache())
        shared = [source for source in found.values() if isinstance(source, CachedSource)]
        for source in shared:
            source.advance(6_000_000_000)
        assert any(source.buffer.parts for source in shared)
        made = [part.base for source in shared for part in source.buffer.parts]
        ends_ns = [part["due_ns"].max() for part in made]
        assert max(ends_ns) < 6_100_000_000  # a frame's packets take their time
        for source in shared:
            source.advance(30_000_000_000)
        assert max(source.buffer.parts[-1]["due_ns"].max() for source in shared) > 8_000_000_000


def test_sound_and_pictures_are_made_once_for_all_meetings(both: tuple[Sources, Sources]) -> None:
    """To meetings that take the same steps a network is given the very same."""
    one, same = both[1](), both[1]()
    for index, source in one.items():
        for until_ns in (5_000_000_000, 30_000_000_000):
            for each in (source, same[index]):
                each.advance(until_ns)
        first, second = (each[index].buffer.fresh for each in (one, same))
        assert first
        assert all(map(operator.is_, first, second))


def composed_after(plan: Plan, delay_ms: float) -> Plan:
    figure = plan.device.compose_delay.model_copy(update={"delay_ms": delay_ms})
    device = plan.device.model_copy(update={"compose_delay": figure})
    return plan.model_copy(update={"device": device})


def test_pictures_composed_later_are_the_same_later(plan: Plan) -> None:
    """They are not made again as long as no other frame is a key frame or the last."""
    known, timeline = StreamCache(), signal(plan)
    windows = Windows.of(plan)
    shared: set[int] = set()
    before: dict[int, NDArray[np.int32]] = {}
    for delay_ms in (100.0, 99.0, 99.9, 150.0, 100.0):
        other = composed_after(plan, delay_ms)
        anew = sources_of(other, timeline, windows, {})
        again = sources_of(other, timeline, windows, {}, known)
        for index, source in again.items():
            for each in (anew[index], source):
                each.advance(30_000_000_000)
            assert packets(source) == packets(anew[index])
            part = source.buffer.fresh[0]
            came_ns = part.at_first_hop(index, 50).at_ns
            assert came_ns.tolist() == (part.log["leaving_ns"] + TIMER_NS).tolist()
            size = part.size
            if index in before and np.shares_memory(size, before[index]):
                shared.add(index)
            before[index] = size
    assert {call.down["video"] for call in plan.calls} <= shared
