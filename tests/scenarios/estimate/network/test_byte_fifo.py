"""Queues that count bytes: packet by packet as the rules say, in whatever parts they come."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenario_factory import NORTH, scenario

from giaoban.scenarios.estimate.limits import reasons
from giaoban.scenarios.estimate.network.byte_fifo import ByteFifo
from giaoban.scenarios.estimate.network.queues import rate_from
from giaoban.scenarios.plan.question import make_question

BYTES_A_SECOND = 250_000
MBPS, DELAY_US, CREDIT_NS = BYTES_A_SECOND / 125_000, 300.0, 5120


def by_the_rules(packets: list[tuple[int, int]], buffer_bytes: int) -> list[int | None]:
    """When each is at the far end, None if it is lost: a token bucket that may go into debt lets
    packets go, a line sends what it lets go; what has not been let go waits."""
    waiting: list[tuple[int, int]] = []
    found: list[int | None] = []
    tokens_ns, told_ns, last_goes, free_ns = CREDIT_NS, 0, 0, 0
    for now_ns, size in packets:
        waiting = [each for each in waiting if each[0] > now_ns]
        if sum(octets for _, octets in waiting) + size > buffer_bytes:
            found.append(None)
            continue
        goes = max(now_ns, last_goes)
        if tokens_ns + (goes - told_ns) < 0:
            goes = told_ns - tokens_ns
        tokens_ns = min(CREDIT_NS, tokens_ns + goes - told_ns)
        tokens_ns, told_ns, last_goes = tokens_ns - size * 10**9 // BYTES_A_SECOND, goes, goes
        waiting.append((goes, size))
        free_ns = max(goes, free_ns) + size * 10**9 // BYTES_A_SECOND
        found.append(free_ns + round(DELAY_US * 1000) + 1)
    return found


@given(
    seed=st.integers(0, 2**32 - 1),
    load=st.floats(0.2, 3.0),
    buffer_bytes=st.integers(1514, 12_000),
    splits=st.lists(st.floats(0, 1), max_size=4),
)
@settings(deadline=None)
def test_every_packet_fares_as_the_rules_say(
    seed: int, load: float, buffer_bytes: int, splits: list[float]
) -> None:
    rng = np.random.default_rng(seed)
    size = rng.integers(60, 1515, 200).astype(np.int32)
    gaps = rng.exponential(787 * 1e9 / BYTES_A_SECOND / load, len(size)).astype(np.int64)
    came = 10**6 + np.cumsum(np.maximum(gaps, 1))
    queue = ByteFifo(rate_from(0, MBPS, DELAY_US, 2), DELAY_US, buffer_bytes)
    edges = [0, *sorted(round(split * len(size)) for split in splits), len(size)]
    found: list[int | None] = []
    for a, b in pairwise(edges):
        served = queue.serve(came[a:b], size[a:b])
        found += [
            None if lost else out
            for lost, out in zip(served.lost.tolist(), served.out_ns.tolist(), strict=True)
        ]
    packets = list(zip(came.tolist(), size.tolist(), strict=True))
    assert found == by_the_rules(packets, buffer_bytes)
    alone = ByteFifo(rate_from(0, MBPS, DELAY_US, 2), DELAY_US, buffer_bytes)
    one_by_one = [alone.serve_one(*packet) for packet in packets]
    assert [None if one is None else one[1] for one in one_by_one] == found


DROP = '[[fault]]\nkind = "rate-drop"\nlink = "access-north"\nrate_mbps = 2.0\nat_s = 2.0\n'
BOTTLENECK = '[[impairment]]\nlink = "access-north"\nrate = { kbps = 2000 }\ndirection = "{}"\n'
CLASSES = '[qos]\nscheduling = "classes"\nsource = "test"\n'


@pytest.mark.parametrize(
    ("buffer", "more", "refused"),
    [
        ({}, DROP, False),
        ({"buffer_packets": None, "buffer_ms": 50.0}, "", False),
        ({"buffer_packets": None, "buffer_ms": 50.0}, DROP, True),
        ({"buffer_packets": None, "buffer_bytes": 9000}, BOTTLENECK.replace("{}", "up"), True),
        ({}, CLASSES + BOTTLENECK.replace("{}", "down"), True),
        ({}, CLASSES + BOTTLENECK.replace("{}", "up"), False),  # the host's end has no classes
    ],
)
def test_what_waits_while_the_rate_changes_is_not_estimated_where_htb_charges_it(
    tmp_path: Path, buffer: dict[str, object], more: str, refused: bool
) -> None:
    bridge = {key: value for key, value in {**NORTH, **buffer}.items() if value is not None}
    question = make_question(scenario(tmp_path / "s.toml", bridges=(bridge,), more=more))
    found = reasons(question.plan)
    assert len(found) == refused
    assert all("access link of Bắc: packets that wait while its rate changes" in e for e in found)
