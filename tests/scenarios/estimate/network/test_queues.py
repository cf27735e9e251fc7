"""A link's queue whose rate and buffer change in time, against exact fractions and plain counting.

Nothing of the code under test is used to say what is right: the limit, the service and the way are
worked out here from netem's rules (a packet is taken unless the queue holds its limit, packets on
the fibre among them; it is served at the rate that held when it came).
"""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from giaoban.scenarios.estimate.network import queues
from giaoban.scenarios.estimate.network.queues import Batch, BatchedFifo, Fifo, rate_from
from tests.laws import examples

FRAME = 12 + 1200 + 28 + 14
"""RTP header, payload, UDP and IP, Ethernet: bytes by which a fibre's packets are counted."""


class Line(NamedTuple):
    """What a link is from a moment on: ns, Mb/s as a fraction, packets."""

    from_ns: int
    mbps: Fraction
    buffer: int


class Fate(NamedTuple):
    """When a packet's service began and when it was at the far end; None: it was lost."""

    began_ns: int
    out_ns: int


def limit_of(line: Line, delay_us: int) -> int:
    """The buffer and as many full packets as the fibre holds."""
    return line.buffer + round(Fraction(delay_us) * line.mbps / 8 / FRAME)


def fates(lines: list[Line], delay_us: int, packets: list[tuple[int, int]]) -> list[Fate | None]:
    """Packet by packet: who came before and is not through yet is in the queue."""
    found: list[Fate | None] = []
    inside: list[int] = []
    served_ns = 0
    for now_ns, size in packets:
        line = [line for line in lines if line.from_ns <= now_ns or line is lines[0]][-1]
        inside = [out_ns for out_ns in inside if out_ns > now_ns]
        if len(inside) >= limit_of(line, delay_us):
            found.append(None)
            continue
        began_ns = max(now_ns, served_ns)
        # whole bytes a second and whole nanoseconds, as net/sched/sch_netem.c divides
        served_ns = began_ns + size * 10**9 // round(line.mbps * 125_000)
        # 1 ns until the kernel's timer has let it go
        inside.append(served_ns + delay_us * 1000 + 1)
        found.append(Fate(began_ns, inside[-1]))
    return found


def compare(
    lines: list[Line], delay_us: int, packets: list[tuple[int, int]], parts: list[int]
) -> list[Fate | None]:
    """Serve packets in so large parts, and look at each."""
    rates = [rate_from(o.from_ns, float(o.mbps), float(delay_us), o.buffer) for o in lines]
    queue = Fifo(rates, float(delay_us))
    came = np.array([at for at, _ in packets], np.int64)
    size = np.array([octets for _, octets in packets], np.int32)
    edges = [0, *parts, len(packets)]
    served = [queue.serve(came[a:b], size[a:b]) for a, b in itertools.pairwise(edges)]
    lost, began, out = (
        np.concatenate([getattr(s, name) for s in served]).tolist()
        for name in ("lost", "began_ns", "out_ns")
    )
    expected = fates(lines, delay_us, packets)
    assert lost == [fate is None for fate in expected]
    kept = [n for n, fate in enumerate(expected) if fate is not None]
    assert [Fate(began[n], out[n]) for n in kept] == [expected[n] for n in kept]
    return expected


MBPS = [Fraction(1, 3), Fraction(4, 5), Fraction(2), Fraction(5, 2), Fraction(10), Fraction(100)]
times = st.lists(
    st.tuples(st.sampled_from(MBPS), st.sampled_from([1, 2, 7, 40, 300])), min_size=1, max_size=5
)


