"""When a thread that waits whole milliseconds in poll(2) wakes, and what it does then."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from giaoban.topology.convergence.poll_loop import PollLoop

MS_NS = 100_000
"""Of a clock that runs ten times as fast as the network's."""
MOMENTS = st.integers(0, 50 * MS_NS)


@given(MOMENTS, st.lists(MOMENTS, min_size=1, max_size=5), st.lists(MOMENTS, max_size=5))
def test_what_is_due_is_done_within_a_millisecond_or_when_something_comes(
    begin_ns: int, due_ns: list[int], packets_ns: list[int]
) -> None:
    loop = PollLoop(MS_NS, begin_ns)
    done: list[tuple[int, int]] = []
    for number, at_ns in enumerate(due_ns):
        loop.start(number, begin_ns + at_ns, lambda now_ns, n=number: done.append((n, now_ns)))  # type: ignore[misc]
    comes_ns = sorted(begin_ns + at_ns for at_ns in packets_ns)
    loop.waits()
    while loop.wakes_ns is not None or comes_ns:
        packet = bool(comes_ns) and (loop.wakes_ns is None or comes_ns[0] <= loop.wakes_ns)
        now_ns = comes_ns.pop(0) if packet else loop.wakes_ns
        assert now_ns is not None
        loop.wake(now_ns)
        assert loop.awake_ns == now_ns
        loop.waits()
    assert sorted(number for number, _ in done) == list(range(len(due_ns)))
    for number, at_ns in done:
        assert begin_ns + due_ns[number] <= at_ns <= begin_ns + due_ns[number] + MS_NS
        late = [p for p in packets_ns if due_ns[number] <= p and begin_ns + p < at_ns]
        assert not late, "something came before, when it was due already"
    assert [due_ns[number] for number, _ in done] == sorted(due_ns)


def test_one_millisecond_more_than_is_left_is_waited() -> None:
    """`(tm_remains(t) TO_MS) + 1`, of BIRD's `io_loop`."""
    for left_ns, ms in ((0, 1), (1, 1), (MS_NS - 1, 1), (MS_NS, 2), (5 * MS_NS + 1, 6)):
        loop = PollLoop(MS_NS, 7)
        loop.start("t", 7 + left_ns, lambda _now_ns: None)
        assert loop.waits() == 7 + ms * MS_NS
    assert PollLoop(MS_NS, 7).waits() is None


def test_what_recurs_is_due_so_long_after_it_was_due_however_late_it_was_done() -> None:
    loop, done = PollLoop(MS_NS, 0), list[int]()
    loop.start("tick", 130_000, done.append, 1_000_000)
    for now_ns in (199_999, 1_129_999, 1_130_000, 5_000_000, 5_999_999, 6_000_000):
        loop.wake(now_ns)
    # it was due four times by the fifth second, and is done once: then it counts from there
    assert done == [199_999, 1_130_000, 5_000_000, 6_000_000]


def test_who_waits_for_what_is_stopped_wakes_all_the_same() -> None:
    loop, done = PollLoop(MS_NS, 0), list[int]()
    loop.start("t", 250_000, done.append)
    assert loop.waits() == 300_000
    loop.stop("t")
    assert loop.wakes_ns == 300_000
    loop.wake(300_000)
    assert (done, loop.waits()) == ([], None)
