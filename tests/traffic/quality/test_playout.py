"""What comes too late for a playout buffer, against one that is run packet by packet."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from quality_factory import delivered
from traffic_factory import MS, sent_log

from giaoban.traffic.quality.measure import Trace, measure
from giaoban.traffic.quality.playout import PATIENCE, SURPLUS_NS, Playout, heard, playout

BUFFER_NS = 40 * MS


def packet_by_packet(
    delay_ns: list[int], came: list[bool], buffer_ns: int
) -> tuple[list[int], list[bool]]:
    """The same buffer as an endpoint runs it, one packet after another."""
    coming = [d for d, c in zip(delay_ns, came, strict=True) if c]
    least = min(coming[:PATIENCE], default=0)
    after, late = [], []
    behind = ahead = seen = 0
    for delay, is_there in zip(delay_ns, came, strict=True):
        if is_there:
            too_late, too_soon = delay > least + buffer_ns, delay < least - SURPLUS_NS
            if (too_late and behind == PATIENCE) or (too_soon and ahead == PATIENCE):
                least = min(coming[seen : seen + PATIENCE])
                behind = ahead = 0
                too_late, too_soon = delay > least + buffer_ns, delay < least - SURPLUS_NS
            behind = behind + 1 if too_late else 0
            ahead = ahead + 1 if too_soon else 0
            seen += 1
        after.append(least + buffer_ns if coming else buffer_ns)
        late.append(is_there and delay > least + buffer_ns)
    return after, late


def of_ms(delays: list[float], buffer_ns: int = BUFFER_NS) -> Playout:
    """What becomes of packets that all come."""
    delay_ns = np.array(np.round(np.array(delays) * MS), np.int64)
    return playout(delay_ns, np.ones(len(delays), np.bool_), buffer_ns)


stretch = st.tuples(
    st.sampled_from([0, 10, 39, 60, 150, 199, 260, 500]),  # ms more than before
    st.integers(1, 60),  # packets
    st.sampled_from([0, 3, 45, 300]),  # ms of jitter
)


@given(
    stretches=st.lists(stretch, max_size=6),
    seed=st.integers(0, 2**32 - 1),
    loss=st.sampled_from([0.0, 0.1, 0.6, 1.0]),
    buffer_ms=st.sampled_from([0, 40, 85]),
)
def test_it_is_what_a_buffer_does_packet_by_packet(
    stretches: list[tuple[int, int, int]], seed: int, loss: float, buffer_ms: int
) -> None:
    rng = np.random.default_rng(seed)
    delays = np.concatenate(
        [
            np.empty(0, np.int64),
            *(level * MS + rng.integers(0, jitter * MS + 1, n) for level, n, jitter in stretches),
        ]
    )
    came = rng.random(len(delays)) >= loss
    got = playout(delays, came, buffer_ms * MS)
    after, late = packet_by_packet(delays.tolist(), came.tolist(), buffer_ms * MS)
    assert got.after_ns.tolist() == after
    assert got.late.tolist() == late
    # what is lost is not late; what is played was there in time
    assert not (got.late & ~came).any()
    played = came & ~got.late
    assert (delays[played] <= got.after_ns[played]).all()
    assert (delays[got.late] > got.after_ns[got.late]).all()


@pytest.mark.parametrize(("n", "late"), [(PATIENCE, PATIENCE), (PATIENCE + 40, PATIENCE)])
def test_a_way_that_became_longer_is_followed_after_half_a_second(n: int, late: int) -> None:
    got = of_ms([10] * 50 + [100] * n)
    assert int(got.late.sum()) == late
    assert got.after_ns[49] == 50 * MS
    assert (got.after_ns[50 + PATIENCE :] == 140 * MS).all()


@pytest.mark.parametrize(("surplus_ms", "shortened"), [(200, False), (200.001, True)])
def test_a_buffer_that_holds_too_much_is_shortened(surplus_ms: float, shortened: bool) -> None:
    got = of_ms([300] * 50 + [300 - surplus_ms] * 60)
    assert not got.late.any()
    expected = 300 - surplus_ms + 40 if shortened else 340
    assert (got.after_ns[50 + PATIENCE :] == round(expected * MS)).all()
    assert (got.after_ns[: 50 + PATIENCE] == 340 * MS).all()


def arriving(delays_ms: NDArray[np.float64], **fields: list[int]) -> Trace:
    """A stream of sound whose packets take so long."""
    sent = sent_log(len(delays_ms))
    for name, where in fields.items():
        sent[name][where] = True
    found = delivered(sent, clock_hz=8000)
    arrival = found.due_ns + np.round(delays_ms * MS).astype(np.int64)
    return heard(replace(found, arrival_ns=arrival), BUFFER_NS)


def test_what_comes_late_is_received_but_missing() -> None:
    delays = np.full(100, 10.0)
    delays[[3, 50, 51]] = 50.001
    found = arriving(delays, corrupted=[51, 60])
    got = measure(found, 0, 10**12)
    # a damaged packet is damaged, whether it came in time or not
    assert (got.received, got.corrupted, got.late, got.missing) == (100, 2, 2, 4)
    assert got.missing_pct == pytest.approx(4)
    assert (got.loss_burst_max, got.interruptions) == (2, 3)
    assert found.missing.tolist() == (found.late | found.corrupted).tolist()
    assert (found.played_after_ns == 50 * MS).all()
    assert got.delay_p95_ms == pytest.approx(10)  # they came: their delay counts
