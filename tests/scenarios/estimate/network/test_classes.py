"""Classes in a router's end of a link, against the same thing done packet by packet."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest
from numpy.typing import NDArray

from giaoban.scenarios.estimate.network.classes import Classes
from giaoban.scenarios.estimate.network.packets import Packets, joined
from giaoban.scenarios.estimate.network.queues import rate_from
from giaoban.topology.lines.qos import Qos, TrafficClass, traffic_classes

MBPS = 2.0
BUFFERS = {
    "control_buffer_packets": 5,
    "voice_buffer_packets": 6,
    "video_buffer_packets": 12,
    "other_buffer_packets": 25,
}
QOS = Qos(scheduling="classes", source="test", **BUFFERS)
VOICE, VIDEO, OTHER = 1, 2, 3


def one_by_one(
    at_ns: list[int], size: list[int], kind: list[int], classes: tuple[TrafficClass, ...]
) -> tuple[list[int], list[bool]]:
    """When each packet's service begins, and which found their class full."""
    began, lost = [0] * len(at_ns), [False] * len(at_ns)
    queues: list[deque[int]] = [deque() for _ in classes]
    turns: deque[int] = deque()
    deficit = [0] * len(classes)
    now, j = 0, 0
    while True:
        while j < len(at_ns) and at_ns[j] <= now:
            k = kind[j]
            if len(queues[k]) >= classes[k].buffer_packets:
                lost[j] = True
            else:
                if not queues[k] and not classes[k].strict:
                    turns.append(k)
                    deficit[k] = classes[k].quantum_bytes
                queues[k].append(j)
            j += 1
        waiting = [k for k, each in enumerate(classes) if each.strict and queues[k]]
        chosen = None
        if waiting:
            chosen = queues[waiting[0]].popleft()
        elif turns:
            while size[queues[turns[0]][0]] > deficit[turns[0]]:
                deficit[turns[0]] += classes[turns[0]].quantum_bytes
                turns.rotate(-1)
            k = turns[0]
            chosen = queues[k].popleft()
            deficit[k] -= size[chosen]
            if not queues[k]:
                turns.popleft()
        elif j < len(at_ns):
            now = at_ns[j]
        else:
            return began, lost
        if chosen is not None:
            began[chosen] = now
            now += round(size[chosen] * 8e3 / MBPS)


def packets(load: float) -> tuple[Packets, NDArray[np.int8]]:
    """Sound, pictures and other traffic at so many times the rate."""
    rng = np.random.default_rng(round(load * 10))
    kind = rng.choice([VOICE, VIDEO, OTHER], 1500, p=[0.3, 0.4, 0.3]).astype(np.int8)
    size = np.where(kind == VOICE, 214, rng.integers(700, 1500, len(kind))).astype(np.int32)
    gaps = rng.exponential(size.mean() * 8e3 / MBPS / load, len(kind))
    n = len(kind)
    flow = kind.astype(np.int32)
    at_ns = np.cumsum(gaps).astype(np.int64)
    return Packets(at_ns, size, flow, np.arange(n)), kind


@pytest.mark.parametrize("load", [0.4, 0.9, 1.4])
@pytest.mark.parametrize("step_ns", [40_000_000, 10**12])
def test_who_is_served_when(load: float, step_ns: int) -> None:
    classes = traffic_classes(QOS)
    queue = Classes(rate_from(0, MBPS, 100.0, 50), 100.0, classes, np.arange(4, dtype=np.int8))
    sent, kind = packets(load)
    began, lost = one_by_one(sent.at_ns.tolist(), sent.size.tolist(), kind.tolist(), classes)
    assert any(lost) == (load > 0.5)
    found, waiting = {}, joined([])
    for start_ns in range(0, int(sent.at_ns[-1]) + 20_000_000_000, step_ns):
        until_ns = start_ns + step_ns
        part = sent.take((sent.at_ns >= start_ns) & (sent.at_ns < until_ns))
        both = joined([waiting, part])
        served, left = queue.serve(both.at_ns, both.size, lambda each=both: each.flow, until_ns)
        waiting = joined([]) if left is None else both.take(left)
        through = both.seq if left is None else np.delete(both.seq, left)
        for number, at_ns, gone in zip(through, served.began_ns, served.lost, strict=True):
            found[int(number)] = None if gone else int(at_ns)
    assert not len(waiting.at_ns)
    assert found == {n: None if lost[n] else began[n] for n in range(len(lost))}
