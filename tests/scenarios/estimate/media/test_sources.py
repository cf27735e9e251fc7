"""Streams that were made for another meeting are the same, and so is what is asked of them."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenario_factory import scenario

from giaoban.scenarios.estimate.media.meeting_sources import sources_of
from giaoban.scenarios.estimate.media.sources import CachedSource, PlannedSource, StreamCache
from giaoban.scenarios.estimate.media.windows import Windows
from giaoban.scenarios.estimate.signalling import signal
from giaoban.scenarios.plan.question import make_question

Sources = Callable[[], dict[int, PlannedSource]]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Sources, Sources]:
    """The sources of a meeting: made for it, and as another one had them."""
    path = scenario(tmp_path_factory.mktemp("s") / "short.toml", phases=(2, 2, 2))
    plan = make_question(path).plan.model_copy(update={"loses": True})
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


@settings(max_examples=30)
@given(turns=asked, number=st.integers(0, 30))
def test_what_is_asked_for_comes_alike(
    both: tuple[Sources, Sources], turns: list[tuple[str, float]], number: int
) -> None:
    """However far it is asked for at a time, and when key frames are; and so does what is done
    again from a copy."""
    own, other = (make() for make in both)
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


def test_pictures_are_made_once_for_all_meetings(both: tuple[Sources, Sources]) -> None:
    one, same = both[1](), both[1]()
    shared = [n for n, source in one.items() if isinstance(source, CachedSource)]
    assert shared
    for index in shared:
        for source in (one[index], same[index]):
            source.advance(30_000_000_000)
        first, second = (each[index].buffer.parts for each in (one, same))
        assert all(map(np.shares_memory, first, second))
