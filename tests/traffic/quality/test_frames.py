"""Pictures, freezes and lip-sync, against counts by hand and a decoder written here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from quality_factory import delivered, video_log
from traffic_factory import MS, START_NS, sent_log

from giaoban.traffic.quality.frames import frames, measure_frames, spent_until
from giaoban.traffic.quality.lipsync import lip_sync, skew_ms
from giaoban.traffic.quality.measure import Trace

END_NS = START_NS + 10**12
FRAME_MS = 1000 / 30
SECOND_NS = 1000 * MS
FPS = 10


@given(stamps=st.lists(st.integers(0, 6), min_size=1, max_size=40), ordered=st.booleans())
def test_a_frame_is_all_packets_of_a_timestamp_wherever_they_lie(
    stamps: list[int], ordered: bool
) -> None:
    stamps = sorted(stamps) if ordered else stamps
    sent = video_log(len(stamps), 1, [0])
    sent["timestamp"] = stamps
    trace = delivered(sent)
    found, firsts = frames(trace), [stamps.index(stamp) for stamp in dict.fromkeys(stamps)]
    assert found.due_ns.tolist() == trace.due_ns[firsts].tolist()
    assert found.complete_ns.tolist() == [
        trace.arrival_ns[np.array(stamps) == stamp].max() for stamp in dict.fromkeys(stamps)
    ]


@pytest.mark.parametrize(("lost", "freezes"), [(4, 0), (5, 1)])
def test_a_freeze_takes_an_interval_and_150_ms(lost: int, freezes: int) -> None:
    """At 30/s the bound is 183.3 ms: five frames' time is under it, six are above."""
    missing = [2 * f for f in range(10, 10 + lost)]
    found = frames(delivered(video_log(60, 2, range(60)), missing=missing))
    got = measure_frames(found, START_NS, END_NS)
    assert got.freezes == freezes
    assert got.freeze_ms_total == pytest.approx(freezes * (lost + 1) * FRAME_MS)


def test_a_sender_that_waits_does_not_freeze_and_one_cut_off_does() -> None:
    slides = video_log(20, 2, range(20))
    slides["due_ns"][20:] += 5_000 * MS
    assert not len(frames(delivered(slides)).frozen_ns)
    cut = frames(delivered(video_log(60, 2, [0]), missing=range(60, 120)))
    assert np.diff(cut.frozen_ns.reshape(-1)) == pytest.approx([31 * FRAME_MS * MS], rel=1e-3)


