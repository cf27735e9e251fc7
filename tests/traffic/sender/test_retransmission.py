"""A sender's history, and what of it is sent again."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from giaoban.traffic import rtx
from giaoban.traffic.profiles import load_profiles
from giaoban.traffic.sender.retransmission import Retransmitter

MS = 1_000_000
MODEL = load_profiles().retransmission.model_copy(
    update={"history_ms": 100.0, "history_packets": 20, "most_requests": 3}
)


def packet(sequence: int) -> bytes:
    return (
        b"\x80\x61" + (sequence & 0xFFFF).to_bytes(2, "big") + bytes(8) + bytes([sequence & 0xFF])
    )


def sender(payload_type: int | None = 99) -> Retransmitter:
    return Retransmitter(MODEL, payload_type, 0xABCD, first_sequence=65_535)


def test_what_was_asked_for_is_sent_again_in_a_stream_of_its_own() -> None:
    one = sender()
    for number in range(5):
        one.sent(packet(number), number * MS)
    again = one.answer((3, 1, 9), 10 * MS)
    assert [int.from_bytes(each[2:4], "big") for each in again] == [65_535, 0]
    assert [rtx.restore(each, payload_type=97, ssrc=0) for each in again] == [packet(3), packet(1)]


def test_without_a_stream_of_its_own_it_is_sent_again_as_it_was() -> None:
    one = sender(None)
    one.sent(packet(7), 0)
    assert one.answer((7,), MS) == [packet(7)]


def test_within_a_round_trip_it_is_sent_again_once_and_not_too_often() -> None:
    """Else a request that two have crossed, or a stranger's flood of them, is answered in full."""
    one = sender()
    for number in range(7, 12):
        one.sent(packet(number), 0)
    asked_ms = [1, 30, 32, 63, 95]
    assert [len(one.answer((7,), ms * MS, 30 * MS)) for ms in asked_ms] == [1, 0, 1, 1, 0]


@pytest.mark.parametrize(("told_ms", "trip_ms"), [(None, 20), (0, 20), (30, 30)])
def test_a_round_trip_that_is_not_known_or_none_is_no_leave_to_ask_at_once(
    told_ms: int | None, trip_ms: int
) -> None:
    one = Retransmitter(MODEL.model_copy(update={"history_ms": 1000.0}), 99, 0xABCD)
    for number in range(7, 12):
        one.sent(packet(number), 0)
    told_ns = None if told_ms is None else told_ms * MS
    asked_ms = [1, trip_ms, trip_ms + 1]
    assert [len(one.answer((7,), ms * MS, told_ns)) for ms in asked_ms] == [1, 0, 1]


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), min_size=1, max_size=40))
@example([(0, 1), (0, 1), (40, 1), (60, 3), (1, 1)])
def test_whoever_asks_at_most_doubles_the_stream(asks: list[tuple[int, int]]) -> None:
    """Whenever anything is sent again, within the time of the history as many bytes are as it
    holds; what was sent again before stays, though the history forgets."""
    one, at_ms = sender(), 0
    lately: list[tuple[int, int]] = []
    for number, (wait_ms, count) in enumerate(asks):
        at_ms += wait_ms
        one.sent(packet(number), at_ms * MS)
        found = one.answer([(number - n) & 0xFFFF for n in range(count)], at_ms * MS, 0)
        lately.append((at_ms, len(found)))
        within = sum(n for ms, n in lately if ms > at_ms - 100)
        assert not found or within <= len(one)


@pytest.mark.parametrize(("at_ms", "answered"), [(9, 0), (10, 1), (110, 1), (111, 0)])
def test_not_before_it_left_and_not_for_longer_than_it_is_kept(at_ms: int, answered: int) -> None:
    one = sender()
    one.sent(packet(7), 10 * MS)
    assert len(one.answer((7,), at_ms * MS)) == answered


@given(st.lists(st.integers(0, 30), min_size=1, max_size=80), st.integers(0, 65_535))
def test_the_history_is_bounded_in_packets_and_in_time(gaps_ms: list[int], first: int) -> None:
    one = sender()
    left: list[int] = []
    for number, gap in enumerate(gaps_ms):
        left.append((left[-1] if left else 0) + gap * MS)
        one.sent(packet(first + number), left[-1])
    assert len(one) <= MODEL.history_packets
    kept = {n for n, at in enumerate(left) if at >= left[-1] - 100 * MS}
    kept = set(sorted(kept)[-20:])
    wanted = [(first + n) & 0xFFFF for n in range(len(left))]
    again = one.answer(wanted, left[-1])
    found = [rtx.restore(each, payload_type=97, ssrc=0) for each in again]
    assert found == [packet(first + n) for n in sorted(kept)]
