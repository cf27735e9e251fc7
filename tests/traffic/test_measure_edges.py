"""A listener's packets at the edges: at the clock's zero, and behind the last that was sent."""

from __future__ import annotations

import numpy as np
from traffic_factory import MS, received_log, sent_log

from traffic.measure import trace


def test_what_arrives_at_the_clocks_zero_has_arrived() -> None:
    sent = sent_log(3)
    arrival = np.array([0, 20 * MS])
    found = trace(sent, received_log(sent, [0, 2], arrival), 8000)
    assert found.arrived.tolist() == [True, False, True]
    assert found.lost.tolist() == [False, True, False]
    assert found.arrivals.tolist() == [1, 0, 1]


def test_packets_behind_the_last_that_was_sent_are_nobodys() -> None:
    whole = sent_log(12)
    which = [n for n in range(12) if n != 4]
    arrival = whole["due_ns"][which] + MS
    found = trace(whole[:10], received_log(whole, which, arrival), 8000)
    assert found.unknown == 2
    assert np.flatnonzero(found.lost).tolist() == [4]
