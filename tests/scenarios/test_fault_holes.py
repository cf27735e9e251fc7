"""Holes in a stream: what counts as one, how long it is, and what a pause is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.fault_holes import Spans, begun, holes, longest, merged, without
from traffic.measure import Trace

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
    return [(int(a) // MS, int(b) // MS) for a, b in holes(one, spans(*away), END_MS * MS)]


def test_a_stream_that_came_whole_has_none() -> None:
    assert found(trace(every(0, END_MS))) == []
    assert found(trace([])) == []


def test_a_hole_is_the_time_between_the_packets_around_less_a_spacing() -> None:
    """The last to come was due at 980 ms, the first again at 1500 ms."""
    lost = set(every(1000, 1500))
    assert found(trace(every(0, END_MS), lost)) == [(1000, 1500)]
    assert 1500 - 980 - STEP_MS == 1500 - 1000


def test_one_that_is_open_in_the_end_ends_there() -> None:
    lost = set(every(9000, END_MS + 500))
    assert found(trace(every(0, END_MS + 500), lost)) == [(9000, END_MS)]


def test_a_pause_is_no_hole_but_one_without_a_call_is() -> None:
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


def test_the_longest_of_those_that_begin_in_a_time_is_told_as_a_whole() -> None:
    some = spans((0, 100), (500, 900), (1000, 1100), (1500, 1800))
    for start_ms, end_ms, expected in (
        (0, 1200, (500, 900)),
        (500, 501, (500, 900)),
        (501, 1200, (1000, 1100)),
        (101, 500, None),
        (1100, 9999, (1500, 1800)),
    ):
        hole = longest(begun(some, start_ms * MS, end_ms * MS))
        assert hole == (expected and tuple(at * MS for at in expected))


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
def test_holes_hold_what_was_lost_and_nothing_that_came(
    lost: set[int], absent: list[tuple[int, int]]
) -> None:
    talk = trace(every(0, END_MS), {n * STEP_MS for n in lost})
    away = merged(spans(*((a * STEP_MS, b * STEP_MS) for a, b in absent)))
    gaps = holes(talk, away, END_MS * MS)
    for at, here in zip(talk.due_ns.tolist(), talk.arrived.tolist(), strict=True):
        assert any(a <= at < b for a, b in gaps) == (not here)
    assert not without(talk, gaps).lost.any()


def test_a_stream_without_some_times_keeps_the_rest() -> None:
    talk = trace(every(0, 200), {40})
    rest = without(talk, spans((40, 80)))
    assert (rest.due_ns // MS).tolist() == [0, 20, *range(80, 200, 20)]
    assert len(rest.jitter_ms) == len(rest.arrivals) == len(rest.due_ns)
    assert without(talk, spans()) is talk
    assert pytest.approx(rest.arrival_ns[-1] / MS) == 183
