"""Reception statistics against the RFC's own code, packet by packet."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.traffic.receiver import statistics
from giaoban.traffic.receiver.statistics import ReceptionBank
from giaoban.traffic.rtp import Headers
from tests.traffic.receiver.rfc3550 import Source

MS = 1_000_000
CLOCK_HZ = 90_000
ROWS = 3


class Sources:
    """One row's source after another."""

    def __init__(self) -> None:
        self.current: Source | None = None
        self.count = 0

    def put(self, ssrc: int, seq: int, timestamp: int, arrival_ns: int) -> bool:
        if self.current is None or self.current.ssrc != ssrc:
            self.current = Source(ssrc, seq, CLOCK_HZ)
            self.count += 1
        return self.current.put(seq, timestamp, arrival_ns)


def headers(
    sequences: list[int], timestamps: list[int], ssrcs: list[int], valid: list[bool] | None = None
) -> Headers:
    n = len(sequences)
    return Headers(
        valid=np.ones(n, np.bool_) if valid is None else np.array(valid, np.bool_),
        marker=np.zeros(n, np.bool_),
        payload_type=np.full(n, 96, np.uint8),
        sequence=np.array([s % 2**16 for s in sequences], np.uint16),
        timestamp=np.array([t % 2**32 for t in timestamps], np.uint32),
        ssrc=np.array(ssrcs, np.uint32),
    )


def bank(rows: int = ROWS) -> ReceptionBank:
    made = ReceptionBank(rows, CLOCK_HZ)
    for row in range(rows):
        made.open(row)
    return made


def put(
    to: ReceptionBank, sequences: list[int], *, row: int = 0, ssrc: int = 5, start_ms: int = 0
) -> list[bool]:
    """Packets of one row, 20 ms apart in timestamp and arrival."""
    n = len(sequences)
    arrival = (start_ms + 20 * np.arange(n)) * MS
    stamps = [1800 * s for s in sequences]
    rows = np.full(n, row)
    belongs = to.put(rows, headers(sequences, stamps, [ssrc] * n), arrival)
    return [bool(one) for one in belongs]


# --------------------------------------------------------------------------------- the RFC's law

JUMPS = [-40_000, -32_768, -3000, -101, -100, -99, -1, 0, 1, 2, 2999, 3000, 3001, 32_767, 65_436]


@st.composite
def arrivals(draw: st.DrawFn) -> list[tuple[int, int, int, int, int]]:
    """(row, ssrc, sequence, timestamp, arrival) of packets lost, late, double, jumping, renamed."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(1, 400))
    calm = draw(st.booleans())  # no jumps and new sources: all goes the fast way
    loss, late, twice = (draw(st.sampled_from([0, 0.02, 0.3])) for _ in range(3))
    jump, renamed = (0, 0) if calm else (draw(st.sampled_from([0, 0.01, 0.2])) for _ in range(2))
    sequence = rng.choice([0, 65_400, 65_535, 30_000], ROWS)
    ssrc, stamp = rng.integers(0, 2**32, ROWS), rng.integers(0, 2**32, ROWS)
    out, now = [], int(rng.integers(0, 2**60))
    for _ in range(n):
        row = int(rng.integers(0, ROWS))
        if rng.random() < renamed:
            ssrc[row] = rng.integers(0, 2)
        if rng.random() < jump:
            sequence[row] += rng.choice(JUMPS)
        sequence[row] += 1
        stamp[row] += rng.integers(0, 4000)
        now += int(rng.integers(0, 30 * MS))
        if rng.random() < loss:
            continue
        back = int(rng.integers(1, 120)) if rng.random() < late else 0
        packet = (row, int(ssrc[row]), int(sequence[row]) - back, int(stamp[row]), now)
        out += [packet] * (2 if rng.random() < twice else 1)
    return out


@given(
    arrivals(),
    st.lists(st.integers(1, 200), min_size=1, max_size=6),
    st.booleans(),
    st.integers(1, 50),
)
def test_every_packet_is_counted_as_in_the_rfcs_code(
    packets: list[tuple[int, int, int, int, int]], sizes: list[int], reports: bool, looks: int
) -> None:
    """However many come at a time, and however seldom (every `looks` times) anybody looks."""
    found, expected = bank(), [Sources() for _ in range(ROWS)]
    at = times = 0
    while at < len(packets):
        part = packets[at : at + sizes[at % len(sizes)]]
        at += len(part)
        rows, ssrcs, sequences, stamps, arrival = (
            list(column) for column in zip(*part, strict=True)
        )
        belongs = found.put(
            np.array(rows), headers(sequences, stamps, ssrcs), np.array(arrival, np.int64)
        )
        wanted = [
            expected[row].put(ssrc, seq % 2**16, stamp % 2**32, when - packets[0][4])
            for row, ssrc, seq, stamp, when in part
        ]
        assert belongs.tolist() == wanted
        times += 1
        for row in range(ROWS) if times % looks == 0 or at >= len(packets) else ():
            assert_same(found, row, expected[row], reports)


def test_what_nobody_looks_at_is_counted_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "MOST_UNCOUNTED", 5)
    found = bank()
    for first in range(0, 40, 4):
        assert put(found, [*range(first, first + 4)], start_ms=20 * first) == [True] * 4
        assert len(found._uncounted) <= 2
    assert (found.received[0], found.lost[0]) == (40, 0)


def assert_same(found: ReceptionBank, row: int, expected: Sources, reports: bool) -> None:
    source = expected.current
    assert found.sources[row] == expected.count
    if source is None:
        assert not found.heard[row]
        assert found.report(row) is None
        return
    assert found.ssrc[row] == source.ssrc
    assert found.received[row] == source.received
    assert found.expected[row] == source.cycles + source.max_seq - source.base_seq + 1
    assert found.lost[row] == found.expected[row] - source.received
    assert found.duplicates[row] == source.duplicates
    assert found.reordered[row] == source.reordered
    assert found.jitter[row] == pytest.approx(source.jitter, rel=1e-9, abs=1e-5)
    if reports:
        block, wanted = found.report(row), source.report()
        assert abs(block.jitter - wanted.jitter) <= 1
        assert (block.ssrc, block.fraction_lost, block.cumulative_lost, block.highest_sequence) == (
            wanted.ssrc,
            wanted.fraction_lost,
            wanted.cumulative_lost,
            wanted.highest_sequence,
        )


# ------------------------------------------------------------------------------ known sequences


def test_what_is_not_of_an_open_row_or_not_rtp_does_not_count() -> None:
    found = bank()
    put(found, [1], row=1)
    found.close(1)
    given = headers([1, 2, 9, 3], [0, 0, 0, 0], [5, 5, 5, 5], [True, True, False, True])
    belongs = found.put(np.array([0, 1, 0, 2]), given, np.zeros(4, np.int64))
    assert belongs.tolist() == [True, False, False, True]
    assert found.received.tolist() == [1, 1, 1]
    assert found.put(np.empty(0, np.int64), headers([], [], []), np.empty(0, np.int64)).shape == (
        0,
    )


def test_a_row_that_is_opened_again_begins_with_nothing() -> None:
    found = bank()
    put(found, [7, 9, 9])
    found.close(0)
    assert (found.received[0], found.duplicates[0]) == (3, 1)  # still to be read
    found.open(0)
    assert found.report(0) is None
    assert (found.received[0], found.expected[0], found.lost[0], found.sources[0]) == (0, 0, 0, 0)
    put(found, [7, 8])
    assert (found.received[0], found.duplicates[0], found.sources[0]) == (2, 0, 1)
