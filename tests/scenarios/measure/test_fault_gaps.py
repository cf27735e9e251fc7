"""Holes in a stream: what counts as one, how long it is, and what a pause is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.scenarios.measure.interruptions import (
    Edge,
    Spans,
    begun,
    gaps,
    gaps_by,
    merged,
    picture_gaps,
    without,
)
from giaoban.traffic.quality.frames import Frames
from giaoban.traffic.quality.measure import Trace

MS = 1_000_000
STEP_MS = 20
END_MS = 10_000


def trace(due_ms: list[int], lost: set[int] | None = None) -> Trace:
    """Sound, a packet every 20 ms; `lost` are the times of those that did not arrive."""
    due = np.array(due_ms, np.int64) * MS
    n = len(due)
    gone = np.isin(due, [at * MS for at in lost or ()])
    return Trace(
        due_ns=due,
        leaving_ns=due,
        timestamp=due // MS * 8,
        size=np.full(n, 172),
        key=np.zeros(n, np.bool_),
        copies=np.ones(n, np.uint8),
        corrupted=np.zeros(n, np.bool_),
        arrivals=(~gone).astype(np.int64),
        arrival_ns=np.where(gone, -1, due + 3 * MS),
        overtaken=np.zeros(n, np.bool_),
        jitter_ms=np.where(gone, np.nan, 0.1),
        unknown=0,
        late=np.zeros(n, np.bool_),
        played_after_ns=np.full(n, 43 * MS),
    )


def every(start_ms: int, end_ms: int) -> list[int]:
    return list(range(start_ms, end_ms, STEP_MS))


def spans(*of: tuple[int, int]) -> Spans:
    return np.array(of, np.int64).reshape(-1, 2) * MS


def found(one: Trace, *away: tuple[int, int]) -> list[tuple[int, int]]:
    return [(int(a) // MS, int(b) // MS) for a, b in gaps(one, spans(*away), END_MS * MS)]


def test_a_stream_that_came_whole_has_none() -> None:
    assert found(trace(every(0, END_MS))) == []
    assert found(trace([])) == []


def test_a_gap_is_the_time_between_the_packets_around_less_a_spacing() -> None:
    """The last to come was due at 980 ms, the first again at 1500 ms."""
    lost = set(every(1000, 1500))
    assert found(trace(every(0, END_MS), lost)) == [(1000, 1500)]
    assert 1500 - 980 - STEP_MS == 1500 - 1000


def test_one_that_is_open_in_the_end_ends_there() -> None:
    lost = set(every(9000, END_MS + 500))
    assert found(trace(every(0, END_MS + 500), lost)) == [(9000, END_MS)]


def test_a_pause_is_no_gap_but_one_without_a_call_is() -> None:
    talk = trace(every(0, 2000) + every(5000, END_MS))
    assert found(talk) == []
    assert found(talk, (2000, 4800)) == [(2000, 5000)]
    assert found(talk, (6000, 6001)) == []


def test_what_was_lost_before_a_pause_and_the_pause_are_one_if_the_call_was_lost() -> None:
    talk = trace(every(0, 2000) + every(5000, END_MS), set(every(1000, 2000)))
    assert found(talk) == [(1000, 2000)]
    assert found(talk, (1900, 4800)) == [(1000, 5000)]


def test_who_never_came_back_has_one_to_the_end() -> None:
    assert found(trace(every(0, 2000)), (2000, END_MS)) == [(2000, END_MS)]
    assert found(trace(every(0, 2000))) == []


def test_what_is_lost_on_return_belongs_to_the_same() -> None:
    talk = trace(every(0, 2000) + every(5000, END_MS), set(every(5000, 5500)))
    assert found(talk, (2000, 4800)) == [(2000, 5500)]


def test_those_that_begin_in_a_time_are_told_as_a_whole() -> None:
    some = spans((0, 100), (500, 900), (1000, 1100), (1500, 1800))
    for start_ms, end_ms, expected in (
        (0, 1001, [0, 1, 2]),
        (500, 501, [1]),
        (501, 1200, [2]),
        (101, 500, []),
        (1100, 9999, [3]),
    ):
        assert (begun(some, start_ms * MS, end_ms * MS) == some[expected]).all()


pairs = st.lists(
    st.tuples(st.integers(0, 400), st.integers(1, 80)).map(lambda p: (p[0], p[0] + p[1]))
)


@given(pairs)
def test_merged_times_are_in_order_apart_and_the_same(of: list[tuple[int, int]]) -> None:
    joined = merged(spans(*of))
    assert np.all(joined[1:, 0] > joined[:-1, 1])
    for moment in range(0, 500, 7):
        assert any(a <= moment * MS < b for a, b in joined) == any(a <= moment < b for a, b in of)


@given(st.sets(st.integers(0, 499)), pairs)
def test_gaps_hold_what_was_lost_and_nothing_that_came(
    lost: set[int], absent: list[tuple[int, int]]
) -> None:
    talk = trace(every(0, END_MS), {n * STEP_MS for n in lost})
    away = merged(spans(*((a * STEP_MS, b * STEP_MS) for a, b in absent)))
    found = gaps(talk, away, END_MS * MS)
    for at, here in zip(talk.due_ns.tolist(), talk.arrived.tolist(), strict=True):
        assert any(a <= at < b for a, b in found) == (not here)
    assert not without(talk, found).lost.any()


def test_a_stream_without_some_times_keeps_the_rest() -> None:
    talk = trace(every(0, 200), {40})
    rest = without(talk, spans((40, 80)))
    assert (rest.due_ns // MS).tolist() == [0, 20, *range(80, 200, 20)]
    assert len(rest.jitter_ms) == len(rest.arrivals) == len(rest.due_ns)
    assert without(talk, spans()) is talk
    assert pytest.approx(rest.arrival_ns[-1] / MS) == 183


# ------------------------------------------------------------------------------------- of pictures

FRAME = 40
TAKES = 5


def pictures(
    shown: Callable[[int], bool], keys: set[int], due_ms: Sequence[int], slow: dict[int, int]
) -> Frames:
    """Frames due at these ms; `keys` and `slow` (ms that one takes to come) by the same times."""
    due = np.array(due_ms, np.int64)
    takes = np.array([slow.get(int(at), TAKES) for at in due], np.int64)
    good = np.array([shown(int(at)) for at in due], np.bool_)
    return Frames(
        due_ns=due * MS,
        key=np.isin(due, list(keys)),
        lost=~good,
        decodable=good,
        complete_ns=np.where(good, (due + takes) * MS, -1),
        late=np.zeros(len(due), np.bool_),
        shown_after_ns=np.zeros(len(due), np.int64),
        frozen_ns=np.empty((0, 2), np.int64),
    )


def away_ms(found: Frames, *packets: tuple[int, int], end_ms: int = 4000) -> list[tuple[int, int]]:
    spans_ns = picture_gaps(found, spans(*packets), end_ms * MS)
    return [(int(a) // MS, int(b) // MS) for a, b in spans_ns]


DUE = list(range(0, 4000, FRAME))


def test_a_picture_is_away_until_a_frame_that_can_be_shown_is_there() -> None:
    """Lost from 1000 ms to 1080; the key frame of 2000 ms takes 60 ms more than others."""
    found = pictures(lambda at: not 1000 <= at < 2000, {0, 2000}, DUE, {2000: TAKES + 60})
    assert away_ms(found, (1000, 1080)) == [(1000, 2060)]
    assert away_ms(pictures(lambda _at: True, {0}, DUE, {})) == []


def test_a_picture_that_never_comes_again_is_away_to_the_end() -> None:
    assert away_ms(pictures(lambda at: at < 1000, {0}, DUE, {}), (1000, 1080)) == [(1000, 4000)]
    assert away_ms(pictures(lambda _at: False, set(), DUE, {})) == [(0, 4000)]


def test_a_call_that_is_made_anew_shows_its_first_whole_frame() -> None:
    due = [at for at in DUE if not 1000 <= at < 2000]
    found = pictures(lambda _at: True, {0, 2000}, due, {2000: TAKES + 30})
    assert away_ms(found, (1000, 2000)) == [(1000, 2030)]


def test_a_picture_that_pauses_is_not_away() -> None:
    """Nobody forwards it for a second: the frame after that has nothing to do with the loss."""
    due = [at for at in DUE if not 1000 <= at < 2000]
    assert away_ms(pictures(lambda at: at != 960, {0, 2000}, due, {})) == [(960, 1000)]
    assert away_ms(pictures(lambda _at: True, {0, 2000}, due, {})) == []


# ------------------------------------------------------------------------------------------ events


def made(span: tuple[int, int], *edges: tuple[int, int, bool]) -> list[Any]:
    """(from, to, [(fault, mends)]) of what the edges, in ms, made of one gap."""
    of = [Edge(at * MS, fault, mends) for at, fault, mends in edges]
    return [
        (gap.start_ns // MS, gap.end_ns // MS, [(e.fault, e.mends) for e in gap.edges])
        for gap in gaps_by(spans(span), of, settled_ns=1700 * MS, soon_ns=100 * MS)
    ]


def test_a_gap_is_of_the_latest_event_before_it_began() -> None:
    fails, mends, other = (1000, 0, False), (4000, 0, True), (4100, 1, False)
    assert made((1010, 1200), fails, mends) == [(1010, 1200, [(0, False)])]
    assert made((990, 1200), fails, mends) == [(990, 1200, [(0, False)])]
    assert made((1000, 5000), fails, mends, other) == [(1000, 5000, [(0, False)])]
    assert made((5500, 5900), fails, mends) == [(5500, 5900, [(0, True)])]
    assert made((5500, 5900), fails, mends, other) == [(5500, 5900, [(1, False)])]
    assert made((2900, 3800), fails, mends) == []
    assert made((0, 800), fails) == []


def test_events_of_the_same_moment_share_a_gap() -> None:
    assert made((1000, 1100), (1000, 0, False), (1000, 1, False)) == [
        (1000, 1100, [(0, False), (1, False)])
    ]


def test_a_gap_from_before_an_event_counts_from_it() -> None:
    assert made((200, 1500), (1000, 0, False), (1400, 0, True)) == [(1000, 1500, [(0, False)])]
    # one that was over shortly before is of something else
    assert made((200, 950), (1000, 0, False)) == []