@settings(max_examples=examples(80))
@given(
    seed=st.integers(0, 2**31),
    lines=times,
    delay_us=st.sampled_from([0, 5, 190, 3000]),
    bursts=st.lists(st.tuples(st.integers(1, 900), st.floats(0.1, 4.0)), min_size=1, max_size=6),
    splits=st.lists(st.floats(0, 1), max_size=4),
)
def test_every_packet_fares_as_the_rules_say(
    seed: int,
    lines: list[tuple[Fraction, int]],
    delay_us: int,
    bursts: list[tuple[int, float]],
    splits: list[float],
) -> None:
    """Rates change while the queue is empty, filling, full and on the fibre."""
    rng = np.random.default_rng(seed)
    load = np.repeat([load for _, load in bursts], [count for count, _ in bursts])
    middle = float(sorted(mbps for mbps, _ in lines)[len(lines) // 2])
    gaps = rng.exponential(650 * 8e3 / middle / load)
    # some come at the same moment
    at_ns = np.cumsum(np.where(rng.random(len(load)) < 0.2, 0, gaps)).astype(np.int64)
    size = rng.integers(60, FRAME + 1, len(load))
    changes = sorted(rng.integers(0, int(at_ns[-1]) + 2, len(lines) - 1).tolist())
    dated = [Line(from_ns, *line) for from_ns, line in zip([0, *changes], lines, strict=True)]
    packets = list(zip(at_ns.tolist(), size.tolist(), strict=True))
    compare(dated, delay_us, packets, sorted(round(s * len(packets)) for s in splits))


@pytest.mark.parametrize("later_ns", [0, 1])
def test_the_rate_that_holds_is_that_of_the_moment_a_packet_comes(later_ns: int) -> None:
    """A change counts from its own nanosecond on."""
    lines = [Line(0, Fraction(8), 9), Line(1000, Fraction(16), 9)]
    packets = [(999 + later_ns, 1000), (5_000_000, 1000)]
    first, second = compare(lines, 0, packets, [])
    assert first.out_ns - first.began_ns == (500_001 if later_ns else 1_000_001)
    assert second.out_ns - second.began_ns == 500_001


def test_a_change_goes_on_from_one_part_to_the_next() -> None:
    """The queue fills at 2 Mb/s; at 10 Mb/s what is in it is served as it was begun."""
    lines = [Line(0, Fraction(2), 4), Line(2_000_000, Fraction(10), 2)]
    packets = [(n * 400_000, 500) for n in range(24)]
    whole = compare(lines, 190, packets, [])
    for split in range(25):
        assert compare(lines, 190, packets, [split]) == whole
    assert any(fate is None for fate in whole)
    assert any(fate is not None for fate in whole[12:])


@pytest.mark.parametrize("smaller", [0, 1, 2])
def test_the_smallest_buffer_of_all_times_is_minded(smaller: int) -> None:
    """A short burst that fits at two of three times, not at the third."""
    lines = [Line(n * 10_000_000, Fraction(10), 3 if n == smaller else 30) for n in range(3)]
    packets = [(n * 10_000_000 + 1000 * k, 1000) for n in range(3) for k in range(6)]
    lost = [n // 6 for n, fate in enumerate(compare(lines, 0, packets, [])) if fate is None]
    assert lost == [smaller] * 3


@pytest.mark.parametrize("faster", [0, 1, 2])
def test_the_fastest_rate_of_all_times_is_minded(faster: int) -> None:
    """Short packets at the fastest rate: so many find the queue full in so short a time."""
    lines = [
        Line(n * 1_000_000_000, Fraction(100) if n == faster else Fraction(1, 3), 5)
        for n in range(3)
    ]
    packets = [(n * 1_000_000_000 + 100 * k, 60) for n in range(3) for k in range(9)]
    assert [n for n, fate in enumerate(compare(lines, 0, packets, [])) if fate is None] == [
        *range(5, 9),
        *range(14, 18),
        *range(23, 27),
    ]


@pytest.mark.parametrize("fast_first", [True, False])
@pytest.mark.parametrize("times", [2, 3])
def test_a_burst_at_the_fastest_rate_alone(times: int, fast_first: bool) -> None:
    """Nothing comes while the line is slow, so nothing waits long: the queue is full anyway."""
    rates = [Fraction(100), *[Fraction(1, 3)] * (times - 1)]
    lines = [
        Line(n * 1_000_000, mbps, 5)
        for n, mbps in enumerate(rates if fast_first else reversed(rates))
    ]
    at_ns = 0 if fast_first else (times - 1) * 1_000_000
    packets = [(at_ns + 100 * k, 60) for k in range(9)]
    lost = [n for n, fate in enumerate(compare(lines, 0, packets, [])) if fate is None]
    assert lost == [5, 6, 7, 8]


@pytest.mark.parametrize("full_before", [True, False])
@pytest.mark.parametrize("split", [0, 1, 2, 3])
def test_who_comes_when_another_is_just_through_finds_its_place_free(
    full_before: bool, split: int
) -> None:
    """1,000 bytes at 8 Mb/s take 1 ms, and 1 ns to be let go; the queue holds one."""
    packets = [(0, 1000), (1_000_001, 1000), (2_000_001, 1000), (2_000_002, 1000)]
    if full_before:
        packets.insert(1, (1, 1000))
    found = compare([Line(0, Fraction(8), 1)], 0, packets, [split])
    taken = [at for (at, _), fate in zip(packets, found, strict=True) if fate is not None]
    assert taken == [0, 1_000_001, 2_000_002]


def test_nothing_comes() -> None:
    queue = Fifo([rate_from(0, 2.0, 190.0, 5)], 190.0)
    served = queue.serve(np.zeros(0, np.int64), np.zeros(0, np.int32))
    parts = served.came_ns, served.began_ns, served.out_ns, served.lost
    assert [len(part) for part in parts] == [0, 0, 0, 0]


def test_many_are_looked_at_one_by_one_and_many_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """With steps so small that each of them ends in the middle of something."""
    rng = np.random.default_rng(3)
    at_ns = np.cumsum(rng.exponential(500_000, 700)).astype(np.int64)
    packets = list(zip(at_ns.tolist(), rng.integers(60, 1255, 700).tolist(), strict=True))
    lines = [Line(0, Fraction(10), 6), Line(int(at_ns[350]), Fraction(5), 12)]
    whole = compare(lines, 190, packets, [])
    assert 10 < sum(fate is None for fate in whole) < 500
    for name, small in (("RESUMED", 3), ("BLOCK", 2), ("LEAST_LOOKED_AT", 1)):
        monkeypatch.setattr(queues, name, small)
        assert compare(lines, 190, packets, [100, 101, 650]) == whole


def test_what_a_fibre_holds_is_in_the_limit() -> None:
    """1 ms at 100 Mb/s are 12,500 bytes, ten full packets; 100 ms are 996.8 of 1,254 bytes."""
    assert rate_from(0, 100.0, 1000.0, 50).limit == 60
    assert rate_from(0, 100.0, 100_000.0, 0).limit == 997
    assert rate_from(7, 2.0, 190.0, 5).limit == 5


@settings(max_examples=examples(60))
@given(
    seed=st.integers(0, 2**31),
    buffer=st.sampled_from([1, 3, 10, 40, 300]),
    load=st.floats(0.1, 1.5),
    splits=st.lists(st.floats(0, 1), max_size=3),
)
def test_a_limit_within_bounds_changes_nothing(
    seed: int, buffer: int, load: float, splits: list[float]
) -> None:
    """What a queue says of other limits (`equivalent`) holds for each of them, and none is left out
    where every place was counted."""
    line = Line(0, Fraction(10), buffer)
    rng = np.random.default_rng(seed)
    at_ns = np.cumsum(rng.exponential(650 * 8e3 / 10 / load, 400)).astype(np.int64)
    packets = list(zip(at_ns.tolist(), rng.integers(60, FRAME + 1, 400).tolist(), strict=True))
    came, size = (np.array(column) for column in zip(*packets, strict=True))
    edges = [0, *sorted(round(s * len(packets)) for s in splits), len(packets)]
    queue = Fifo([rate_from(0, 10.0, 0.0, buffer)], 0.0)
    batched = BatchedFifo([rate_from(0, 10.0, 0.0, buffer)], [0.0])
    lost = False
    for a, b in itertools.pairwise(edges):
        some = bool(queue.serve(came[a:b], size[a:b].astype(np.int32)).lost.any())
        lost |= some
        if a < b:
            one = np.zeros(1, np.intp)
            through = batched.serve(Batch(came[a:b], size[a:b].astype(np.int32), one, one))
            assert (through.lost is not None) == some
    expected = fates([line], 0, packets)
    least, highest = queue.equivalent
    for limit in {least, min(highest, 2 * buffer), min(highest, max(least, buffer))}:
        assert fates([line._replace(buffer=limit)], 0, packets) == expected
    if lost:
        assert (least, highest) == (buffer, buffer)
        assert batched.equivalent == [(buffer, buffer)]
    else:
        [(room, _)] = batched.equivalent
        assert fates([line._replace(buffer=room)], 0, packets) == expected


def test_of_a_queue_whose_rate_changes_no_other_limit_is_known() -> None:
    queue = Fifo([rate_from(0, 10.0, 0.0, 100), rate_from(5, 5.0, 0.0, 100)], 0.0)
    queue.serve(np.array([1, 7]), np.array([FRAME, FRAME], np.int32))
    least, highest = queue.equivalent
    assert least > highest
