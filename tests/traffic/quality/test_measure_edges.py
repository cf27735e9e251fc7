"""A listener's packets at the edges: of the clock, of windows and pauses, of a stream, of none."""

from __future__ import annotations

import math
from dataclasses import fields, replace

import numpy as np
import pytest
from numpy.typing import NDArray
from quality_factory import delivered
from traffic_factory import MS, received_log, sent_log

from giaoban.traffic.quality.measure import Trace, interarrival_jitter_ms, measure, trace
from giaoban.traffic.quality.uncertainty import student_t

EVER_NS = 10**18
SECOND_NS = 1000 * MS


def begins_at(sent: NDArray[np.void], first_ns: int) -> NDArray[np.void]:
    """The same packets on another clock."""
    for name in ("leaving_ns", "due_ns"):
        sent[name] += first_ns - sent["due_ns"][0]
    return sent


def test_what_arrives_at_the_clocks_zero_has_arrived() -> None:
    sent = sent_log(3)
    arrival = np.array([0, 20 * MS])
    found = trace(sent, received_log(sent, [0, 2], arrival), 8000)
    assert found.arrived.tolist() == [True, False, True]
    assert found.lost.tolist() == [False, True, False]
    assert found.arrivals.tolist() == [1, 0, 1]
    figures = measure(found, 0, EVER_NS)
    assert (figures.received, figures.missing) == (2, 1)


def test_packets_behind_the_last_that_was_sent_are_nobodys() -> None:
    whole = sent_log(12)
    which = [n for n in range(12) if n != 4]
    arrival = whole["due_ns"][which] + MS
    found = trace(whole[:10], received_log(whole, which, arrival), 8000)
    assert found.unknown == 2
    assert np.flatnonzero(found.lost).tolist() == [4]


def test_of_nothing_every_array_is_empty() -> None:
    jitter = interarrival_jitter_ms(np.empty(0, np.int64), np.empty(0, np.uint32), 8000)
    assert jitter.shape == (0,)
    nothing = trace(sent_log(0), received_log(sent_log(0), [], []), 8000)
    arrays = [
        getattr(nothing, field.name)
        for field in fields(Trace)
        if field.name not in ("unknown", "found", "found_of_sent", "by_itself_ns")
    ]
    assert [array.shape for array in arrays] == [(0,)] * len(arrays)
    assert (nothing.unknown, nothing.duplicates) == (0, 0)


@pytest.mark.parametrize("first_ns", [0, 300 * MS, 999_999_999, 86_400 * SECOND_NS + 700 * MS])
def test_figures_hang_on_no_clock(first_ns: int) -> None:
    """Batches and windows count from where a part begins: two clocks say the same."""

    def on_clock(first_ns: int) -> Trace:
        sent = begins_at(sent_log(1500), first_ns)
        late = np.arange(1500) * 7919 % 1500 * MS // 100
        late[np.arange(1500) // 50 % 10 == 3] += 100 * MS  # every tenth second
        # of others half of a second is lost, from its first packet on
        which = [n for n in range(1500) if n // 50 % 7 != 5 or n % 50 >= 25]
        return trace(sent, received_log(sent, which, (sent["due_ns"] + late)[which]), 8000)

    expected = measure(on_clock(5 * SECOND_NS), 5 * SECOND_NS, EVER_NS)
    assert measure(on_clock(first_ns), first_ns, EVER_NS) == expected


def test_how_far_the_95th_percentile_may_be_off_by_the_method_of_batch_means() -> None:
    """30 s of 50 packets; which of each second are above the percentile, in plain Python."""
    n, share = 1500, 0.95
    late = np.arange(n) * 7919 % n * MS // 100  # every one of 0, 0.01, … 14.99 ms once
    sent = begins_at(sent_log(n), 300 * MS)
    got = measure(
        trace(sent, received_log(sent, range(n), sent["due_ns"] + late), 8000), 0, EVER_NS
    )
    place = share * (n - 1)
    above = [ms > int(place) * MS // 100 for ms in late.tolist()]
    # the first packet is due 300 ms after the start of the part
    batches: dict[int, list[bool]] = {}
    for i, one in enumerate(above):
        batches.setdefault((300 + 20 * i) // 1000, []).append(one)
    off = [sum(each) - sum(above) / n * len(each) for each in batches.values()]
    by_batches = sum(one * one for one in off) * len(off) / (len(off) - 1)
    reach = student_t(len(off) - 1) * math.sqrt(max(by_batches, n * share * (1 - share)))
    assert got.delay_p95_low_ms == pytest.approx(math.floor(place - reach) / 100, abs=1e-9)
    assert got.delay_p95_high_ms == pytest.approx(math.ceil(place + reach) / 100, abs=1e-9)


@pytest.mark.parametrize(
    ("gap_ns", "expected_pct"),
    [
        (SECOND_NS, 100 / (20 * 1999 / 40.96)),  # 1999 steps in 1998 × 20 ms and a second
        (SECOND_NS + 1, 100 / (20 * 1998 / 39.96)),
    ],
)
def test_a_pause_is_where_nothing_is_sent_for_longer_than_a_second(
    gap_ns: int, expected_pct: float
) -> None:
    sent = sent_log(2000)
    sent["due_ns"][1000:] += gap_ns - 20 * MS
    got = measure(delivered(sent, [1400], clock_hz=8000), 0, EVER_NS)
    assert got.missing_pct_20s == pytest.approx(expected_pct, rel=1e-9)


def test_long_times_are_right_to_the_nanosecond() -> None:
    sent = sent_log(60_000)
    missing = range(100, 50_100)  # 1000 s
    got = measure(delivered(sent, missing, delay_ms=90_000, clock_hz=8000), 0, EVER_NS)
    assert got.interruption_ms_max == pytest.approx(1_000_000, abs=1e-6)
    assert got.delay_max_ms == pytest.approx(90_000, abs=1e-6)


def test_what_is_forwarded_is_in_the_order_of_its_times_however_it_was_logged() -> None:
    sent = sent_log(6)
    shuffled = sent[[4, 0, 2, 5, 1, 3]]
    received = received_log(sent, [0, 1, 2, 4, 5], sent["due_ns"][[0, 1, 2, 4, 5]] + MS)
    found = trace(shuffled, received, 8000, forwarded=True)
    assert found.due_ns.tolist() == sent["due_ns"].tolist()
    assert found.arrived.tolist() == [True, True, True, False, True, True]


def test_late_or_damaged_or_not_there_is_missing_each_by_itself() -> None:
    sent = sent_log(4)
    sent["corrupted"][1] = True
    found = replace(delivered(sent, [2], clock_hz=8000), late=np.arange(4) == 3)
    assert found.missing.tolist() == [False, True, True, True]
    figures = measure(found, 0, EVER_NS)
    assert (figures.received, figures.corrupted, figures.late, figures.missing) == (3, 1, 1, 3)
