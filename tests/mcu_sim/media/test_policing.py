"""No call may send so much that the loop has no time for the others."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.mcu_sim.media.policing import (
    DEPTH_S,
    LEAST_VISUAL_A_SECOND,
    REFILL,
    UNDECRYPTED,
    MediaLimits,
    Policer,
    Source,
)

ROWS = 2
LIMITS = MediaLimits(audio=1, visual=2, control=1)
USUAL = MediaLimits.of(2000)
S = 1_000_000_000
SOUND, PICTURE = Source("audio", False, "media"), Source("video", False, "media")
A_SECOND = {
    SOUND: LIMITS.audio,
    PICTURE: LIMITS.visual,
    Source("audio", False, "stun"): LIMITS.control,
    Source("audio", True, "rtcp"): LIMITS.control,
    Source("video", True, "rtcp"): LIMITS.control,
}
COMING = st.lists(
    st.tuples(
        st.sampled_from(list(A_SECOND)),
        st.integers(0, ROWS - 1),
        st.sampled_from([0, 1, S // 16, S // 2, 3 * S]),
        st.integers(1, 9),
    ),
    min_size=1,
    max_size=15,
)
"""What comes, in which row, so long after what came before, and how much of it at once."""


def times(*parts: tuple[float, int, float]) -> list[int]:
    """Arrivals in ns: (from which second, how many, how many a second; 0: all at once)."""
    return [
        round(S * (start + (n / rate if rate else 0)))
        for start, count, rate in parts
        for n in range(count)
    ]


def taken(source: Source, limits: MediaLimits, arrival_ns: list[int]) -> list[bool]:
    """What is taken of one call's packets."""
    policer = Policer(1, limits)
    return policer.admit(source, np.zeros(len(arrival_ns), np.intp), np.array(arrival_ns)).tolist()


@given(COMING, st.sets(st.integers(1, 60), max_size=6), st.randoms())
def test_each_call_has_a_bucket_for_each_thing_however_they_are_read(
    together: list[tuple[Source, int, int, int]], cuts: set[int], any_order: random.Random
) -> None:
    """As a bucket of fractions has it, packet by packet; read in parts, of which each is of several
    sockets in any order."""
    coming = [
        (source, row, 0 if n else gap_ns)
        for source, row, gap_ns, count in together
        for n in range(count)
    ]
    at = np.cumsum([gap_ns for _, _, gap_ns in coming])
    tokens: dict[tuple[Source, int], tuple[Fraction, int]] = {}
    expected = []
    for (source, row, _), at_ns in zip(coming, at.tolist(), strict=True):
        most = DEPTH_S * A_SECOND[source]
        had, since_ns = tokens.get((source, row), (Fraction(most), at_ns))
        packet_ns = S // (REFILL * A_SECOND[source])
        has = min(Fraction(most), had + Fraction(at_ns - since_ns, packet_ns))
        expected.append(has >= 1)
        tokens[source, row] = (has - (has >= 1), at_ns)
    policer = Policer(ROWS, LIMITS)
    kept = np.zeros(len(coming), np.bool_)
    for part in np.split(np.arange(len(coming)), sorted(cuts)):
        sources = list(A_SECOND)
        any_order.shuffle(sources)
        for source in sources:
            which = np.array([n for n in part if coming[n][0] == source], np.intp)
            rows = np.array([coming[n][1] for n in which], np.intp)
            kept[which] = policer.admit(source, rows, at[which])
    assert kept.tolist() == expected
    assert policer.refused == expected.count(False)
    who = {(coming[n][1], coming[n][0].kind) for n in np.flatnonzero(~kept)}
    told = policer.take_refused()
    assert set(told) == who
    assert len(told) == len(who)


@pytest.mark.parametrize("a_second", [50, 100])
def test_after_a_pause_all_that_was_held_up_is_taken_and_what_is_live(a_second: int) -> None:
    """Three seconds of sound at once, in packets of 20 or 10 ms, and at once on; again after a
    while. So with a picture of 2 Mb/s in packets of 500 bytes."""
    pauses = [(10 * n, 3 * a_second, 0.0) for n in range(3)]
    live = [(10 * n, 7 * a_second, float(a_second)) for n in range(3)]
    together = [part for pair in zip(pauses, live, strict=True) for part in pair]
    assert all(taken(SOUND, USUAL, times(*together)))
    assert all(taken(PICTURE, USUAL, times((0, 1500, 0), (0, 5000, 500))))


def test_of_a_flood_a_bucket_is_taken_and_what_refills_it() -> None:
    """4000 packets a second for 5 s; a second later the call is heard as before."""
    kept = taken(SOUND, USUAL, times((0, 20_001, 4000), (6, 100, 100)))
    assert sum(kept[:20_001]) == (DEPTH_S + 5 * REFILL) * USUAL.audio
    assert all(kept[20_001:])


@pytest.mark.parametrize(("own_port", "a_second"), [(False, LIMITS.visual), (True, LIMITS.control)])
def test_of_what_may_be_forged_more_is_decrypted(own_port: bool, a_second: int) -> None:
    kept = taken(Source("video", own_port, "encrypted"), LIMITS, [0] * 200)
    assert sum(kept) == UNDECRYPTED * DEPTH_S * a_second


def test_each_call_is_told_once_and_its_place_anew() -> None:
    policer = Policer(ROWS, LIMITS)
    flood = np.zeros(50, np.intp), np.zeros(50, np.int64)
    for _ in range(2):
        policer.admit(PICTURE, *flood)
    assert policer.take_refused() == [(0, "video")]
    policer.admit(PICTURE, *flood)
    assert policer.take_refused() == []
    policer.open(0)
    assert np.count_nonzero(policer.admit(PICTURE, *flood)) == DEPTH_S * LIMITS.visual
    assert policer.take_refused() == [(0, "video")]


def test_what_a_call_sent_that_is_over_is_not_told_of_the_next_in_its_place() -> None:
    policer = Policer(ROWS, LIMITS)
    for row in (0, 1):
        policer.admit(SOUND, np.full(50, row, np.intp), np.zeros(50, np.int64))
    policer.open(0)
    assert policer.take_refused() == [(1, "audio")]


def test_a_clock_that_goes_back_silences_nobody_for_as_long() -> None:
    kept = taken(SOUND, USUAL, times((3600, 10, 100), (0, 1000, 100)))
    assert np.count_nonzero(~np.array(kept)) < DEPTH_S * USUAL.audio
    assert all(kept[-500:])


def test_a_picture_may_have_what_its_rate_needs() -> None:
    """In packets of 500 bytes; at any rate no less than a usual picture has."""
    assert MediaLimits.of(20_000).visual == 20_000 * 1000 / 8 / 500
    assert MediaLimits.of(64).visual == LEAST_VISUAL_A_SECOND