@given(
    lost=st.lists(st.booleans(), min_size=1, max_size=80),
    keys=st.lists(st.booleans(), min_size=80, max_size=80),
    cut=st.integers(0, 80),
)
def test_frames_are_those_of_a_decoder_and_windows_add_up(
    lost: list[bool], keys: list[bool], cut: int
) -> None:
    n = len(lost)
    at = [i for i in range(n) if keys[i]]
    found = frames(delivered(video_log(n, 2, at), missing=[2 * i for i in range(n) if lost[i]]))
    works, expected = False, []
    for i in range(n):
        works = not lost[i] and (keys[i] or works)
        expected.append(works)
    assert found.decodable.tolist() == expected
    end = START_NS + (n + 1) * 1_000_000_000 // 30
    middle = min(START_NS + cut * 1_000_000_000 // 30 + 1, end - 1)
    a, b = measure_frames(found, START_NS, middle), measure_frames(found, middle, end)
    whole = measure_frames(found, START_NS, end)
    assert whole.frames == n == sum(expected) + whole.lost + whole.undecodable
    for name in ("frames", "lost", "undecodable", "freeze_ms_total"):
        assert getattr(a, name) + getattr(b, name) == pytest.approx(getattr(whole, name))
    assert 0 <= whole.frozen_pct <= 100
    assert np.all(np.diff(found.frozen_ns.reshape(-1)) >= 0)
    times = np.array([START_NS, middle, end])
    assert np.diff(spent_until(found.frozen_ns, times)) / 1e6 == pytest.approx(
        [a.freeze_ms_total, b.freeze_ms_total]
    )


def arriving(delays_ms: Sequence[float], keys: Sequence[int], missing: Sequence[int] = ()) -> Trace:
    """Frames of one packet each, which takes so long."""
    sent = video_log(len(delays_ms), 1, keys)
    found = delivered(sent, missing)
    arrival = found.due_ns + np.round(np.array(delays_ms) * MS).astype(np.int64)
    return replace(found, arrival_ns=np.where(found.arrival_ns < 0, -1, arrival))


BUFFER_NS = 85 * MS


def test_a_late_frame_is_not_shown_but_others_may_refer_to_it() -> None:
    delays = np.full(60, 10.0)
    delays[[20, 21]] = 95.001
    found = frames(arriving(delays, [0, 45]), BUFFER_NS)
    assert np.flatnonzero(found.late).tolist() == [20, 21]
    assert found.decodable.all()
    assert (found.shown_after_ns == 95 * MS).all()
    got = measure_frames(found, START_NS, END_NS)
    assert (got.frames, got.lost, got.undecodable, got.late) == (60, 0, 0, 2)
    assert got.not_shown_pct == pytest.approx(100 * 2 / 60)
    assert (got.shown_after_ms, got.freezes) == (pytest.approx(95), 0)


def test_frames_that_are_all_late_for_a_while_are_a_freeze() -> None:
    delays = np.full(60, 10.0)
    delays[20:28] = 400
    late = frames(arriving(delays, [0]), BUFFER_NS)
    got = measure_frames(late, START_NS, END_NS)
    assert (got.late, got.freezes) == (8, 1)
    assert got.freeze_ms_total == pytest.approx(9 * FRAME_MS)  # from frame 19 to frame 28
    lost = frames(arriving(np.full(60, 10.0), range(60), missing=range(20, 28)), BUFFER_NS)
    assert late.frozen_ns.tolist() == lost.frozen_ns.tolist()
    assert not lost.late.any()


@given(
    n=st.integers(1, 90),
    seed=st.integers(0, 2**32 - 1),
    jitter_ms=st.integers(0, 300),
    loss=st.sampled_from([0.0, 0.1, 1.0]),
)
def test_every_frame_is_shown_or_one_of_three(
    n: int, seed: int, jitter_ms: int, loss: float
) -> None:
    rng = np.random.default_rng(seed)
    keys = [0, *np.flatnonzero(rng.random(n) < 0.1).tolist()]
    missing = np.flatnonzero(rng.random(n) < loss).tolist()
    stream = arriving((rng.random(n) * jitter_ms).tolist(), keys, missing)
    found = frames(stream, BUFFER_NS)
    at_once = frames(stream)  # nothing is said of a buffer
    assert not at_once.late.any()
    assert not at_once.shown_after_ns.any()
    assert at_once.decodable.tolist() == found.decodable.tolist()
    took_ns = found.complete_ns - found.due_ns
    in_time = ~found.lost & (took_ns <= found.shown_after_ns)
    assert found.late.tolist() == (found.decodable & ~in_time).tolist()
    got = measure_frames(found, START_NS, END_NS)
    shown = int(np.count_nonzero(found.decodable & in_time))
    assert got.frames == n == shown + got.lost + got.undecodable + got.late
    assert got.not_shown_pct == pytest.approx(100 * (n - shown) / n)


def test_lip_sync_is_positive_where_the_picture_is_later() -> None:
    found = frames(delivered(video_log(60, 1, [0]), delay_ms=60))
    sound = delivered(sent_log(100), delay_ms=20, clock_hz=8000)
    got = lip_sync(found, sound, START_NS, END_NS)
    assert got == pytest.approx(40)
    skew = skew_ms(found, sound)
    assert [np.nanmin(skew), np.nanmax(skew)] == pytest.approx([40, 40])
    assert lip_sync(found, sound, 0, START_NS) is None
    silent = delivered(sent_log(100), missing=range(100), clock_hz=8000)
    assert np.isnan(skew_ms(found, silent)).all()


def test_a_freeze_over_the_end_of_a_window_is_as_long_as_it_was() -> None:
    """Half of it lies in each of two windows; it is one freeze, and began in the first."""
    lost = range(25 * 2, 35 * 2)  # ten frames of 30 a second around the end of the first second
    found = frames(delivered(video_log(90, 2, [0, 35]), missing=list(lost)))
    first = measure_frames(found, START_NS, START_NS + 10**9)
    second = measure_frames(found, START_NS + 10**9, START_NS + 2 * 10**9)
    [(start, end)] = found.frozen_ns
    assert first.freeze_ms_max == second.freeze_ms_max == pytest.approx((end - start) / 1e6)
    assert (first.freezes, second.freezes) == (1, 0)
    assert first.freeze_ms_total + second.freeze_ms_total == pytest.approx((end - start) / 1e6)


def test_time_frozen_is_of_the_time_in_which_pictures_were_due() -> None:
    """Who comes late into a window is not seen in all of it."""
    found = frames(delivered(video_log(60, 2, [0, 45]), missing=range(30 * 2, 45 * 2)))
    whole = measure_frames(found, START_NS, START_NS + 2 * 10**9)
    longer = measure_frames(found, START_NS - 6 * 10**9, START_NS + 2 * 10**9)
    assert whole.frozen_pct == pytest.approx(longer.frozen_pct)
    assert whole.frozen_pct == pytest.approx(100 * whole.freeze_ms_total / 2000, abs=0.1)


@given(
    n=st.one_of(st.integers(1, 60), st.integers(250, 400)),
    seed=st.integers(0, 2**32 - 1),
    loss=st.sampled_from([0.0, 0.01, 0.2, 1.0]),
    start_s=st.integers(0, 8),
    length_ms=st.sampled_from([1, 900, 20_000, 20_001, 33_333, 40_000]),
)
@example(n=400, seed=1, loss=0.01, start_s=0, length_ms=40_000)
@example(n=400, seed=2, loss=0.2, start_s=3, length_ms=33_333)
@example(n=400, seed=3, loss=0.2, start_s=0, length_ms=40_000)
def test_the_worst_20_s_of_pictures_are_those_of_all_clips(
    n: int, seed: int, loss: float, start_s: int, length_ms: int
) -> None:
    """Clips a second apart and the last one, frame by frame and millisecond by millisecond."""
    rng = np.random.default_rng(seed)
    keys = [0, *np.flatnonzero(rng.random(n) < 0.05).tolist()]
    missing = np.flatnonzero(rng.random(n) < loss).tolist()
    found = frames(delivered(video_log(n, 1, keys, fps=FPS), missing))
    start, end = START_NS + start_s * SECOND_NS, START_NS + start_s * SECOND_NS + length_ms * MS
    got = measure_frames(found, start, end)
    last = max(start, end - 20 * SECOND_NS)
    worst_bad = worst_still = 0.0
    for begin in [*range(start, last, SECOND_NS), last]:
        until = min(begin + 20 * SECOND_NS, end)
        bad = sum(
            begin <= due < until and not shown
            for due, shown in zip(found.due_ns.tolist(), found.decodable.tolist(), strict=True)
        )
        still = sum(max(0, min(b, until) - max(a, begin)) for a, b in found.frozen_ns.tolist())
        worst_bad, worst_still = max(worst_bad, bad), max(worst_still, still)
    assert got.frozen_pct_worst == pytest.approx(100 * worst_still / (20 * SECOND_NS), abs=1e-6)
    if not got.frames:
        assert got.not_shown_pct_worst is None
    elif n > 1:
        assert got.not_shown_pct_worst == pytest.approx(min(100.0, 100 * worst_bad / (20 * FPS)))
    assert 0 <= got.frozen_pct_worst <= 100
