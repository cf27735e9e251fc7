"""What came, by SSRC: against a count packet by packet."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.traffic.generator.receiver import ReceivedStreams, StreamReport, clock_hz
from giaoban.traffic.rtp import Headers


def counted(
    sequences: list[int], cuts: list[int], timestamps: list[int], at_ns: list[int]
) -> StreamReport:
    streams = ReceivedStreams()
    edges = sorted({0, len(sequences), *(cut for cut in cuts if 0 < cut < len(sequences))})
    for begin, end in itertools.pairwise(edges):
        n = end - begin
        headers = Headers(
            valid=np.ones(n, np.bool_),
            marker=np.zeros(n, np.bool_),
            payload_type=np.full(n, 97, np.uint8),
            sequence=(np.array(sequences[begin:end]) & 0xFFFF).astype(np.uint16),
            timestamp=(np.array(timestamps[begin:end]) & 0xFFFFFFFF).astype(np.uint32),
            ssrc=np.ones(n, np.uint32),
        )
        streams.put(headers, np.array(at_ns[begin:end], np.int64), np.full(n, 100))
    [report] = streams.reports()
    return report


@given(
    first=st.integers(0, 2**17),
    steps=st.lists(st.integers(-40, 60), min_size=1, max_size=120),
    cuts=st.lists(st.integers(1, 120), max_size=6),
    seed=st.integers(0, 99),
)
def test_counts_are_those_of_a_plain_count(
    first: int, steps: list[int], cuts: list[int], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    sequences = [first, *(first + int(total) for total in np.cumsum(steps))]
    at_ns = np.cumsum(rng.integers(0, 10**8, len(sequences))).tolist()
    timestamps = [3000 * number for number in sequences]
    report = counted(sequences, cuts, timestamps, at_ns)
    seen: set[int] = set()
    duplicates = reordered = 0
    jitter, jitters, highest = 0.0, [0.0], sequences[0]
    for place, number in enumerate(sequences):
        duplicates += number in seen
        reordered += number not in seen and number < highest
        seen.add(number)
        highest = max(highest, number)
        if place:  # RFC 3550 appendix A.8
            before = place - 1
            transit = (at_ns[place] - at_ns[before]) * 90e-6
            change = abs(transit - (timestamps[place] - timestamps[before]))
            jitter += (change - jitter) / 16
            jitters.append(jitter)
    assert report.packets == len(sequences)
    assert report.duplicates == duplicates
    assert report.reordered == reordered
    assert report.lost == max(seen) - min(seen) + 1 - len(seen)
    assert report.jitter_ms == pytest.approx(jitter / 90, abs=1e-6)
    assert report.jitter_mean_ms == pytest.approx(np.mean(jitters) / 90, abs=1e-6)
    assert report.jitter_max_ms == pytest.approx(max(jitters) / 90, abs=1e-6)


def test_a_long_gap_is_a_loss_and_numbers_wrap() -> None:
    sequences = [*range(1000), *range(21_000, 150_000, 10_000)]
    report = counted(sequences, [7], [0] * len(sequences), list(range(len(sequences))))
    assert report.lost == sequences[-1] + 1 - len(sequences)


def test_static_payload_types_have_the_clock_of_sound() -> None:
    assert [clock_hz(kind) for kind in (0, 8, 9, 18, 26, 96, 97)] == [8000] * 4 + [90_000] * 3


def test_what_is_no_rtp_or_of_too_many_sources_is_strange() -> None:
    streams = ReceivedStreams(most=130)
    assert streams.reports() == []
    n = 400
    headers = Headers(
        valid=np.arange(n) != 7,
        marker=np.zeros(n, np.bool_),
        payload_type=np.where(np.arange(n) % 2, 0, 97).astype(np.uint8),
        sequence=(np.arange(n) // 200).astype(np.uint16),
        timestamp=np.zeros(n, np.uint32),
        ssrc=(np.arange(n) % 200).astype(np.uint32),
    )
    streams.put(headers, np.arange(n) * 10**6, np.full(n, 100))
    reports = streams.reports()
    assert [report.ssrc for report in reports] == list(range(130))
    assert {report.packets for report in reports if report.ssrc != 7} == {2}
    assert [r.packets for r in reports if r.ssrc == 7] == [1]
    assert (streams.packets, streams.strange) == (259, 141)
    # 200 ms apart with the same timestamp: |D| is 200 ms, J a sixteenth of it, by either clock
    assert reports[0].jitter_ms == pytest.approx(12.5)
    assert reports[1].jitter_ms == pytest.approx(12.5)
    assert reports[1].kbps == pytest.approx(2 * 100 * 8 / 0.2 / 1e3)
