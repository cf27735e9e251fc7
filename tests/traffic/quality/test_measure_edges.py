"""A listener's packets at the edges: of the clock, of windows and pauses, of a stream, of none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from quality_factory import delivered
from traffic_factory import MS, received_log, sent_log

from giaoban.traffic.quality.measure import measure, trace
from giaoban.traffic.quality.uncertainty import student_t

EVER_NS = 10**18
SECOND_NS = 1000 * MS


def begins_at(sent: NDArray[np.void], first_ns: int) -> NDArray[np.void]:
    """The same packets on another clock."""
    for name in ("leaving_ns", "due_ns"):
        sent[name] += first_ns - sent["due_ns"][0]
    return sent


def test_packets_behind_the_last_that_was_sent_are_nobodys() -> None:
    whole = sent_log(12)
    which = [n for n in range(12) if n != 4]
    arrival = whole["due_ns"][which] + MS
    found = trace(whole[:10], received_log(whole, which, arrival), 8000)
    assert found.unknown == 2
    assert np.flatnonzero(found.lost).tolist() == [4]


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


def test_what_is_forwarded_is_in_the_order_of_its_times_however_it_was_logged() -> None:
    sent = sent_log(6)
    shuffled = sent[[4, 0, 2, 5, 1, 3]]
    received = received_log(sent, [0, 1, 2, 4, 5], sent["due_ns"][[0, 1, 2, 4, 5]] + MS)
    found = trace(shuffled, received, 8000, forwarded=True)
    assert found.due_ns.tolist() == sent["due_ns"].tolist()
    assert found.arrived.tolist() == [True, True, True, False, True, True]
